"""Nights over many hosts: one fault is one card, a storm is one card, a repair goes from host to host, a relapse is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.minds import Minds
from core.approval import Verdict
from core.caps import RELAPSE
from core.card import CardKind
from core.incident import Ending, IncidentState
from core.inventory import Mode
from core.origin import Origin, Value
from core.pause import PauseKind
from core.storm_watch import MOST_CLAIMS
from tests.fakes.brain import FakeBrain
from tests.nights.fleet import DISK, FULL, Fleet, broken, used
from tests.nights.remedies import ROTATED, rotate_logs, says_fixed
from tests.nights.scripted_brain import call, calls

FIVE = (DISK, "process.down:postgres", "tcp.failed:5432", "http.failed:http://db-1/", "tls.expires_days:db-1")
HUNDREDS = {f"web-{n}": () for n in range(300)}


def asked(fleet: Fleet) -> list[str]:
    """Signals of the questions that are open."""
    return [str(fleet.store.incidents.load(one.incident).signal) for one in fleet.store.approvals.pending()]


# ---- one fault, one card ------------------------------------------------------------------------------------------------------------


@given(st.permutations(FIVE))
@settings(max_examples=15, deadline=None)
def test_five_claims_of_one_full_disk_in_one_request_are_one_card(order: list[str]) -> None:
    fleet = Fleet({"db-1": ()}, skills=[rotate_logs()])
    fleet.fill("db-1")
    fleet.claim(("db-1", signal) for signal in order)
    fleet.wait(10, 1.0)
    assert asked(fleet) == [DISK]
    assert fleet.kinds() == [CardKind.PROPOSAL]
    assert "Also part of it (4)" in fleet.shown[0][0]


@given(st.permutations(FIVE), st.sampled_from([0.2, 0.5, 4.0]))
@settings(max_examples=25, deadline=None)
def test_five_claims_of_one_full_disk_one_by_one_are_one_question(order: list[str], pause: float) -> None:
    fleet = Fleet({"db-1": ()}, skills=[rotate_logs()])
    fleet.fill("db-1")
    for signal in order:
        fleet.claim([("db-1", signal)])
        fleet.store.clock.advance(pause)
        fleet.pulse(measures=False)
    fleet.wait(10, 1.0)
    assert asked(fleet) == [DISK]


@given(st.permutations(FIVE))
@settings(max_examples=15, deadline=None)
def test_five_claims_within_the_group_wait_are_one_card(order: list[str]) -> None:
    fleet = Fleet({"db-1": ()}, skills=[rotate_logs()])
    fleet.fill("db-1")
    for signal in order:
        fleet.claim([("db-1", signal)])
        fleet.store.clock.advance(0.5)
        fleet.pulse(measures=False)
    fleet.wait(10, 1.0)
    assert fleet.kinds() == [CardKind.PROPOSAL]


def test_what_hangs_on_a_full_disk_is_measured_and_closed_with_it() -> None:
    signals = {DISK: used, "process.down:postgres": broken, "http.failed:http://db-1/": broken}
    fleet = Fleet({"db-1": ()}, signals, [rotate_logs()])
    fleet.fill("db-1")
    fleet.pulse()
    assert fleet.kinds() == [CardKind.PROPOSAL]
    (question,) = fleet.store.approvals.pending()
    assert fleet.say(f"approve {question.id}").ok
    fleet.wait(200)
    endings = {str(one.signal): one.ending for one in fleet.incidents}
    assert endings == dict.fromkeys(signals, Ending.WENT_AWAY) | {DISK: Ending.FIXED}
    assert fleet.kinds().count(CardKind.REPORT) == 1
    assert "Also part of it (2)" in fleet.shown[-1][0]


def test_hosts_that_talk_to_the_broken_one_are_part_of_its_trouble() -> None:
    signals = {DISK: used, "http.failed:http://shop/": lambda host: broken(host)}
    fleet = Fleet({"db-1": (), "web-1": ("db-1",), "lb-1": ("web-1",), "mail-1": ()}, signals, [rotate_logs()])
    fleet.fill("db-1")
    fleet.claim([("lb-1", "http.failed:http://shop/"), ("db-1", DISK), ("mail-1", "http.failed:http://shop/")])
    leads = {one.host: one.lead for one in fleet.incidents}
    assert leads["lb-1"] == next(one.id for one in fleet.incidents if one.host == "db-1")
    assert (leads["db-1"], leads["mail-1"]) == ("", "")


def test_a_consequence_that_outlives_its_cause_goes_on_in_the_same_incident() -> None:
    signals = {DISK: used, "process.down:postgres": lambda _: 1.0}
    fleet = Fleet({"db-1": ()}, signals, [rotate_logs()])
    fleet.fill("db-1")
    fleet.pulse()
    (question,) = fleet.store.approvals.pending()
    fleet.say(f"approve {question.id}")
    fleet.wait(200)
    told = next(one for one in fleet.incidents if not one.lead)
    assert (str(told.signal), told.round, told.ending) == ("process.down:postgres", 2, Ending.HANDED_OVER)
    assert fleet.kinds().count(CardKind.REPORT) == 1
    report = fleet.store.history.report(told.id)
    assert report is not None
    assert report.tried == ("rotate_logs: fixed",)
    # Played again after a death that came right after it: it knows that it went on already.
    assert fleet.team.holding.goes_on(told, told.attempts[0])
    assert fleet.store.incidents.load(told.id).round == 2


def test_a_shallow_alarm_waits_for_the_deeper_one_that_is_about_to_come() -> None:
    fleet = Fleet({"db-1": ()}, {DISK: used, "http.failed:http://db-1/": broken}, [rotate_logs()], lasting=60)
    fleet.fill("db-1")
    fleet.pulse()
    (page,) = fleet.incidents
    assert page.state is IncidentState.HELD
    fleet.wait(70)
    assert asked(fleet) == [DISK]
    assert fleet.kinds() == [CardKind.PROPOSAL]
    page, disk = fleet.incidents
    assert page.lead == disk.id


@pytest.mark.parametrize("lead", ["itself", "of another host", "shallower", "?", "0123456789"])
def test_a_trouble_that_somebody_hides_behind_another_is_asked_about_all_the_same(lead: str) -> None:
    signals = {DISK: used, "http.failed:http://db-1/": lambda _: 0.0}
    fleet = Fleet({"db-1": (), "db-2": ()}, signals, [rotate_logs()])
    fleet.fill("db-1")
    fleet.claim([("db-2", "backup.late:nightly"), ("db-1", "http.failed:http://db-1/")])
    fleet.pulse()
    disk = next(one for one in fleet.incidents if str(one.signal) == DISK)
    other, page = (next(one.id for one in fleet.incidents if one.signal.kind == kind) for kind in ("backup", "http"))
    hidden = {"itself": disk.id, "of another host": other, "shallower": page}.get(lead, lead)
    fleet.store.shelf.incidents[disk.id] = replace(disk, state=IncidentState.HELD, lead=hidden)
    fleet.store.shelf.approvals.clear()
    fleet.wait(200)
    assert DISK in asked(fleet)


def test_it_waits_no_longer_than_two_minutes() -> None:
    fleet = Fleet({"db-1": ()}, {DISK: used, "http.failed:http://db-1/": broken}, [rotate_logs()], lasting=600)
    fleet.fill("db-1")
    fleet.pulse()
    fleet.wait(180)
    assert fleet.incidents[0].ending is Ending.HANDED_OVER


def test_a_question_that_was_shown_says_that_a_deeper_cause_was_found() -> None:
    fleet = Fleet({"db-1": ()}, {DISK: used}, [rotate_logs(), says_fixed("restart_it", cures=["process.down"])])
    fleet.fill("db-1")
    fleet.claim([("db-1", "process.down:postgres")])
    fleet.wait(4, 1.0)
    assert fleet.kinds() == [CardKind.PROPOSAL]
    fleet.claim([("db-1", DISK)])
    fleet.wait(4, 1.0)
    assert asked(fleet) == [DISK]
    assert sorted(fleet.kinds()) == [CardKind.DECIDED, CardKind.PROPOSAL, CardKind.PROPOSAL]
    (aside,) = [one for one in fleet.store.shelf.approvals.values() if one.verdict is Verdict.HELD]
    assert aside.why == f"part of {fleet.incidents[1].id}"


# ---- a storm ------------------------------------------------------------------------------------------------------------------------


def test_three_hundred_hosts_lost_at_once_are_one_message_and_no_effect() -> None:
    fleet = Fleet(HUNDREDS, {}, [rotate_logs()], Mode.AUTO)
    fleet.claim((host, DISK) for host in HUNDREDS)
    fleet.wait(10, 1.0)
    assert fleet.kinds() == [CardKind.STORM]
    assert "300" in fleet.shown[0][0]
    assert fleet.repaired() == []


def test_in_a_storm_nothing_acts_alone_and_one_word_approves_all() -> None:
    hosts = {f"web-{n}": () for n in range(24)}
    fleet = Fleet(hosts, skills=[rotate_logs()], mode=Mode.AUTO)
    fleet.trust(rotate_logs())
    fleet.fill(*hosts)
    fleet.pulse()
    fleet.wait(120)
    assert fleet.repaired() == []
    assert set(fleet.kinds()) == {CardKind.STORM}
    assert len(asked(fleet)) == 24
    assert "rotate_logs could help on 24 hosts" in fleet.shown[-1][0]
    storm = fleet.store.storms.running()[0].id
    assert not fleet.say(f"approve {storm}", "slack:U2", "slack").ok
    assert fleet.repaired() == []
    assert "24 repairs approved" in fleet.say(f"approve {storm}", "slack:U1", "slack").text
    fleet.wait(600)
    assert sorted(fleet.repaired()) == sorted(hosts)
    assert {one.ending for one in fleet.incidents} == {Ending.FIXED}
    assert fleet.store.storms.running() == ()
    assert set(fleet.kinds()) == {CardKind.STORM}


def test_in_a_storm_few_are_looked_into_at_once_the_deepest_first() -> None:
    signals = {DISK: used, "http.failed:http://x/": broken}
    hosts = {f"web-{n}": () for n in range(40)}
    fleet = Fleet(hosts, signals, [rotate_logs()])
    fleet.fill(*hosts)
    fleet.claim((host, "http.failed:http://x/" if n % 2 else DISK) for n, host in enumerate(hosts))
    fleet.team.holding.tick()
    opened = [one for one in fleet.incidents if one.state is IncidentState.OPEN]
    assert [str(one.signal) for one in opened] == [DISK] * 4


def test_of_a_storm_of_hundreds_the_brain_investigates_one() -> None:
    brain = FakeBrain(calls(call("hand_over", reason="I do not know")))
    fleet = Fleet(HUNDREDS, minds=Minds(brain=brain))
    fleet.claim((host, f"app.broken:{host}") for host in HUNDREDS)
    fleet.wait(600, 1.0)
    assert all(one.closed is not None for one in fleet.incidents)
    assert len(brain.asked) == 1
    assert "of a storm one incident is investigated" in str(fleet.store.shelf)


def test_claims_that_drip_in_below_a_storm_use_up_no_budget_without_end() -> None:
    brain = FakeBrain(calls(call("hand_over", reason="I do not know")))
    fleet = Fleet(HUNDREDS, minds=Minds(brain=brain))
    for host in [*HUNDREDS][:60]:
        fleet.claim([(host, f"app.broken:{host}")])
        fleet.wait(40, 10.0)
    assert fleet.store.storms.running() == ()
    assert len(brain.asked) == MOST_CLAIMS
    fleet.store.clock.advance(3600)
    fleet.claim([("web-200", "app.broken:late")])
    fleet.wait(40, 10.0)
    assert len(brain.asked) == MOST_CLAIMS + 1


def test_after_a_storm_what_is_left_is_asked_one_by_one() -> None:
    hosts = {f"web-{n}": () for n in range(22)}
    fleet = Fleet(hosts, skills=[rotate_logs()])
    fleet.fill(*hosts)
    fleet.pulse()
    fleet.wait(60)
    for number in range(20):
        fleet.machines[f"web-{number}"].files.pop(ROTATED, None)
        fleet.machines[f"web-{number}"] = type(fleet.machines[f"web-{number}"])({})
    fleet.wait(400)
    assert fleet.store.storms.running() == ()
    assert len(asked(fleet)) == 2
    assert [kind for kind in fleet.kinds() if kind is not CardKind.STORM] == [CardKind.PROPOSAL, CardKind.PROPOSAL]


def test_a_trickle_of_many_alarms_is_told_once() -> None:
    fleet = Fleet(HUNDREDS, skills=[rotate_logs()])
    fleet.fill(*HUNDREDS)
    for number in range(60):
        fleet.claim([(f"web-{number}", DISK)])
        fleet.store.clock.advance(0.1)
        fleet.pulse(measures=False)
    fleet.wait(20, 1.0)
    assert fleet.kinds().count(CardKind.STORM) == 1
    assert fleet.kinds().count(CardKind.PROPOSAL) <= 6


def test_claims_and_measurements_share_no_storm() -> None:
    hosts = {f"web-{n}": () for n in range(30)}
    fleet = Fleet(hosts, skills=[rotate_logs()], mode=Mode.AUTO)
    fleet.trust(rotate_logs())
    fleet.claim((host, "backup.late:nightly") for host in hosts)
    fleet.fill("web-3")
    fleet.pulse()
    fleet.wait(100)
    assert fleet.repaired() == ["web-3"]


@pytest.mark.parametrize("word", ["reject", "take"])
def test_a_storm_is_rejected_or_taken_in_one_word(word: str) -> None:
    hosts = {f"web-{n}": () for n in range(24)}
    fleet = Fleet(hosts, skills=[rotate_logs()])
    fleet.fill(*hosts)
    fleet.pulse()
    fleet.wait(120)
    assert fleet.say(f"{word} {fleet.store.storms.running()[0].id}").ok
    fleet.wait(60)
    assert asked(fleet) == []
    assert fleet.repaired() == []


def stormy() -> tuple[Fleet, str]:
    """Twenty-four full disks at once, each asked about; and the storm's id."""
    hosts = {f"web-{n}": () for n in range(24)}
    fleet = Fleet(hosts, skills=[rotate_logs()])
    fleet.fill(*hosts)
    fleet.pulse()
    fleet.wait(120)
    return fleet, fleet.store.storms.running()[0].id


