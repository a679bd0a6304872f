"""Runs: what was approved is what is done, once, under lease and stop; cut off runs are ended and closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.capability import Risk, Undo
from core.errors import InvalidError, UnknownError, sentence_of
from core.execution import Executor, Operator, Rehearsal
from core.host_change import Changed, FileWrite, ProcessSignal
from core.inventory import HostEntry, Inventory, Mode
from core.origin import Origin, Value
from core.proposal import Choices, Proposal, Tier
from core.recovery import CUT_OFF
from core.skill import HostError
from core.skill_manifest import Skill, SkillState
from core.world import Process
from tests.core.run_kit import LOGS, skill_of
from tests.fakes.host import FakeHost, FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.store import FakeStore

CLEAN = """def run(host: Host, directory: str) -> Outcome:
    old = [file for file in host.list(directory) if file.name.endswith(".1")]
    freed = sum(host.delete(file.path) for file in old)
    return Outcome(ok=bool(old), summary=f"deleted {len(old)}", facts={"bytes": freed})
"""
GRANTS = ("fs.list:{directory}", "fs.delete:{directory}/*")
INCIDENT = "i1"


@dataclass
class FakeCatalog:
    """Catalog of one skill."""

    skill: Skill

    def skills(self) -> tuple[Skill, ...]:
        """See `core.ports.Catalog`."""
        return (self.skill,)

    def get(self, name: str) -> Skill:
        """See `core.ports.Catalog`."""
        if name != self.skill.name:
            raise UnknownError("skill", name)
        return self.skill


def inventory(mode: Mode = Mode.APPROVE) -> Inventory:
    return Inventory((HostEntry("localhost", groups=("here",)),), (("here", mode),))


@dataclass
class Shift:
    """One executor with all its fakes, and the yes it works under."""

    skill: Skill = field(default_factory=lambda: skill_of(CLEAN, *GRANTS))
    host: FakeHost = field(default_factory=lambda: FakeHost(LOGS))
    store: FakeStore = field(default_factory=FakeStore)
    mode: Mode = Mode.APPROVE
    now: Mode = Mode.AUTO
    approvers: set[str] = field(default_factory=lambda: {"li", "wang"})

    def __post_init__(self) -> None:
        self.catalog = FakeCatalog(self.skill)
        now = self.store.clock.now()
        alert = Alert("a1", "localhost", Signal.parse("disk.used_percent:/srv"), "probe", AlertStatus.FIRING, now)
        (self.incident,) = self.store.intake.take_in((alert,), now)
        fence = self.store.leases.take("host:localhost", self.incident, 60)
        assert fence is not None
        self.fence = fence
        self.executor = Executor(
            hosts=FakeHosts({"localhost": self.host}),
            sandbox=FakeSandbox(),
            catalog=self.catalog,
            effects=self.store.effects,
            gate=self.store.gate,
            leases=self.store.leases,
            blobs=self.store.blobs,
            audit=self.store.audit,
            clock=self.store.clock,
            inventory=inventory(self.mode),
            operator=Operator(
                may_approve=lambda person, _host: person in self.approvers, ceiling=lambda _host: self.now
            ),
        )

    def values(self, directory: str = "/srv/log") -> tuple[tuple[str, Value], ...]:
        return (("directory", Value(directory, Origin.TYPED)),)

    def rehearsed(self) -> Rehearsal:
        return self.executor.rehearse(self.skill, "localhost", self.values(), self.incident)

    def proposal(self) -> Proposal:
        shown = self.rehearsed()
        return Proposal(
            incident=self.incident,
            round=1,
            skill=self.skill.name,
            sha256=self.skill.sha256,
            host="localhost",
            parameters=self.values(),
            plan=shown.plan,
            grants=shown.grants,
            risk=shown.risk,
            tier=Tier.RULES,
            summary="",
        )

    def approved(self, proposal: Proposal | None = None, answer: Answer = Answer.ASK1, by: str = "li") -> Approval:
        asks = proposal or self.proposal()
        now = self.store.clock.now()
        expires = now + timedelta(hours=4)
        digest = digest_of(asks, expires)
        pending = Approval(short_id(digest), self.incident, 1, digest, asks, answer, "line", now, now, expires)
        self.store.approvals.open(pending, ())
        return self.store.approvals.decide(pending.id, Verdict.APPROVED, by, "", now)

    def audit(self, kind: str) -> list[str]:
        return [str(row.body) for row in self.store.shelf.audit if row.kind == kind]


# ---- looking and rehearsing ---------------------------------------------------------------------------------------------------------


def test_a_looker_brings_facts_and_has_no_effect() -> None:
    looker = """def run(host: Host, directory: str) -> Outcome:
    return Outcome(ok=True, summary="seen", facts={"files": len(host.list(directory)), "names": ["a\\x1b[31m"]})
