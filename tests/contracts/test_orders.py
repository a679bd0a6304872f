"""Yeses given ahead and admissions over every kind of store: one use per incident, live, sealed, and dead for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from core.admission import Admission
from core.approval import Answer, Approval, Verdict
from core.authority import POLICY
from core.errors import ChangedError, UnknownError
from core.incident import Ending, Incident
from core.inventory import HostEntry, Inventory, Mode
from core.policy import Asker
from core.proposal import Proposal
from core.skill_admission import AdmittedCatalog, Maturity, SkillAdmission
from core.skill_manifest import Skill, SkillState
from core.standing_order import LIFE_DAYS, Bound, OrderState, StandingOrder
from core.standing_orders import Ground, StandingOrders
from core.verification import Now, Standing
from tests.contracts.nouns import alert, approval, episode, proposal
from tests.core.test_parameters import skill
from tests.fakes.catalog import FakeCatalog
from tests.stores import Case

INVENTORY = Inventory((HostEntry("web-1", "local", ("web",)),), (("web", Mode.APPROVE),))
BAD = Standing(Now.BAD, Asker.PROBE, "")
CURE = replace(skill("directory: str, days: int = 7"), name="free_rotated_logs")


class Bench:
    """Orders over one store, with an incident and a repair that they are for."""

    def __init__(self, case: Case) -> None:
        self.case, self.approvers = case, {"li", "bo"}
        ground = Ground(INVENTORY, lambda name, _: name in self.approvers, lambda _: Mode.APPROVE, UTC)
        store = case.store
        self.catalog = FakeCatalog(CURE)
        parts = (self.catalog, store.audit, store.outbox, case.clock, ground)
        self.orders = StandingOrders(store.orders, store.memory, *parts)

    def incident(self, id: str = "a1") -> Incident:
        """Our own probe found it."""
        now = self.case.clock.advance(1)
        (opened,) = self.case.store.intake.take_in((alert(id, now),), now)
        found: Incident = self.case.store.incidents.load(opened)
        return found

    def repair(self, incident: Incident) -> Proposal:
        """What the order is for."""
        return replace(proposal(incident.id), sha256=CURE.sha256)

    def order(self, incident: Incident, **others: object) -> StandingOrder:
        """Laid down by li and confirmed by bo."""
        now = self.case.clock.now()
        bounds = (Bound("days", (), 7, 7), Bound("directory", ("/var/log",)))
        fault = (CURE.name, CURE.sha256, str(incident.signal), incident.alert.fingerprint, "web")
        made = StandingOrder("O-ABCDEF", *fault, bounds, "li", now, now + timedelta(days=LIFE_DAYS), incident.id)
        self.orders.put(replace(made, **others), is_for_others=True)  # type: ignore[arg-type] # any field
        return self.orders.confirm("O-ABCDEF", "bo")

    def yes(self, incident: Incident) -> Approval:
        """The row that policy wrote under it."""
        asked = approval(incident.id, self.case.clock.now(), asks=self.repair(incident))
        return replace(asked, answer=Answer.GO, verdict=Verdict.APPROVED, by=(POLICY,), order="O-ABCDEF")


@pytest.fixture
def bench(case: Case) -> Bench:
    return Bench(case)


def test_it_covers_and_is_used_once_per_incident(bench: Bench) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    assert bench.orders.covering(incident, bench.repair(incident), BAD).order == order
    assert bench.orders.use(order.id, incident.id)
    assert bench.orders.use(order.id, incident.id)
    (kept,) = bench.orders.known()
    assert [use.incident for use in kept.uses] == [incident.id]
    assert bench.orders.why_not(bench.yes(incident), "web-1") == ""


def test_the_fourth_use_of_a_night_is_refused_whoever_asks_first(bench: Bench) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    assert [bench.orders.use(order.id, name) for name in ("i1", "i2", "i3", "i4", "i1")] == [
        True,
        True,
        True,
        False,
        True,
    ]
    served = bench.orders.covering(incident, bench.repair(incident), BAD)
    assert (served.order, served.why_not) == (None, "standing order O-ABCDEF was used 3 times tonight")


@pytest.mark.parametrize("asker", [one for one in Asker if one is not Asker.PROBE])
def test_it_serves_own_measurements_only(bench: Bench, asker: Asker) -> None:
    incident = bench.incident()
    bench.order(incident)
    assert bench.orders.covering(incident, bench.repair(incident), Standing(Now.BAD, asker, "")).order is None
    claim = replace(incident, alert=replace(incident.alert, source="claim:grafana"))
    assert bench.orders.covering(claim, bench.repair(incident), BAD).order is None


@pytest.mark.parametrize("confirmed", [False, True])
def test_until_it_is_confirmed_it_lets_nothing_happen(bench: Bench, confirmed: bool) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    state = OrderState.ACTIVE if confirmed else OrderState.PROPOSED
    bench.case.store.orders.change(order.id, lambda one: replace(one, state=state), "t", bench.case.clock.now())
    assert (bench.orders.covering(incident, bench.repair(incident), BAD).order is not None) is confirmed
    assert bench.orders.use(order.id, incident.id) is confirmed


def test_live_it_carries_nothing_once_it_was_revoked_or_its_people_lost_the_role(bench: Bench) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    yes = bench.yes(incident)
    assert bench.orders.why_not(yes, "web-1") == "standing order O-ABCDEF is for something else"
    bench.orders.use(order.id, incident.id)
    bench.approvers.discard("bo")
    assert "bo, who confirmed it" in bench.orders.why_not(yes, "web-1")
    bench.approvers.add("bo")
    other = replace(bench.repair(incident), parameters=())
    assert bench.orders.why_not(replace(yes, asks=other), "web-1") == "standing order O-ABCDEF is for something else"
    bench.orders.revoke("o-abcdef", "mia")
    assert bench.orders.why_not(yes, "web-1") == "standing order O-ABCDEF is over: revoked by mia"


def test_ones_own_confirmation_counts_only_with_the_name_typed(bench: Bench) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    for typed, is_on in (("", False), ("app", True)):
        change = replace(order, confirmed_by="li", typed=typed)
        bench.case.store.orders.change(order.id, lambda _, new=change: new, "t", bench.case.clock.now())
        assert (bench.orders.covering(incident, bench.repair(incident), BAD).order is not None) is is_on


@pytest.mark.parametrize("ending", [Ending.STILL_BAD, Ending.UNDONE, Ending.WRONG])
def test_a_failure_of_the_same_repair_ends_it_before_it_is_used_again(bench: Bench, ending: Ending) -> None:
    incident = bench.incident()
    bench.order(incident)
    failed = episode("e1", bench.case.clock.advance(1), ending, skill=CURE.name)
    same = replace(failed, fingerprint=incident.alert.fingerprint, group="web", sha256=CURE.sha256)
    bench.case.store.memory.remember(same)
    assert bench.orders.covering(incident, bench.repair(incident), BAD).order is None
    assert bench.orders.tick() == 1
    assert bench.orders.known()[0].ended_why == f"the repair ended as {ending}"


def test_each_end_is_one_row_and_one_card(bench: Bench) -> None:
    incident = bench.incident()
    order = bench.order(incident)
    bench.case.clock.advance(LIFE_DAYS * 86400)
    assert [bench.orders.tick() for _ in range(3)] == [1, 0, 0]
    cards = [item.card.key for item in bench.case.store.outbox.due("console", 20, bench.case.clock.now())]
    assert [key for key in cards if key.endswith(":ended")] == [f"{order.id}:ended"]
    assert [row.kind for row in bench.case.store.audit.tail(50, order.id)] == ["order"] * 3


def test_a_clock_that_was_set_back_voids_it(bench: Bench) -> None:
    incident = bench.incident()
    bench.order(incident)
    bench.case.store.audit.append("anything", "x", {}, bench.case.clock.now())
    bench.case.clock.advance(-90)
    assert bench.orders.covering(incident, bench.repair(incident), BAD).order is None
    assert bench.orders.tick() == 1
    assert bench.orders.known()[0].ended_why == "the clock was set back"


# ---- skills that changed ------------------------------------------------------------------------------------------------------------


class Office:
    """Admission over one store."""

    def __init__(self, case: Case) -> None:
        self.case, store = case, case.store
        self.files = FakeCatalog(replace(CURE, state=SkillState.CHANGED))
        self.catalog = AdmittedCatalog(self.files, store.admissions)
        self.maturity = Maturity(store.admissions, store.memory, store.approvals, INVENTORY, UTC)
        parts = (self.maturity, INVENTORY, store.outbox, case.clock)
        self.admission = SkillAdmission(self.files, store.admissions, *parts)

    @property
    def asked(self) -> Admission:
        """The one question."""
        (asked,) = self.admission.open_questions()
        return asked

    @property
    def skill(self) -> Skill:
        """As the house sees it."""
        return self.catalog.get(CURE.name)


@pytest.fixture
def office(case: Case) -> Office:
    return Office(case)


def test_what_changed_is_asked_about_once_and_admitted_on_trial(office: Office) -> None:
    for _ in range(3):
        office.admission.tick()
    cards = [item.card for item in office.case.store.outbox.due("console", 9, office.case.clock.now())]
    assert [(card.kind, card.subject) for card in cards] == [("admit", office.asked.id)]
    assert office.skill.state is SkillState.CHANGED
    office.admission.admit(office.asked.id.lower(), "li")
    assert (office.skill.state, office.catalog.skills()) == (SkillState.TRIAL, (office.skill,))
    assert office.maturity.state_on(office.skill, "web-1") is SkillState.TRIAL


def test_another_text_or_wider_grants_are_another_question(office: Office) -> None:
    office.admission.tick()
    first = office.asked
    office.files.put(replace(CURE, state=SkillState.CHANGED, capabilities=("fs.delete:/srv/log/*",)))
    with pytest.raises(ChangedError):
        office.admission.admit(first.id, "li")
    office.admission.tick()
    assert office.asked.id != first.id
    with pytest.raises(UnknownError):
        office.admission.admit("NOBODY", "li")


def test_admitted_for_some_groups_it_is_still_changed_elsewhere(office: Office) -> None:
    office.admission.tick()
    office.admission.admit(office.asked.id, "li")
    elsewhere = Inventory((HostEntry("db-1", "local", ("db",)), HostEntry("both", "local", ("db", "web"))))
    store = office.case.store
    maturity = Maturity(store.admissions, store.memory, store.approvals, elsewhere, UTC)
    assert [maturity.state_on(office.skill, host) for host in ("db-1", "both")] == [SkillState.CHANGED] * 2


@pytest.mark.parametrize(
    ("days", "by", "state"),
    [
        ((0, 0, 1), "li", SkillState.OWNED),
        ((0, 0, 0), "li", SkillState.TRIAL),
        ((0, 1), "li", SkillState.TRIAL),
        ((0, 0, 1), POLICY, SkillState.TRIAL),
    ],
)
def test_a_trial_is_owned_after_three_approved_runs_on_two_days(
    office: Office, days: tuple[int, ...], by: str, state: SkillState
) -> None:
    office.admission.tick()
    office.admission.admit(office.asked.id, "li")
    for number, day in enumerate(days):
        ran(office, number, day, by)
    assert office.maturity.state_on(office.skill, "web-1") is state


def test_a_failure_makes_it_a_trial_again(office: Office) -> None:
    office.admission.tick()
    office.admission.admit(office.asked.id, "li")
    for number, day in enumerate((0, 1, 2)):
        ran(office, number, day, "li")
    office.admission.tick()
    office.admission.tick()
    notes = [i.card for i in office.case.store.outbox.due("console", 99, office.case.clock.now())]
    assert [card.text for card in notes if card.kind == "note"] == [
        "free_rotated_logs is owned on web now: 3 approved runs there were verified"
    ]
    ran(office, 9, 2, "li", Ending.STILL_BAD)
    assert office.maturity.state_on(office.skill, "web-1") is SkillState.TRIAL


def ran(office: Office, number: int, day: int, by: str, ending: Ending = Ending.FIXED) -> None:
    """One more run, decided by somebody, and how it ended."""
    store, clock = office.case.store, office.case.clock
    now = clock.now() + timedelta(days=day, seconds=number)
    (incident,) = store.intake.take_in((alert(f"r{number}", now, host=f"web-{number}"),), now)
    asked = approval(incident, now, asks=replace(proposal(incident), sha256=CURE.sha256))
    store.approvals.open(asked, ())
    store.approvals.decide(asked.id, Verdict.APPROVED, by, "", now)
    kept = replace(episode(asked.id, now, ending, skill=CURE.name), group="web", sha256=CURE.sha256)
    store.memory.remember(kept)