def test_who_acknowledges_a_storm_is_awake_and_decides_nothing() -> None:
    fleet, storm = stormy()
    before = asked(fleet)
    assert fleet.say(f"ack {storm}", "slack:U2", "slack").ok
    assert asked(fleet) == before
    known = {f"incident:{one.id}" for one in fleet.store.storms.incidents(storm)}
    assert {(one.kind, one.scope) for one in fleet.store.pauses.all()} == {(PauseKind.ACK, one) for one in known}


@pytest.mark.parametrize("word", ["snooze {} 30m", "mute {} 2h", "maintenance {} 1h"])
def test_what_is_said_of_one_thing_is_not_said_of_a_storm(word: str) -> None:
    fleet, storm = stormy()
    before = asked(fleet)
    assert not fleet.say(word.format(storm)).ok
    assert (asked(fleet), fleet.store.pauses.all()) == (before, ())


def test_a_storm_that_was_taken_is_given_back_by_who_took_it() -> None:
    fleet, storm = stormy()
    fleet.say(f"take {storm}", "slack:U2", "slack")
    assert not fleet.say(f"take {storm} off", "slack:U1", "slack").ok
    assert fleet.say(f"take {storm} off", "slack:U2", "slack").ok
    assert not any(one.is_on(fleet.store.clock.now()) for one in fleet.store.pauses.all())


