"""Contract of port Memory."""

from __future__ import annotations

import pytest

from core.incident import Ending
from tests.contracts.nouns import episode
from tests.stores import Case

F, G = "f" * 16, "web"


def remember(case: Case, *endings: Ending | None, skill: str = "free_rotated_logs") -> None:
    """One episode a second."""
    for number, ending in enumerate(endings):
        now = case.clock.advance(1)
        case.store.memory.remember(episode(f"{skill}{number}{now}", now, ending, skill=skill))


def test_successes_are_counted_since_the_last_failure(case: Case) -> None:
    remember(case, Ending.FIXED, Ending.WORSE, Ending.FIXED, Ending.FIXED)
    (recall,) = case.store.memory.recall(F, G)
    assert (recall.verified, recall.last, recall.is_earned) == (2, case.clock.now(), False)


@pytest.mark.parametrize("ending", [Ending.WORSE, Ending.STILL_BAD, Ending.FAILED, Ending.HANDED_OVER])
def test_a_failure_takes_trust_away(case: Case, ending: Ending) -> None:
    remember(case, Ending.FIXED, Ending.FIXED, Ending.FIXED, ending)
    assert case.store.memory.recall(F, G)[0].verified == 0


@pytest.mark.parametrize("ending", [Ending.UNPROVEN, Ending.WENT_AWAY, Ending.REJECTED])
def test_what_proves_nothing_counts_for_nothing(case: Case, ending: Ending) -> None:
    remember(case, Ending.FIXED, ending)
    assert case.store.memory.recall(F, G)[0].verified == 1


def test_best_first_and_a_choice_is_remembered(case: Case) -> None:
    remember(case, Ending.FIXED, skill="once")
    remember(case, Ending.FIXED, Ending.FIXED, skill="twice")
    remember(case, None, skill="picked")
    remember(case, Ending.WORSE, skill="never")
    recalls = case.store.memory.recall(F, G)
    assert [recall.skill for recall in recalls] == ["twice", "once", "picked", "never"]
    assert [recall.was_picked for recall in recalls] == [False, False, True, False]


def test_another_fault_or_group_is_not_recalled(case: Case) -> None:
    remember(case, Ending.FIXED)
    assert case.store.memory.recall("0" * 16, G) == ()
    assert case.store.memory.recall(F, "db") == ()


def test_the_same_id_again_changes_nothing(case: Case) -> None:
    now = case.clock.now()
    case.store.memory.remember(episode("e1", now))
    case.store.memory.remember(episode("e1", now, Ending.WORSE))
    assert case.store.memory.recall(F, G)[0].verified == 1


def test_a_search_finds_all_words_newest_first(case: Case) -> None:
    old = episode("e1", case.clock.now(), text="web-1 disk FULL of logs")
    new = episode("e2", case.clock.advance(5), text="web-1 disk full again, 100% _ \\ 磁盘")
    case.store.memory.remember(old)
    case.store.memory.remember(new)
    assert case.store.memory.search("full disk", 9) == (new, old)
    assert case.store.memory.search("disk", 1) == (new,)
    assert case.store.memory.search("100% _ \\ 磁盘", 9) == (new,)
    assert case.store.memory.search("absent", 9) == ()


@pytest.mark.parametrize("ending", [Ending.WRONG, Ending.UNDONE])
def test_what_a_person_said_or_took_back_later_in_the_same_instant_takes_trust_away(case: Case, ending: Ending) -> None:
    now = case.clock.now()
    case.store.memory.remember(episode("e1", now))
    case.store.memory.remember(episode(f"e1:{ending}", now, ending))
    assert case.store.memory.recall(F, G)[0].verified == 0


def test_what_became_of_one_text_of_a_skill_in_one_group(case: Case) -> None:
    remember(case, Ending.FIXED, None, Ending.WORSE)
    remember(case, Ending.FIXED, skill="another")
    sha256 = case.store.memory.recall(F, G)[0].sha256
    found = case.store.memory.episodes(G, "free_rotated_logs", sha256)
    assert [one.ending for one in found] == [Ending.WORSE, Ending.FIXED]
    assert case.store.memory.episodes("db", "free_rotated_logs", sha256) == ()
    assert case.store.memory.episodes(G, "free_rotated_logs", "0" * 63) == ()
