"""Caps: counted from what was begun within the hour; the limit asks, three times the limit refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approval import Answer, Approval, Verdict
from core.authority import POLICY
from core.caps import PER_FLEET, PER_HOST, RELAPSE, Caps, at_once, cap
from core.errors import BusyError
from core.incident import Attempt, Ending, Incident
from core.policy import stricter
from core.task import UNDO
from tests.contracts.nouns import alert, approval, attempt, outcome
from tests.fakes.store import FakeStore


class Hour:
    """What was begun lately, and one repair more."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.caps = Caps(self.store.history, self.store.incidents, self.store.clock)

    def incident(self, host: str = "web-1") -> Incident:
        """A trouble on a host."""
        now = self.store.clock.now()
        (known,) = self.store.intake.take_in([alert(f"{host}{now}", now, host=host)], now)
        return self.store.incidents.load(known)

    def question(self, host: str = "web-1", skill: str = "free_rotated_logs") -> Approval:
        """A repair on a host that policy alone said yes to."""
        asked = approval(self.incident(host).id, self.store.clock.now())
        proposal = asked.proposal
        assert proposal is not None
        return replace(asked, asks=replace(proposal, host=host, skill=skill), verdict=Verdict.APPROVED, by=(POLICY,))

    def begin(self, count: int, host: str = "web-1", effects: int = 1, **changes: object) -> None:
        """So many runs that have come back."""
        asked = self.question(host)
        for n in range(len(self.store.shelf.attempts), len(self.store.shelf.attempts) + count):
            now = self.store.clock.now()
            one: Attempt = replace(attempt(asked, now), id=f"run-{n}", proposal=asked.proposal)  # type: ignore[arg-type]
            done = replace(outcome(one.id, now), effects=effects)
            self.store.shelf.attempts[one.id] = replace(one, outcome=done, **changes)  # type: ignore[arg-type]

    def least(self, host: str = "web-1", skill: str = "free_rotated_logs") -> Answer:
        """What all caps say together of one more."""
        asked = self.question(host, skill)
        incident, proposal = self.store.incidents.load(asked.incident), asked.proposal
        assert proposal is not None
        said = (ask(incident, proposal) for ask in self.caps.restraints)
        return reduce(stricter, (one.least for one in said if one is not None), Answer.GO)


@pytest.mark.parametrize(("done", "answer"), [(0, Answer.GO), (2, Answer.GO), (3, Answer.DENY), (9, Answer.DENY)])
def test_the_fourth_of_the_same_repair_within_the_hour_is_a_relapse(done: int, answer: Answer) -> None:
    hour = Hour()
    hour.begin(done)
    assert hour.least() is answer


def test_the_relapse_is_named_so_that_it_is_recognised() -> None:
    hour = Hour()
    hour.begin(3)
    asked = hour.question()
    assert asked.proposal is not None
    said = hour.caps.relapse(hour.store.incidents.load(asked.incident), asked.proposal)
    assert said is not None
    assert said.why == f"repaired 3 times within the hour: {RELAPSE}"


def test_another_skill_or_another_host_is_no_relapse() -> None:
    hour = Hour()
    hour.begin(3)
    assert hour.least(skill="clean_package_cache") is Answer.GO
    assert hour.least(host="web-2") is Answer.GO


def test_after_an_hour_it_is_forgotten() -> None:
    hour = Hour()
    hour.begin(3)
    hour.store.clock.advance(3601)
    assert hour.least() is Answer.GO


def test_a_run_without_effect_does_not_count_and_one_that_was_cut_off_does() -> None:
    hour = Hour()
    hour.begin(3, effects=0)
    assert hour.least() is Answer.GO
    hour.store.shelf.attempts = {name: replace(one, outcome=None) for name, one in hour.store.shelf.attempts.items()}
    assert hour.least() is Answer.DENY


def test_taking_back_is_never_held_up() -> None:
    hour = Hour()
    hour.begin(PER_HOST * 3)
    assert hour.least(skill=UNDO) is Answer.GO


@pytest.mark.parametrize(("done", "answer"), [(9, Answer.GO), (10, Answer.ASK1), (29, Answer.ASK1), (30, Answer.DENY)])
def test_ten_on_one_host_ask_and_thirty_refuse(done: int, answer: Answer) -> None:
    hour = Hour()
    hour.begin(done)
    assert hour.least(skill="clean_package_cache") is answer


def test_thirty_in_the_fleet_ask() -> None:
    hour = Hour()
    for number in range(PER_FLEET):
        hour.begin(1, f"web-{number}", ending=Ending.FIXED)
    assert hour.least("mail") is Answer.ASK1


@given(st.integers(0, 500), st.integers(1, 50))
def test_one_repair_more_never_moves_an_answer_to_the_left(done: int, limit: int) -> None:
    before, after = (one.least if (one := cap(n, limit, "there")) else Answer.GO for n in (done, done + 1))
    assert stricter(before, after) is after


def test_how_many_at_once_doubles_with_what_was_verified() -> None:
    assert [at_once(n) for n in (0, 1, 2, 3, 6, 7, 14, 15)] == [1, 2, 2, 4, 4, 8, 8, 16]


def test_a_second_host_waits_for_the_first_unless_a_person_said_yes() -> None:
    hour = Hour()
    hour.begin(1, "web-2", ending=None)
    alone = hour.question()
    with pytest.raises(BusyError):
        hour.caps.require_turn(alone)
    hour.caps.require_turn(replace(alone, by=("li",)))
    with pytest.raises(BusyError):
        hour.caps.require_turn(replace(alone, by=("li",), order="O-K7Q2MD"))


def test_what_was_verified_elsewhere_lets_the_next_begin() -> None:
    hour = Hour()
    hour.begin(1, "web-2", ending=Ending.FIXED)
    hour.begin(1, "web-3", ending=None)
    hour.caps.require_turn(hour.question())
    hour.begin(1, "web-4", ending=None)
    with pytest.raises(BusyError):
        hour.caps.require_turn(hour.question())


def test_what_failed_on_another_host_asks_for_an_hour() -> None:
    hour = Hour()
    hour.begin(1, "web-2", ending=Ending.WORSE)
    assert hour.least() is Answer.ASK1
    hour.store.clock.advance(timedelta(hours=1).total_seconds() + 1)
    assert hour.least() is Answer.GO