def test_what_rests_on_a_text_is_not_approved_with_a_storm() -> None:
    fleet, storm = stormy()
    first = fleet.store.approvals.pending()[0]
    assert first.proposal is not None
    doubtful = (("directory", Value("/srv", Origin.TEXT, "alert")),)
    fleet.store.shelf.approvals[first.id] = replace(first, asks=replace(first.proposal, parameters=doubtful))
    answer = fleet.say(f"approve {storm}", "slack:U1", "slack")
    assert "23 repairs approved" in answer.text
    assert first.id in answer.text
    assert fleet.store.approvals.load(first.id).verdict is Verdict.PENDING


def test_a_row_that_was_changed_keeps_no_other_trouble_held() -> None:
    fleet = Fleet({"web-1": (), "web-2": ()}, skills=[rotate_logs()])
    fleet.fill("web-1", "web-2")
    fleet.pulse()
    fleet.say("take web-2", "slack:U2", "slack")
    taken, changed = sorted(fleet.incidents, key=lambda one: one.host, reverse=True)
    fleet.engine.wait_idle(0)
    fleet.store.shelf.broken.add(f"incident {changed.id}")
    fleet.machines["web-2"] = type(fleet.machines["web-2"])({})
    fleet.wait(60)
    assert fleet.store.incidents.load(taken.id).ending is Ending.TAKEN