"""
    here = Shift(skill_of(looker, "fs.list:{directory}"))
    outcome = here.executor.look(here.skill, "localhost", {"directory": "/srv/log"}, here.incident)
    assert (outcome.ok, outcome.error, outcome.effects, here.host.done) == (True, "", 0, [])
    assert outcome.facts == (("files", 3), ("names", ["a"]))


@pytest.mark.parametrize(
    ("body", "parameters", "host", "error"),
    [
        (
            "def run(host, directory):\n    raise ValueError('no')\n",
            {"directory": "/srv/log"},
            "localhost",
            "ValueError",
        ),
        (CLEAN, {"directory": "/srv/log"}, "localhost", "HostError: denied"),
        (CLEAN, {"directory": "/srv/none"}, "localhost", "HostError: missing"),
        (CLEAN, {"directory": "/srv/*"}, "localhost", "InvalidError"),
        (CLEAN, {"directory": {"a": 1}}, "localhost", "InvalidError"),
        (CLEAN, {"directory": "/srv/log"}, "web-9", "UnknownError"),
    ],
)
def test_a_look_that_fails_says_so_and_raises_nothing(
    body: str, parameters: dict[str, object], host: str, error: str
) -> None:
    here = Shift(skill_of(body, *GRANTS))
    outcome = here.executor.look(here.skill, host, parameters, here.incident)  # type: ignore[arg-type]
    assert (outcome.ok, here.host.done) == (False, [])
    assert error in outcome.error


def test_a_rehearsal_shows_plan_risk_and_filled_grants() -> None:
    here = Shift()
    shown = here.rehearsed()
    assert [str(effect) for effect in shown.plan] == ["fs.delete /srv/log/a.log.1", "fs.delete /srv/log/b.log.1"]
    assert shown.grants == ("fs.delete:/srv/log/*", "fs.list:/srv/log")
    assert (shown.outcome.ok, shown.risk) == (True, Risk.HIGH)
    assert here.host.done == []


def test_the_risk_is_never_below_what_the_author_claims() -> None:
    here = Shift(skill_of("def run(host): return Outcome(ok=True, summary='')\n", "process.list", risk=Risk.HIGH))
    assert here.executor.rehearse(here.skill, "localhost", (), here.incident).risk is Risk.HIGH


@pytest.mark.parametrize("directory", ["/srv/*", "/srv/log/../..", "srv", "", "/etc"])
def test_values_that_cannot_stand_in_a_grant_are_invalid(directory: str) -> None:
    here = Shift()
    with pytest.raises(InvalidError):
        here.executor.rehearse(here.skill, "localhost", here.values(directory or "\n"), here.incident)


# ---- executing ----------------------------------------------------------------------------------------------------------------------


def test_what_was_approved_is_done_journalled_and_audited() -> None:
    here = Shift()
    outcome = here.executor.execute(here.approved(), "K7Q2MD", here.fence)
    assert (outcome.ok, outcome.error, outcome.effects, outcome.undoable, outcome.run) == (True, "", 2, 2, "K7Q2MD")
    assert here.host.files["/srv/log/a.log.1"] is None
    assert [row.ok for row in here.store.effects.of_run("K7Q2MD")] == [True, True]
    assert (len(here.audit("run.began")), len(here.audit("run.ended"))) == (2, 2)


def test_a_run_never_acts_twice() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, "r1", here.fence)
    again = here.executor.execute(approval, "r1", here.fence)
    assert again.error.startswith("RefusedError")
    assert len(here.host.done) == 2


Change = Callable[[Shift, Approval], Approval]


def no_verdict(_: Shift, approval: Approval) -> Approval:
    return replace(approval, verdict=Verdict.REJECTED)


def other_plan(_: Shift, approval: Approval) -> Approval:
    proposal = approval.proposal
    assert proposal is not None
    return replace(approval, asks=replace(proposal, plan=(*proposal.plan, proposal.plan[0])))


def other_grants(here: Shift, approval: Approval) -> Approval:
    proposal = approval.proposal
    assert proposal is not None
    return here.approved(replace(proposal, grants=("fs.delete:/srv/**",)))


def longer_expiry(_: Shift, approval: Approval) -> Approval:
    return replace(approval, expires=approval.expires + timedelta(days=1))


def choices(_: Shift, approval: Approval) -> Approval:
    return replace(approval, asks=Choices(approval.incident, 1, "localhost", ("a_skill",), ("",)))


def changed_skill(here: Shift, approval: Approval) -> Approval:
    here.catalog.skill = skill_of(CLEAN + "\n", *GRANTS)
    return approval


def forged_skill(here: Shift, approval: Approval) -> Approval:
    here.catalog.skill = replace(here.skill, source=here.skill.source + "\n")
    return approval


def quarantined(here: Shift, approval: Approval) -> Approval:
    here.catalog.skill = replace(here.skill, state=SkillState.QUARANTINED)
    return approval


def stopped(here: Shift, approval: Approval) -> Approval:
    here.store.gate.stop("group:here", "li", here.store.clock.now())
    return approval


def stale(here: Shift, approval: Approval) -> Approval:
    here.store.clock.advance(11 * 60)
    return approval


def taken_over(here: Shift, approval: Approval) -> Approval:
    here.store.leases.take("host:localhost", here.incident, 60)
    return approval


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (no_verdict, "ExpiredError"),
        (choices, "ExpiredError"),
        (other_plan, "TamperedError"),
        (longer_expiry, "TamperedError"),
        (other_grants, "ChangedError"),
        (changed_skill, "ChangedError"),
        (forged_skill, "TamperedError"),
        (quarantined, "RefusedError"),
        (stopped, "StoppedError"),
        (stale, "ExpiredError"),
        (taken_over, "FencedError"),
    ],
)
def test_a_yes_that_does_not_hold_does_nothing(change: Change, error: str) -> None:
    here = Shift()
    outcome = here.executor.execute(change(here, here.approved()), "r1", here.fence)
    assert (outcome.ok, outcome.error.partition(":")[0], here.host.done) == (False, error, [])
    assert here.store.effects.of_run("r1") == ()


def test_nothing_is_done_on_a_host_that_is_only_observed() -> None:
    here = Shift(mode=Mode.OBSERVE)
    outcome = here.executor.execute(here.approved(), "r1", here.fence)
    assert (outcome.error, here.host.done) == ("RefusedError: localhost is only observed", [])


def test_more_than_was_shown_ends_the_run_whatever_the_skill_says() -> None:
    greedy = CLEAN.replace("deleted", "fine").replace('endswith(".1")', "startswith(('a', 'n'))")
    here = Shift(skill_of(greedy, *GRANTS))
    approval = here.approved()
    here.host.change(FileWrite("/srv/log/new.log", b"x"))
    here.host.done.clear()
    outcome = here.executor.execute(approval, "r1", here.fence)
    assert (outcome.ok, outcome.error) == (
        False,
        "PlanExceededError: not in the approved plan: fs.delete /srv/log/new.log",
    )
    assert outcome.effects == 2


@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_pressed_while_it_runs_lets_no_further_effect_through(at: int) -> None:
    here = Shift()
    approval = here.approved()
    here.host.after = lambda _: (
        here.store.gate.stop("all", "li", here.store.clock.now()) if len(here.host.done) == at else None
    )
    outcome = here.executor.execute(approval, "r1", here.fence)
    assert len(here.host.done) == at
    assert outcome.effects == at


def test_a_lease_lost_while_it_runs_lets_no_further_effect_through() -> None:
    here = Shift()
    approval = here.approved()

    def take_over(_: object) -> None:
        taken_over(here, approval)

    here.host.after = take_over
    outcome = here.executor.execute(approval, "r1", here.fence)
    assert (len(here.host.done), outcome.error.partition(":")[0]) == (1, "FencedError")


# ---- undo ---------------------------------------------------------------------------------------------------------------------------


def test_a_run_is_taken_back() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, approval.id, here.fence)
    outcome = here.executor.undo(approval.id, here.incident, approval.id, here.fence)
    assert (outcome.ok, outcome.error, outcome.summary) == (True, "", "2 taken back, 0 left as they are")
    assert here.host.files["/srv/log/a.log.1"] == "old"
    again = here.executor.undo(approval.id, here.incident, approval.id, here.fence)
    assert (again.ok, again.effects) == (True, 0)


def test_one_step_that_was_changed_since_keeps_no_other_from_being_taken_back() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, approval.id, here.fence)
    here.host.change(FileWrite("/srv/log/b.log.1", b"somebody's"))
    outcome = here.executor.undo(approval.id, here.incident, approval.id, here.fence)
    assert (outcome.ok, outcome.summary) == (False, "1 taken back, 1 left as they are")
    assert here.host.files["/srv/log/a.log.1"] == "old"
    assert here.host.files["/srv/log/b.log.1"] == "somebody's"


def test_an_undo_does_not_reach_beyond_the_plan_that_was_shown_for_it() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, approval.id, here.fence)
    shown = here.executor.rehearse_undo(approval.id, "localhost", here.incident).plan
    outcome = here.executor.undo(approval.id, here.incident, approval.id, here.fence, shown[:1])
    assert (outcome.ok, outcome.summary) == (False, "1 taken back, 1 left as they are")
    assert "not in the approved plan" in str(outcome.facts)
    assert [text for path, text in here.host.files.items() if path.endswith(".1")].count(None) == 1


@pytest.mark.parametrize(("path", "risk"), [("/run/lock/app.flag", Risk.MEDIUM), ("/srv/log/new.log", Risk.HIGH)])
def test_undoing_is_as_risky_as_what_it_undoes(path: str, risk: Risk) -> None:
    here, now = Shift(), FakeStore().clock.now()
    action = here.store.effects.intend("r1", "localhost", f"fs.write {path}", {}, now)
    here.store.effects.done(action, True, "", Undo("unlink", path, after="x"), now)
    shown = here.executor.rehearse_undo("r1", "localhost", here.incident)
    assert (str(shown.plan[0]), shown.risk) == (f"fs.delete {path}", risk)


def test_a_stop_holds_for_an_undo_too() -> None:
    here = Shift()
    approval = here.approved()
    here.executor.execute(approval, approval.id, here.fence)
    here.store.gate.stop("all", "li", here.store.clock.now())
    outcome = here.executor.undo(approval.id, here.incident, approval.id, here.fence)
    assert outcome.error.startswith("StoppedError")
    assert here.host.files["/srv/log/a.log.1"] is None


def test_there_is_nothing_to_undo_of_a_run_that_did_nothing() -> None:
    here = Shift()
    assert here.executor.undo("r9", here.incident, "", here.fence).error.startswith("ChangedError")


# ---- recovery -----------------------------------------------------------------------------------------------------------------------


class StubbornHost(FakeHost):
    """A host on which processes end some looks after they were killed, or never."""

    def __init__(self, looks: int, uid: int = 0) -> None:
        super().__init__({"processes": []})
        self._table = [
            Process(4242, 99, 1, "sh", ("sh",), "S", 0, 0),
            Process(4243, 100, 4242, "child", ("child",), "S", uid, 0),
            Process(4244, 101, 1, "other", ("other",), "S", 0, 0),
        ]
        self._looks = looks
        self.killed: list[int] = []

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`."""
        self._looks -= bool(self.killed)
        return tuple(p for p in self._table if p.pid not in self.killed or self._looks > 0)

    def change(self, change: object) -> Changed:
        """See `core.ports.Host`."""
        assert isinstance(change, ProcessSignal)
        if change.pid in self.killed:
            raise HostError("changed")
        self.killed.append(change.pid)
        return Changed(0)


