"""Contract of port Intake."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from core.alert import Alert, AlertStatus, Signal
from core.approval import Verdict
from core.errors import UnknownError
from core.grouping import GROUP_WAIT
from core.incident import IncidentState
from core.inventory import HostEntry, Inventory
from core.leg import Leg
from tests.contracts.nouns import alert, approval, attempt, card, report
from tests.stores import Case

RESOLVED = AlertStatus.RESOLVED


def test_an_alert_opens_an_incident_with_its_first_leg(case: Case) -> None:
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    (known,) = case.store.intake.take_in([alert("a1", case.clock.now())], case.clock.now())
    incident = case.store.incidents.load(known)
    assert incident.state is IncidentState.OPEN
    assert (incident.count, incident.round) == (1, 1)
    assert incident.alert == alert("a1", case.clock.now())
    assert [(leg.id, leg.leg, leg.subject, leg.due) for leg in legs] == [
        (f"investigate:{known}:1", "investigate", known, case.clock.now())
    ]


def test_the_same_trouble_is_one_incident_that_counts_up(case: Case) -> None:
    now = case.clock.now()
    first = case.store.intake.take_in([alert("a1", now), alert("a2", now)], now)
    second = case.store.intake.take_in([alert("a3", now)], now)
    assert len({*first, *second}) == 1
    assert case.store.incidents.load(first[0]).count == 3


def test_the_same_message_twice_counts_once(case: Case) -> None:
    now = case.clock.now()
    ids = case.store.intake.take_in([alert("a1", now), alert("a1", now)], now)
    again = case.store.intake.take_in([alert("a1", now)], now)
    assert {*ids, *again} == {ids[0]}
    assert case.store.incidents.load(ids[0]).count == 1


def test_a_claim_and_our_own_measurement_are_two_incidents(case: Case) -> None:
    now = case.clock.now()
    ids = case.store.intake.take_in([alert("a1", now), alert("a1", now, source="claim:grafana")], now)
    assert len(set(ids)) == 2


def test_other_hosts_are_other_incidents(case: Case) -> None:
    now = case.clock.now()
    assert len(set(case.store.intake.take_in([alert(f"a{n}", now, host=f"web-{n}") for n in range(60)], now))) == 60


def test_a_resolved_alert_without_an_incident_opens_none(case: Case) -> None:
    now = case.clock.now()
    assert case.store.intake.take_in([alert("a1", now, status=RESOLVED)], now) == ("",)
    assert case.store.incidents.incidents(only_open=False, limit=10) == ()


def test_what_the_source_says_is_noted_until_it_fires_again(case: Case) -> None:
    now = case.clock.now()
    (known,) = case.store.intake.take_in([alert("a1", now)], now)
    assert case.store.intake.source_says_over(known) is None
    case.store.intake.take_in([alert("a1", now, status=RESOLVED)], now)
    later = case.clock.advance(5)
    case.store.intake.take_in([alert("a2", later, status=RESOLVED)], later)
    assert case.store.intake.source_says_over(known) == now
    assert case.store.incidents.load(known).count == 1
    case.store.intake.take_in([alert("a3", later)], later)
    assert case.store.intake.source_says_over(known) is None


def test_after_its_end_the_same_trouble_is_a_new_incident(case: Case) -> None:
    now = case.clock.now()
    (first,) = case.store.intake.take_in([alert("a1", now)], now)
    case.store.incidents.close(report(first, now), (), ())
    (second,) = case.store.intake.take_in([alert("a2", now)], now)
    assert second != first
    assert case.store.incidents.load(first).count == 1


@pytest.mark.parametrize("text", ["\x00", "\ud800", "'; DROP TABLE ns_incident; --", "夜班 🌙"])
def test_hostile_text_is_taken_as_it_is(case: Case, text: str) -> None:
    now = case.clock.now()
    hostile = replace(alert(f"a{text}", now), text=text, labels=((text, text),))
    (known,) = case.store.intake.take_in([hostile], now)
    assert case.store.incidents.load(known).alert == hostile


def test_nothing_taken_in_is_nothing(case: Case) -> None:
    assert case.store.intake.take_in([], case.clock.now()) == ()
    with pytest.raises(UnknownError):
        case.store.incidents.load("")


# ---- one trouble out of many alarms -------------------------------------------------------------------------------------------------


def about(name: str, now: datetime, host: str = "db-1", source: str = "probe") -> Alert:
    """An alarm with another signal."""
    return replace(alert(f"{host}:{name}", now, host=host, source=source), signal=Signal.parse(name))


def test_the_deepest_of_one_batch_leads_and_only_it_is_looked_into(case: Case) -> None:
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    now = case.clock.now()
    names = ["http.failed:x", "process.down:pg", "disk.used_percent:/", "tcp.failed:1"]
    ids = case.store.intake.take_in([about(name, now) for name in names], now)
    found = [case.store.incidents.load(one) for one in ids]
    assert [one.lead for one in found] == [ids[2], ids[2], "", ids[2]]
    assert [one.state for one in found].count(IncidentState.HELD) == 3
    assert [leg.subject for leg in legs] == [ids[2]]
    assert {one.id for one in case.store.holds.members(ids[2])} == {ids[0], ids[1], ids[3]}


def test_a_deeper_one_that_comes_later_takes_over_all_of_them_and_their_question(case: Case) -> None:
    now = case.clock.now()
    http, process = case.store.intake.take_in([about("http.failed:x", now), about("process.down:pg", now)], now)
    asked = case.store.approvals.open(approval(process, now), (card(f"{approval(process, now).id}:ask", process),))
    later = case.clock.advance(60)
    (disk,) = case.store.intake.take_in([about("disk.used_percent:/", later)], later)
    assert {one.id for one in case.store.holds.members(disk)} == {http, process}
    aside = case.store.approvals.load(asked.id)
    assert (aside.verdict, aside.by, aside.why) == (Verdict.HELD, ("grouping",), f"part of {disk}")
    assert case.store.outbox.due("console", 10, later) == ()


def test_a_question_that_was_shown_is_followed_by_what_became_of_it(case: Case) -> None:
    now = case.clock.now()
    (process,) = case.store.intake.take_in([about("process.down:pg", now)], now)
    asked = approval(process, now)
    case.store.approvals.open(asked, (card(f"{asked.id}:ask", process),))
    (shown,) = case.store.outbox.due("console", 10, now)
    case.store.outbox.sent(shown.id, now)
    case.store.intake.take_in([about("disk.used_percent:/", now)], now)
    assert [item.card.key for item in case.store.outbox.due("console", 10, now)] == [f"{asked.id}:held"]


def test_a_question_that_is_ready_after_a_deeper_cause_was_found_is_not_asked(case: Case) -> None:
    now = case.clock.now()
    (process,) = case.store.intake.take_in([about("process.down:pg", now)], now)
    case.store.intake.take_in([about("disk.used_percent:/", now)], now)
    asked = case.store.approvals.open(approval(process, now), (card("late", process),))
    assert (asked.verdict, case.store.approvals.pending()) == (Verdict.HELD, ())
    assert case.store.outbox.due("console", 10, now) == ()


def test_a_repair_that_has_begun_is_left_alone(case: Case) -> None:
    now = case.clock.now()
    (process,) = case.store.intake.take_in([about("process.down:pg", now)], now)
    case.store.incidents.save_attempt(attempt(approval(process, now), now), leg=False)
    (disk,) = case.store.intake.take_in([about("disk.used_percent:/", now)], now)
    assert [case.store.incidents.load(one).lead for one in (process, disk)] == ["", ""]


def test_hosts_that_talk_to_each_other_are_known_to_the_intake(case: Case) -> None:
    case.store.intake.know(Inventory((HostEntry("db-1"), HostEntry("web-1", talks_to=("db-1",)), HostEntry("mail"))))
    now = case.clock.now()
    names = [("http.failed:x", "web-1"), ("disk.used_percent:/", "db-1"), ("http.failed:x", "mail")]
    web, db, mail = case.store.intake.take_in([about(name, now, host) for name, host in names], now)
    assert [case.store.incidents.load(one).lead for one in (web, db, mail)] == [db, "", ""]


def test_a_shallow_claim_is_looked_into_a_little_later(case: Case) -> None:
    legs: list[Leg] = []
    case.store.on_leg(legs.append)
    now = case.clock.now()
    case.store.intake.take_in([about("http.failed:x", now, source="claim:grafana")], now)
    assert [leg.due - now for leg in legs] == [GROUP_WAIT]