# ---- caps ---------------------------------------------------------------------------------------------------------------------------


def test_a_fault_that_comes_back_every_minute_is_repaired_three_times_and_then_handed_over() -> None:
    fleet = Fleet({"web-1": ()}, skills=[rotate_logs()], mode=Mode.AUTO)
    fleet.trust(rotate_logs())
    done = []
    for _ in range(4):
        fleet.fill("web-1")
        machine = fleet.machines["web-1"]
        fleet.pulse()
        fleet.wait(60)
        done.append(len(machine.done))
    assert done == [1, 1, 1, 0]
    assert fleet.incidents[-1].ending is Ending.HANDED_OVER
    report = fleet.store.history.report(fleet.incidents[-1].id)
    assert report is not None
    assert RELAPSE in report.reason
    assert report.reason == f"not permitted: repaired 3 times within the hour: {RELAPSE}"


def test_a_relapse_that_somebody_was_asked_about_is_not_reported_again_and_again() -> None:
    fleet, counts = Fleet({"web-1": ()}, skills=[rotate_logs()]), set()
    for _ in range(3):
        fleet.fill("web-1")
        fleet.pulse()
        fleet.wait(60)
        (asked,) = fleet.store.approvals.pending()
        counts |= {one.count for one in fleet.incidents}
        fleet.say(f"approve {asked.id}", "slack:U1", "slack")
        fleet.wait(60)
    assert counts == {1}
    assert [one.ending for one in fleet.incidents] == [Ending.FIXED] * 3
    fleet.fill("web-1")
    fleet.pulse()
    fleet.wait(120)
    assert [one.ending for one in fleet.incidents][3:] == [Ending.HANDED_OVER]


