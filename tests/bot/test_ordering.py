"""The words for yeses given ahead, wrong fixes and changed skills: who may say them, what they answer, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.answers import Answer
from bot.json_view import as_json
from bot.messages import en, zh
from core.approval import Verdict
from core.capability import Undo
from core.card import Card, CardKind
from core.episode import episode_of
from core.incident import Attempt, Ending, Outcome
from core.inventory import HostEntry, Inventory, Mode, Person
from core.report import Report
from core.skill_manifest import SkillState
from core.standing_order import OrderState, StandingOrder
from tests.bot.open_night import OWNER, PEOPLE, OpenNight
from tests.core.test_parameters import skill
from tests.fakes.catalog import FakeCatalog

GOLDEN = Path(__file__).parent / "golden"
CURE = replace(skill("directory: str, days: int = 7"), name="free_rotated_logs", sha256="0" * 64)
HERE = (HostEntry("localhost", "local", ("web",)),)
TWO = Inventory(HERE, people=(*PEOPLE, Person("wu", ("approver",), (), ("slack:U5",))))
ONE = Inventory(HERE, people=(Person("li", ("approver",), (), ("slack:U1", "os:2001")),))
NOBODY = Inventory(HERE)
LI = {"by": "slack:U1", "channel": "slack"}
BO = {"by": "slack:U2", "channel": "slack"}
WU = {"by": "slack:U5", "channel": "slack"}


def night_of(inventory: Inventory = TWO, language: str = "en", times: int = 3) -> OpenNight:
    """The same repair worked this many times; the newest incident is `night.incident`."""
    night = OpenNight(inventory=inventory, language=language, catalog=FakeCatalog(CURE))
    for number in range(times):
        night.store.clock.advance(3600)
        night.incident = fixed(night, number)
    return night


def fixed(night: OpenNight, number: int) -> str:
    """One incident that was asked about, repaired and verified."""
    store, now = night.store, night.store.clock.now()
    former = store.incidents.load(night.incident).alert
    (incident,) = store.intake.take_in((replace(former, id=f"{former.id}{number}", at=now),), now)
    proposal = night.proposal(incident=incident)
    asked = night.ask(proposal)
    store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", now)
    ran = Outcome(asked.id, True, "freed", (), 1, 1, now, now)
    attempt = Attempt(asked.id, incident, 1, asked.id, proposal, ran, now, now, now, now, ending=Ending.FIXED)
    action = store.effects.intend(asked.id, "localhost", "service.restart app", {}, now)
    store.effects.done(action, True, "done", Undo("start", "app"), now)
    store.incidents.save_attempt(attempt, leg=False)
    loaded = store.incidents.load(incident)
    episode = episode_of(loaded, proposal, "web", Ending.FIXED, asked.id, now)
    report = Report(
        incident,
        "localhost",
        "disk.used_percent:/var/log",
        Ending.FIXED,
        now - timedelta(minutes=1),
        now,
        97.2,
        90,
        proposal.tier,
        ("li",),
        proposal.evidence,
        (),
        (),
        (),
        1,
        1,
    )
    store.incidents.close(report, (episode,), ())
    return incident


def card(night: OpenNight) -> str:
    """The report of the newest incident."""
    return night.desk.render(Card("k", CardKind.REPORT, night.incident, night.incident), "slack")


def the_order(night: OpenNight) -> StandingOrder:
    (order,) = night.store.orders.all()
    return order


def new(night: OpenNight, **who: str) -> Answer:
    return night.say(f"orders new {night.incident}", **who)


# ---- the card -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "is_offered"), [(1, False), (2, False), (3, True)])
def test_the_card_offers_it_from_the_third_success_and_always_lets_one_say_wrong(times: int, is_offered: bool) -> None:
    night = night_of(times=times)
    lines = card(night).splitlines()
    assert (f"Next time, don't wake me: orders new {night.incident}" in lines) is is_offered
    assert f"Wrong fix: wrong {night.incident}" in lines


def test_once_there_is_an_order_the_card_offers_none() -> None:
    night = night_of()
    new(night, **LI)
    assert "orders new" not in card(night)


# ---- two approvers, one, none -------------------------------------------------------------------------------------------------------


def test_with_a_second_approver_it_waits_for_them_and_not_for_its_author() -> None:
    night = night_of(TWO)
    assert new(night, **LI).text.endswith(f"says: orders confirm {the_order(night).id} (admin, wu)")
    name = the_order(night).id
    own = night.say(f"orders confirm {name}", **LI)
    assert (own.ok, own.text) == (False, f"{name} is yours; somebody else confirms it: admin, wu")
    assert night.say(f"orders confirm {name} /var/log", by="os:2001", channel="console").ok is False
    assert the_order(night).state is OrderState.PROPOSED
    assert night.say(f"orders confirm {name}", **WU).ok
    assert (the_order(night).state, the_order(night).confirmed_by) == (OrderState.ACTIVE, "wu")


def test_with_one_approver_the_name_is_typed_at_the_machine() -> None:
    night = night_of(ONE)
    assert "type the name: orders confirm" in new(night, **LI).text
    name = the_order(night).id
    assert "the machine's own terminal" in night.say(f"orders confirm {name} /var/log", **LI).text
    wrong = night.say(f"orders confirm {name} /var", by="os:2001")
    assert (wrong.ok, wrong.text) == (False, f"Nothing was confirmed. Type the name: orders confirm {name} /var/log")
    assert night.say(f"orders confirm {name} /var/log", by="os:2001").ok
    assert (the_order(night).confirmed_by, the_order(night).typed) == ("li", "/var/log")


def test_an_account_that_the_roster_does_not_name_is_no_second_person() -> None:
    night = night_of(ONE)
    assert new(night, **LI).ok
    name = the_order(night).id
    assert not night.say(f"orders confirm {name}").ok
    assert the_order(night).state is OrderState.PROPOSED
    assert night.say(f"orders confirm {name} /var/log").ok
    assert (the_order(night).confirmed_by, the_order(night).typed) == (OWNER, "/var/log")


def test_where_there_are_two_such_an_account_confirms_for_neither() -> None:
    night = night_of(TWO)
    new(night, **LI)
    answer = night.say(f"orders confirm {the_order(night).id} /var/log")
    assert (answer.ok, the_order(night).state) == (False, OrderState.PROPOSED)


@pytest.mark.parametrize("typed", ["/var/log", "localhost"])
def test_with_an_empty_roster_the_owner_does_the_same(typed: str) -> None:
    night = night_of(NOBODY)
    assert new(night).ok
    assert night.say(f"orders confirm {the_order(night).id} {typed}").ok
    assert (the_order(night).state, the_order(night).author) == (OrderState.ACTIVE, OWNER)


@pytest.mark.parametrize("word", ["orders new {incident}", "orders confirm {order}", "orders renew {order}"])
def test_what_lets_it_act_needs_an_approver_of_that_group(word: str) -> None:
    night = night_of()
    new(night, **LI)
    typed = word.format(incident=night.incident, order=the_order(night).id)
    for who in (BO, {"by": "slack:U3", "channel": "slack"}):
        refused = night.say(typed, **who)
        assert (refused.ok, "approver" in refused.text) == (False, True)
    assert the_order(night).state is OrderState.PROPOSED


def test_anybody_on_the_list_revokes_and_a_stranger_does_not() -> None:
    night = night_of()
    new(night, **LI)
    name = the_order(night).id
    assert not night.say(f"orders revoke {name}", by="slack:U99", channel="slack").ok
    assert night.say(f"orders revoke {name.lower()}", **BO).ok
    assert (the_order(night).state, the_order(night).ended_why) == (OrderState.REVOKED, "revoked by bo")
    night.say(f"orders confirm {name}", **WU)
    assert the_order(night).state is OrderState.REVOKED
    assert "is over" in new(night, **LI).text


# ---- refusals, each one sentence ----------------------------------------------------------------------------------------------------


def test_a_refusal_is_one_sentence() -> None:
    early = night_of(times=2)
    assert new(early, **LI).text == "Too early: verified 2 of 3 times here since the last failure, undo or change."
    observed = night_of(Inventory(HERE, (("web", Mode.OBSERVE),), people=TWO.people))
    assert new(observed, **LI).text == "localhost is only observed; no standing order acts there."
    assert (early.store.orders.all(), observed.store.orders.all()) == ((), ())


def test_a_skill_that_was_edited_or_is_on_trial_becomes_no_order() -> None:
    night = night_of()
    night.catalog.put(replace(CURE, sha256="1" * 64))
    assert "has changed since" in new(night, **LI).text
    night.catalog.put(replace(CURE, state=SkillState.TRIAL))
    assert "is not owned there yet" in new(night, **LI).text
    night.catalog.put(replace(CURE, parameters=CURE.parameters[:1]))
    assert new(night, **LI).text == "That would be wider than free_rotated_logs itself is."


def test_every_reason_has_words_in_both_languages() -> None:
    reasons = "notfixed claim early risk notowned changed observe wider covered over unused"
    keys = {f"order.no.{reason}" for reason in reasons.split()}
    assert keys <= en.WORDS.keys() & zh.WORDS.keys()


# ---- the list -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "free_rotated_logs for disk /var/log full on web; days=7; directory=/var/log; by li, wu, until"),
        ("zh", "free_rotated_logs，用于 web 的“磁盘 /var/log 已满”；days=7; directory=/var/log；li, wu，有效至"),
    ],
)
def test_the_list_shows_each_with_bounds_signers_and_uses(language: str, line: str) -> None:
    night = night_of(language=language)
    assert night.say("orders").text == {"en": en, "zh": zh}[language].WORDS["order.none"]
    new(night, **LI)
    night.say(f"orders confirm {the_order(night).id}", **WU)
    listed = night.say("orders", **BO)
    assert line in listed.text
    assert '"used_tonight": 0' in as_json(listed.data)


# ---- wrong fix ----------------------------------------------------------------------------------------------------------------------


def test_wrong_fix_ends_the_order_takes_the_trust_offers_the_undo_and_asks_why() -> None:
    night = night_of()
    new(night, **LI)
    night.say(f"orders confirm {the_order(night).id}", **WU)
    said = night.say(f"wrong {night.incident}", **BO)
    assert said.text.splitlines() == [
        f"Noted: wrong fix in {night.incident}. free_rotated_logs has no trust for this any more; I ask again.",
        f"Standing order {the_order(night).id} is over.",
        f"Take it back: undo {max(night.store.shelf.effects)} (restart service app)",
        f"Why was it wrong? wrong {night.incident} because …",
    ]
    fingerprint = night.store.incidents.load(night.incident).alert.fingerprint
    assert [recall.verified for recall in night.store.memory.recall(fingerprint, "web")] == [0]
    assert the_order(night).ended_why == "wrong fix, said bo"
    again = night.say(f"wrong {night.incident} because it was the other disk", **BO)
    assert "Why was it wrong" not in again.text
    night.say(f"wrong {night.incident} because it was the other disk", **BO)
    assert [row.body["why"] for row in night.store.audit.tail(99, night.incident) if row.kind == "wrong"] == [
        "",
        "because it was the other disk",
    ]


def test_what_was_not_fixed_was_no_wrong_fix() -> None:
    night = OpenNight()
    assert night.say(f"wrong {night.incident}").text.endswith("so there is no fix to be wrong.")
    assert not night.say("wrong ffffffffff").ok


# ---- skills that changed ------------------------------------------------------------------------------------------------------------


def test_a_changed_skill_is_one_card_and_an_approver_lets_it_exist_again() -> None:
    night = OpenNight(inventory=TWO, catalog=FakeCatalog(replace(CURE, state=SkillState.CHANGED)))
    admission = night.ordering.admission
    admission.tick()
    admission.tick()
    (asked,) = admission.open_questions()
    shown = night.desk.render(Card("k", CardKind.ADMIT, "", asked.id), "slack")
    assert shown.startswith(f"[{asked.id}] free_rotated_logs has changed; it does not run.")
    assert f"admit {asked.id}" in shown
    assert night.say(f"admit {asked.id}", **BO).ok is False
    assert night.say(f"admit {asked.id}", by="slack:U3", channel="slack").ok is False
    assert "on trial: admitted by li" in night.say(f"admit {asked.id}", **LI).text
    assert night.store.admissions.all()[0].holds


# ---- the texts ----------------------------------------------------------------------------------------------------------------------


def order_card(night: OpenNight) -> str:
    """A second approver is asked."""
    order = the_order(night)
    return night.desk.render(Card(f"{order.id}:proposed", CardKind.NOTE, "", order.id), "slack")


def order_is_over(night: OpenNight) -> str:
    """Everybody hears that it is over."""
    night.say(f"wrong {night.incident}", **BO)
    return order_card(night)


def alone(night: OpenNight) -> str:
    """Decided by an order."""
    order = the_order(night)
    asked = replace(
        night.ask(night.proposal(incident=night.alert("disk.used_percent:/var/log", value=97.2))),
        verdict=Verdict.APPROVED,
        by=("policy",),
        order=order.id,
        policy_line=f"approve | medium | owned | order -> go, under {order.id} of li",
    )
    night.store.shelf.approvals[asked.id] = asked
    return night.desk.render(Card("k", CardKind.DECIDED, asked.incident, asked.id), "slack").replace(asked.id, "ASKED")


def done_alone(night: OpenNight) -> str:
    """How it ended."""
    reports = night.store.shelf.reports
    reports[night.incident] = replace(reports[night.incident], decided_by=("policy",), order=the_order(night).id)
    return card(night)


def changed_skill(night: OpenNight) -> str:
    """Whether a changed skill may exist."""
    night.catalog.put(
        replace(CURE, state=SkillState.CHANGED, capabilities=("fs.list:/var/log", "fs.delete:/var/log/*"))
    )
    night.ordering.admission.tick()
    (asked,) = night.ordering.admission.open_questions()
    return night.desk.render(Card("k", CardKind.ADMIT, "", asked.id), "slack").replace(asked.id, "ADMIT")


def agreed(text: str, night: OpenNight) -> str:
    """Without what differs from run to run, and from place to place."""
    text = text.replace(the_order(night).id, "O-ORDER").replace(night.incident, "INCIDENT")
    return re.sub(r"(\d\d-\d\d )?\d\d:\d\d", "TIME", text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("make", [order_card, order_is_over, alone, done_alone, changed_skill])
def test_a_card_about_trust_reads_as_agreed(make: Callable[[OpenNight], str], language: str) -> None:
    night = night_of(language=language)
    new(night, **LI)
    text = agreed(make(night), night)
    assert text + "\n" == (GOLDEN / f"{make.__name__}.{language}.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 18