class SudoHost(StubbornHost):
    """A host on which the child is another user's: only what started it can end it, and passes on only what it is asked."""

    def change(self, change: object) -> Changed:
        """See `core.ports.Host`."""
        assert isinstance(change, ProcessSignal)
        if change.pid == 4243:
            raise HostError("denied")
        self.killed += [4242, *([4243] if change.name == "TERM" else [])]
        return Changed(0)


def cut_off(here: Shift, start: int = 99) -> int:
    action = here.store.effects.intend("r1", "localhost", "exec /usr/bin/x", {}, here.store.clock.now())
    here.store.effects.started(action, 4242, start)
    return action


def test_what_still_runs_of_a_cut_off_effect_is_ended_with_its_children_and_waited_for() -> None:
    host = StubbornHost(looks=5)
    here = Shift(host=host)
    action = cut_off(here)
    closed = here.executor.recover()
    assert (host.killed, [row.action for row in closed]) == ([4242, 4243], [action])
    assert [(row.ok, row.result) for row in here.store.effects.of_run("r1")] == [(False, CUT_OFF)]
    assert here.executor.recover() == ()


def test_what_sudo_started_is_ended_through_sudo_which_must_not_be_killed_for_that() -> None:
    host = SudoHost(looks=5, uid=1)
    here = Shift(host=host)
    action = cut_off(here)
    assert [row.action for row in here.executor.recover()] == [action]
    assert host.killed == [4242, 4243]