def test_twelve_hosts_are_repaired_one_then_two_then_four() -> None:
    hosts = {f"web-{n:02}": () for n in range(12)}
    fleet = Fleet(hosts, skills=[rotate_logs()], mode=Mode.AUTO)
    fleet.trust(rotate_logs())
    fleet.fill(*hosts)
    fleet.pulse()
    seen = [len(fleet.repaired())]
    for _ in range(30):
        fleet.wait(10)
        seen.append(len(fleet.repaired()))
    grown = [more for more, before in zip(seen, [0, *seen], strict=False) if more != before]
    assert grown == [1, 3, 7, 12]


def test_after_one_host_on_which_it_failed_the_rest_is_asked() -> None:
    fleet = Fleet({f"web-{n}": () for n in range(6)}, skills=[says_fixed()], mode=Mode.AUTO)
    fleet.trust(says_fixed())
    fleet.fill(*fleet.hosts)
    fleet.pulse()
    fleet.wait(600)
    assert len(fleet.repaired()) == 1
    assert len(asked(fleet)) >= 5
    assert all("it failed on web-" in " ".join(one.restraints) for one in fleet.store.approvals.pending())


# ---- I cannot see -------------------------------------------------------------------------------------------------------------------


def test_a_third_of_the_hosts_dark_at_once_is_one_alert_and_no_host_is_called_down() -> None:
    fleet = Fleet({f"web-{n}": () for n in range(9)})
    fleet.pulse()
    fleet.dark = {"web-0", "web-1", "web-2"}
    fleet.wait(60)
    assert [str(one.signal) for one in fleet.incidents] == ["nightshift.blind"]
    assert "3 of 9 hosts" in fleet.incidents[0].alert.text
    assert len(fleet.shown) == 1
    fleet.dark = {"web-0"}
    fleet.wait(60)
    assert [(one.host, one.signal.name) for one in fleet.incidents[1:]] == [("web-0", "check.unmeasurable")]


def test_less_than_a_third_are_called_by_name() -> None:
    fleet = Fleet({f"web-{n}": () for n in range(9)})
    fleet.dark = {"web-0", "web-1"}
    fleet.wait(60)
    assert {one.host for one in fleet.incidents} == fleet.dark


def test_three_hundred_dark_hosts_are_one_message() -> None:
    fleet = Fleet(HUNDREDS)
    fleet.dark = set(HUNDREDS)
    fleet.wait(60)
    assert len(fleet.incidents) == len(fleet.shown) == 1


def test_all_there_is_to_fill_is_full() -> None:
    assert used(type(Fleet({"a": ()}).machines["a"])(FULL)) > 90
