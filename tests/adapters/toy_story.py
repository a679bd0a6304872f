"""A story of three legs with real effects (lines in a file), played by a child process that a test kills at a given step.

    python toy_story.py DATABASE_URL DATA_FOLDER EFFECTS_FILE [KILL_AT [LEASE_SECONDS]]

KILL_AT is `leg:subject:round/step@before|inside|after`; the child kills itself there. It ends by itself when nothing is left to do.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.store.flow_dbos import DbosEngine
from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.approval import Answer, Approval, Verdict, digest_of, short_id
from core.capability import Risk
from core.errors import InvalidError, UnavailableError
from core.incident import Attempt, Ending, Incident, Outcome
from core.leg import Leg
from core.ports import Flow
from core.proposal import Proposal, Tier
from core.report import Report
from tests.fakes.seal import FakeSeal

log = logging.getLogger(__name__)

RESOURCE = "host:web-1"


class RealClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """See `core.ports.Clock`."""
        return datetime.now(UTC)


class ToyStory:
    """Investigate, act, conclude, with the shapes of the real one: ids in, nouns through steps, one effect under a lease."""

    def __init__(self, store: Store, effects: Path) -> None:
        self._store, self._effects = store, effects

    # ---- legs -------------------------------------------------------------------------------------------------------------------

    def investigate(self, incident_id: str, flow: Flow) -> None:
        """Ends with a question."""
        incident = flow.step("load", self._store.incidents.load, incident_id)
        try:
            flow.step("look", self.look, incident)
        except UnavailableError as error:
            log.info("as expected: %s", error)
        flow.step("ask", self.ask, incident)

    def act(self, approval_id: str, flow: Flow) -> None:
        """One effect, at most once."""
        approval = flow.step("load", self._store.approvals.load, approval_id)
        with flow.lease(RESOURCE, approval.incident) as fence:
            attempt = flow.step("begin", self.begin, approval)
            outcome = flow.once("execute", self.execute, approval_id, fence)
            flow.step("watch", self.watch, attempt, outcome)

    def conclude(self, attempt_id: str, flow: Flow) -> None:
        """A report, whatever happened."""
        approval = flow.step("load", self._store.approvals.load, attempt_id)
        incident = flow.step("load incident", self._store.incidents.load, approval.incident)
        flow.step("close", self.close, incident)

    # ---- steps ------------------------------------------------------------------------------------------------------------------

    def look(self, incident: Incident) -> Incident:
        """Never sees anything."""
        del incident
        raise UnavailableError("nothing to be seen")

    def ask(self, incident: Incident) -> Approval:
        """A new expiry each time, so the id is another one when the step is repeated."""
        now = self._store.clock.now()
        expires = now + timedelta(hours=1)
        proposal = Proposal(
            incident.id, incident.round, "fix_it", "0" * 64, "web-1", (), (), (), Risk.MEDIUM, Tier.RULES, "fixes it"
        )
        digest = digest_of(proposal, expires)
        asked = Approval(
            short_id(digest), incident.id, incident.round, digest, proposal, Answer.ASK1, "asked", now, expires, expires
        )
        return self._store.approvals.open(asked, ())

    def begin(self, approval: Approval) -> Attempt:
        """The attempt before its run."""
        assert approval.proposal is not None
        now = self._store.clock.now()
        attempt = Attempt(
            approval.id,
            approval.incident,
            1,
            approval.id,
            approval.proposal,
            None,
            now,
            now,
            now + timedelta(hours=1),
            now,
        )
        self._store.incidents.save_attempt(attempt, leg=False)
        return attempt

    def execute(self, approval_id: str, fence: int) -> Outcome:
        """The effect: one line more in a file, with everything read live that may forbid it."""
        now = self._store.clock.now()
        approval = self._store.approvals.load(approval_id)
        self._store.gate.check("web-1", (), approval.incident, approval_id, now)
        assert self._store.leases.holds(RESOURCE, fence)
        action = self._store.effects.intend(approval_id, "web-1", "touch", {}, now)
        with self._effects.open("a", encoding="utf-8") as file:
            file.write(f"{approval_id}\n")
        return Outcome(approval_id, True, "done", (), effects=1, undoable=0, started=now, ended=now, error=str(action))

    def watch(self, attempt: Attempt, outcome: Outcome | None) -> Attempt:
        """The ending is at once: fixed if the run came back, handed over if it was cut."""
        ended = Attempt(
            attempt.id,
            attempt.incident,
            attempt.round,
            attempt.approval,
            attempt.proposal,
            outcome,
            attempt.began,
            attempt.settled_at,
            attempt.deadline,
            attempt.next_measure,
            ending=Ending.FIXED if outcome else Ending.HANDED_OVER,
        )
        self._store.incidents.save_attempt(ended, leg=True)
        return ended

    def close(self, incident: Incident) -> Report:
        """The end."""
        ending = incident.attempts[0].ending if incident.attempts else None
        now = self._store.clock.now()
        report = Report(
            incident.id,
            "web-1",
            str(incident.signal),
            ending or Ending.HANDED_OVER,
            now,
            now,
            None,
            None,
            None,
            (),
            (),
            (),
            (),
            (),
            0.0,
            0.0,
        )
        return self._store.incidents.close(report, (), ())


def kill_at(where: str | None) -> None:
    """Nothing cleans up, nothing is flushed: as if the power went."""
    if where:
        os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, folder: str, effects: str, kill: str = "", lease: str = "30") -> int:
    """Takes one alert in if there is none, says yes to every question, ends when everything is over."""
    logging.basicConfig(level=logging.WARNING)
    store = Store(url, FakeSeal(), RealClock(), Path(folder))
    story = ToyStory(store, Path(effects))
    lost: list[str] = []

    def breakpoint(step: str, where: str) -> None:  # noqa: A001 - the hook's name
        kill_at({kill: kill}.get(f"{_kind(step)}@{where}"))

    def on_lost(leg: Leg, why: str) -> None:
        lost.append(f"{leg.id}: {why}")
        subject = leg.subject if leg.leg == "investigate" else store.approvals.load(leg.subject).incident
        story.close(store.incidents.load(subject))

    plays = {"investigate": story.investigate, "act": story.act, "conclude": story.conclude}
    engine = DbosEngine(store, plays, 4, float(lease), on_lost=on_lost, breakpoint=breakpoint)
    store.folder.lock()
    if not store.incidents.incidents(only_open=False, limit=1):
        now = store.clock.now()
        alert = Alert("a1", "web-1", Signal.parse("disk.used_percent:/"), "probe", AlertStatus.FIRING, now)
        store.intake.take_in([alert], now)
    engine.launch()
    until = time.monotonic() + 30
    while time.monotonic() < until and store.incidents.incidents(only_open=True, limit=1):
        answer_all(store)
        time.sleep(0.01)
    idle = engine.wait_idle(5)
    engine.close()
    store.close()
    print(*lost, sep="\n")  # noqa: T201 - the child's way to talk
    return 0 if idle and not lost else 3


def answer_all(store: Store) -> None:
    """A person who says yes at once."""
    for approval in store.approvals.pending():
        store.approvals.decide(approval.id, Verdict.APPROVED, "li", "", store.clock.now())


def _kind(step: str) -> str:
    """`act:K7Q2MD:1/begin` as `act/begin`, because ids are random."""
    leg, _, name = step.partition("/")
    return f"{leg.partition(':')[0]}/{name}"


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except InvalidError as error:
        sys.exit(str(error))
