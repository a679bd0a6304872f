"""What a decision teaches the router, and what never becomes a lesson."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.approval import Verdict
from core.incident import Ending
from core.lessons import LONGEST, MOST_OF_ONE, Lessons
from core.proposal import Choices
from core.router_now import RouterNow, samples_of
from core.routing import Router
from core.task import Wished, task, wish
from core.trigger import LearnedTrigger
from tests.bot.open_night import OpenNight
from tests.contracts.nouns import approval, attempt
from tests.fakes.catalog import FakeCatalog
from tests.fakes.semantic_index import FakeSemanticIndex
from tests.routing.score import our_skills

WORDS = "Lagerhalle ausgelastet, 97 Prozent auf web-3"
MASKED = "lagerhalle ausgelastet, <n> prozent auf web-<n>"


@pytest.fixture
def night() -> OpenNight:
    """Somebody outside said something in words of their own."""
    night = OpenNight()
    told(night, WORDS)
    return night


def told(night: OpenNight, words: str, source: str = "claim:prometheus") -> None:
    """One more alert, from now on the incident of the night."""
    night.incident = night.alert(f"alert.number{night.said}", source=source, text=words)


def taught(night: OpenNight) -> list[tuple[str, str, bool]]:
    """What counts now."""
    return [(one.skill, one.text, one.is_wrong) for one in night.store.triggers.all() if one.ended is None]


def lessons(night: OpenNight) -> Lessons:
    """As the desk has them."""
    rows = night.rows
    return Lessons(rows.triggers, rows.log, rows.history, rows.clock)


def repaired(night: OpenNight, skill: str) -> None:
    """It was asked and done."""
    yes = replace(approval(night.incident, night.store.clock.now()), verdict=Verdict.APPROVED, by=("li",), why="")
    assert yes.proposal is not None
    lessons(night).decided(replace(yes, asks=replace(yes.proposal, skill=skill)))


def test_a_yes_teaches_the_words_of_the_alert_without_its_numbers(night: OpenNight) -> None:
    night.say(f"approve {night.ask().id}")
    assert taught(night) == [("free_rotated_logs", MASKED, False)]


def test_the_same_yes_told_again_teaches_nothing_more(night: OpenNight) -> None:
    asked = night.ask()
    night.say(f"approve {asked.id}")
    before = night.store.triggers.all()
    night.say(f"approve {asked.id}")
    assert night.store.triggers.all() == before


def test_a_yes_that_was_durable_before_it_was_learned_is_learned_when_it_is_told_again(night: OpenNight) -> None:
    asked = night.ask()
    night.store.approvals.decide(asked.id, Verdict.APPROVED, "li", "", night.store.clock.now())
    assert taught(night) == []
    night.say(f"approve {asked.id}")
    assert taught(night) == [("free_rotated_logs", MASKED, False)]


def test_a_pick_teaches_what_was_picked(night: OpenNight) -> None:
    night.say(f"pick {night.offer().id} 2")
    assert taught(night) == [("clean_package_cache", MASKED, False)]


def test_another_pick_after_a_no_teaches_that_the_first_was_not_meant(night: OpenNight) -> None:
    night.say(f"reject {night.ask().id}")
    assert taught(night) == []
    offered = night.ask(Choices(night.incident, 2, "localhost", ("clean_package_cache", "calm_log_runaway"), ("", "")))
    night.say(f"pick {offered.id} 1")
    assert taught(night) == [("clean_package_cache", MASKED, False), ("free_rotated_logs", MASKED, True)]


def test_a_fix_that_was_wrong_turns_the_lesson_around(night: OpenNight) -> None:
    asked = night.ask()
    night.say(f"approve {asked.id}")
    done = replace(attempt(night.store.approvals.load(asked.id), night.store.clock.now()), ending=Ending.FIXED)
    incident = replace(night.store.incidents.load(night.incident), attempts=(done,))
    lessons(night).wrong(incident, "li")
    assert taught(night) == [("free_rotated_logs", MASKED, True)]
    repaired(night, "free_rotated_logs")
    assert taught(night) == [("free_rotated_logs", MASKED, False)]


def test_our_own_measurement_has_no_words_to_learn(night: OpenNight) -> None:
    told(night, "disk /var/log is 97 % full", source="probe")
    night.say(f"approve {night.ask().id}")
    assert taught(night) == []


def test_a_command_typed_in_full_is_no_words_but_a_wish_is(night: OpenNight) -> None:
    now = night.store.clock.now()
    typed = task("t1", "li", "localhost", "run", "free_rotated_logs", typed={}, at=now, is_yes=False)
    wished = wish("t2", "li", "localhost", Wished("räum die alten Protokolle weg", ""), now)
    night.incident = night.store.intake.take_in((typed,), now)[0]
    night.say(f"approve {night.ask().id}")
    assert taught(night) == []
    night.incident = night.store.intake.take_in((wished,), now)[0]
    night.say(f"approve {night.ask().id}")
    assert taught(night) == [("free_rotated_logs", "räum die alten protokolle weg", False)]


@pytest.mark.parametrize("words", ["", "   ", "97%", "password=hunter22secret"])
def test_what_says_nothing_or_only_a_secret_is_not_kept(night: OpenNight, words: str) -> None:
    told(night, words)
    night.say(f"approve {night.ask().id}")
    assert "hunter22" not in repr(taught(night))
    assert all(text for _, text, _ in taught(night))


def test_a_secret_in_the_words_is_not_learned_with_them(night: OpenNight) -> None:
    told(night, "login to shop fails with password=hunter22secret and token ghp_abcdefghijklmnopqrstuvwxyz012345")
    night.say(f"approve {night.ask().id}")
    assert "hunter22" not in taught(night)[0][1]
    assert "ghp_" not in taught(night)[0][1]


def test_a_megabyte_of_words_is_kept_as_its_beginning(night: OpenNight) -> None:
    told(night, "wort " * 200_000)
    night.say(f"approve {night.ask().id}")
    assert len(taught(night)[0][1]) <= LONGEST


def test_of_one_skill_the_newest_twenty_count(night: OpenNight) -> None:
    for number in range(MOST_OF_ONE + 5):
        night.store.clock.advance(1)
        night.said += 1
        told(night, f"meldung {'x' * (number + 1)} im lager")
        repaired(night, "free_rotated_logs")
    counting = taught(night)
    assert len(counting) == MOST_OF_ONE
    assert counting[-1][1].count("x") == MOST_OF_ONE + 5


def test_a_list_that_does_not_verify_stands_in_nobodys_way(night: OpenNight) -> None:
    asked = night.ask()
    night.store.shelf.broken.add("list of every trigger")
    assert night.say(f"approve {asked.id}").ok
    assert night.verdict(asked) == "approved"


# ---- the router as it is now ------------------------------------------------------------------------------------------------------


def test_what_was_approved_is_understood_the_next_time(night: OpenNight) -> None:
    router_now = RouterNow(FakeCatalog(*our_skills()), night.rows.triggers)
    before = router_now()
    assert before.shortlist(WORDS) == ()
    assert router_now() is before
    night.say(f"approve {night.ask().id}")
    assert router_now() is not before
    assert router_now().shortlist(WORDS)[0].skill.name == "free_rotated_logs"


def test_a_skill_that_changed_is_indexed_anew(night: OpenNight) -> None:
    catalog = FakeCatalog(*our_skills())
    router_now = RouterNow(catalog, night.rows.triggers)
    before = router_now()
    catalog.put(replace(catalog.get("start_redis"), sha256="0" * 64, triggers=("quux",)))
    assert router_now() is not before
    assert router_now().shortlist("quux")[0].skill.name == "start_redis"


def test_a_changed_list_of_lessons_teaches_nothing(night: OpenNight) -> None:
    night.say(f"approve {night.ask().id}")
    night.store.shelf.broken.add("list of every trigger")
    assert RouterNow(FakeCatalog(*our_skills()), night.rows.triggers)().shortlist(WORDS) == ()


def test_meaning_is_learned_with_the_index_and_heard_once_it_is_there(night: OpenNight) -> None:
    semantic = FakeSemanticIndex(is_slow=True)
    router = RouterNow(FakeCatalog(*our_skills()), night.rows.triggers, semantic)()
    letters = Router(our_skills()).shortlist("disk full")
    assert router.shortlist("disk full") == letters
    semantic.finish()
    assert router.shortlist("disk full")[0].rank != letters[0].rank


def learned(night: OpenNight, words: str, skill: str, *, is_wrong: bool) -> LearnedTrigger:
    """One lesson."""
    return LearnedTrigger(words, skill, words, "li", night.store.clock.now(), is_wrong)


def test_samples_say_how_the_skills_own_words_stood_and_whether_people_agreed(night: OpenNight) -> None:
    right = learned(night, "redis is down", "start_redis", is_wrong=False)
    other = learned(night, "redis is down now", "restart_service", is_wrong=False)
    wrong = learned(night, "start redis", "start_redis", is_wrong=True)
    silent = learned(night, "start redis again", "restart_service", is_wrong=True)
    samples = list(samples_of(our_skills(), (right, other, wrong, silent)))
    assert [one.was_right for one in samples] == [True, False, False]
    assert all(one.score > 0 for one in samples)


def test_a_team_that_kept_refusing_is_asked_with_choices(night: OpenNight) -> None:
    names = ("start_redis", "start_postgres", "start_web_server")
    texts = {trigger: skill.name for skill in our_skills() if skill.name in names for trigger in skill.triggers}
    for text, skill in texts.items():
        night.store.triggers.put(learned(night, text, skill, is_wrong=True), "li", night.store.clock.now())
    router = RouterNow(FakeCatalog(*our_skills()), night.rows.triggers)()
    found = router.shortlist("the certificate expires soon")
    assert found[0].skill.name == "look_at_certificate"
    assert not router.is_clear(found)