def test_a_pid_that_is_another_process_by_now_is_left_alone() -> None:
    host = StubbornHost(looks=5)
    here = Shift(host=host)
    cut_off(here, start=7)
    assert len(here.executor.recover("r1")) == 1
    assert host.killed == []


def test_what_does_not_end_stays_unfinished() -> None:
    here = Shift(host=StubbornHost(looks=100_000))
    action = cut_off(here)
    assert here.executor.recover() == ()
    assert [row.action for row in here.store.effects.unfinished()] == [action]
    assert len(here.audit("run.not ended")) == 1


def test_recovery_of_one_run_leaves_those_of_others() -> None:
    here = Shift(host=StubbornHost(looks=5))
    cut_off(here)
    assert here.executor.recover("another") == ()
    assert len(here.store.effects.unfinished()) == 1


def test_a_person_reads_the_sentence_of_our_error_and_the_class_of_a_skill_s_own() -> None:
    assert sentence_of("failed: UnavailableError: no sandbox is fit") == "no sandbox is fit"
    assert sentence_of("RefusedError: not for web-1") == "not for web-1"
    assert sentence_of("failed: ValueError: boom") == "failed: ValueError: boom"
    assert sentence_of("") == ""
    told = "failed: core.skill.HostError: denied: denied: sudo on web-1 does not allow: /bin/true"
    assert sentence_of(told) == "denied: sudo on web-1 does not allow: /bin/true"
