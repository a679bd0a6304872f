"""Rules that were told are obeyed: what they forbid is denied whatever the wording of the effect, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.approval import Answer
from core.capability import PlannedEffect, Risk, Verb
from core.incident import Incident, IncidentState
from core.inventory import HostEntry, Inventory
from core.told_rule import RuleKind, ToldRule, When
from core.told_rules import ToldRules, holds, is_about
from tests.contracts.nouns import alert, proposal
from tests.fakes.store import FakeStore

HOST = "web-1"
INVENTORY = Inventory((HostEntry(HOST, "local", ("web",)),))


def incident() -> Incident:
    """The disk of web-1."""
    now = FakeStore().clock.now()
    return Incident("i1", alert("a1", now), IncidentState.OPEN, now)


def told(**facts: object) -> ToldRule:
    """A confirmed rule of li's."""
    now = FakeStore().clock.now()
    rule = ToldRule("R1", RuleKind.NEVER, "never restart billing", "li", now, "restart", "billing", confirmed=now)
    return replace(rule, **facts)  # type: ignore[arg-type]


def answer(rule: ToldRule, *plan: PlannedEffect, skill: str = "restart_service") -> Answer:
    """What the rule makes of a proposal with this plan."""
    store = FakeStore()
    store.rules.put(rule, "li", store.clock.now())
    wanted = replace(proposal("i1"), host=HOST, plan=plan, skill=skill, parameters=())
    found = ToldRules(store.rules, INVENTORY, store.clock, UTC).restrain(incident(), wanted)
    return found.least if found else Answer.GO


def effect(verb: Verb, target: str, risk: Risk = Risk.MEDIUM) -> PlannedEffect:
    """One planned effect."""
    return PlannedEffect(verb, target, risk, is_reversible=False)


RESTART = effect(Verb.SERVICE_RESTART, "billing")


def test_what_is_forbidden_is_denied() -> None:
    assert answer(told(), RESTART) is Answer.DENY


@pytest.mark.parametrize(
    "plan",
    [
        effect(Verb.SERVICE_STOP, "billing.service"),
        effect(Verb.SERVICE_START, "billing"),
        effect(Verb.PROCESS_SIGNAL, "billing TERM"),
        effect(Verb.EXEC, "/usr/bin/systemctl restart Billing"),
        effect(Verb.EXEC, "/etc/init.d/billing restart"),
    ],
)
def test_a_rule_is_read_generously_because_it_only_forbids(plan: PlannedEffect) -> None:
    assert answer(told(), plan) is Answer.DENY


@pytest.mark.parametrize(
    "plan",
    [
        effect(Verb.SERVICE_RESTART, "billing-api"),
        effect(Verb.SERVICE_RESTART, "nginx"),
        effect(Verb.FS_DELETE, "/var/log/billing.log.1"),
        effect(Verb.SERVICE_RESTART, "billing", Risk.LOW),
    ],
)
def test_nothing_else_is_touched_by_it(plan: PlannedEffect) -> None:
    assert answer(told(), plan) is Answer.GO


def test_a_path_means_everything_below_it() -> None:
    rule = told(action="delete", object="/var/log/audit")
    assert answer(rule, effect(Verb.FS_DELETE, "/var/log/audit/old.log")) is Answer.DENY
    assert answer(rule, effect(Verb.FS_DELETE, "/var/log/auditing.log")) is Answer.GO


def test_a_rule_may_name_a_skill() -> None:
    assert answer(told(action="touch", object="restart_service"), effect(Verb.SERVICE_RESTART, "x")) is Answer.DENY


@pytest.mark.parametrize(("host", "expected"), [("web-1", Answer.DENY), ("web", Answer.DENY), ("db-2", Answer.GO)])
def test_a_rule_holds_where_it_was_told_for(host: str, expected: Answer) -> None:
    assert answer(told(host=host), RESTART) is expected


def test_what_is_to_be_asked_about_is_asked() -> None:
    assert answer(told(kind=RuleKind.ASK), RESTART) is Answer.ASK1


def test_what_is_ignored_is_left_alone() -> None:
    assert answer(told(kind=RuleKind.IGNORE, action="", object="", host="web"), RESTART) is Answer.DENY


@pytest.mark.parametrize(
    "change", [{"confirmed": None}, {"ended": FakeStore().clock.now()}, {"until": FakeStore().clock.now()}]
)
def test_a_rule_that_is_not_confirmed_dropped_or_over_does_nothing(change: dict[str, object]) -> None:
    assert answer(told(**change), RESTART) is Answer.GO


def test_a_list_of_rules_that_was_changed_forbids_everything() -> None:
    store = FakeStore()
    store.shelf.broken.add("list of every rule")
    found = ToldRules(store.rules, INVENTORY, store.clock, UTC).restrain(incident(), proposal("i1"))
    assert found is not None
    assert found.least is Answer.DENY


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("when", "moment", "expected"),
    [
        (When(days_of_month=(1,)), datetime(2026, 12, 1, 0, 30, tzinfo=BERLIN), True),
        (When(days_of_month=(1,)), datetime(2026, 11, 30, 23, 59, tzinfo=BERLIN), False),
        (When(weekdays=(4,)), datetime(2026, 11, 27, 12, tzinfo=BERLIN), True),
        (When((), (), 540, 1020), datetime(2026, 11, 27, 8, 59, tzinfo=BERLIN), False),
        (When((), (), 540, 1020), datetime(2026, 11, 27, 9, 0, tzinfo=BERLIN), True),
        (When((), (), 540, 1020), datetime(2026, 11, 27, 17, 0, tzinfo=BERLIN), False),
        (When((), (4,), 1320, 360), datetime(2026, 11, 28, 2, tzinfo=BERLIN), True),
        (When((), (4,), 1320, 360), datetime(2026, 11, 27, 2, tzinfo=BERLIN), False),
        (When(), datetime(2026, 11, 27, tzinfo=BERLIN), True),
    ],
)
def test_times_are_local_and_a_night_belongs_to_the_day_it_begins_on(
    when: When, moment: datetime, expected: bool
) -> None:
    assert holds(when, moment.astimezone(UTC), BERLIN) is expected


@pytest.mark.parametrize(
    "text", ["billing", "Billing.service", "systemctl restart billing", "process.down:billing", "/srv/billing/run"]
)
def test_a_name_is_found_as_a_word(text: str) -> None:
    assert is_about("billing", text)


def test_a_rule_that_ended_is_over_at_that_moment() -> None:
    now = FakeStore().clock.now()
    assert told(until=now + timedelta(seconds=1)).is_on(now)
    assert not told(until=now).is_on(now)
