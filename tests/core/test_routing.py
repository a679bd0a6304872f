"""From words to skills: what is found, what is refused, and what people taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.calibration import Gates
from core.routing import Router
from core.skill_manifest import Skill, SkillState
from core.trigger import LearnedTrigger
from tests.bench.many_skills import many_skills
from tests.routing.score import our_skills

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MORE = many_skills(300)


@pytest.fixture(scope="module")
def router() -> Router:
    """Over what comes with Nightshift."""
    return Router(our_skills())


def names(router: Router, words: str) -> list[str]:
    """What could be meant, best first."""
    return [match.skill.name for match in router.shortlist(words)]


def learned(skill: str, text: str, *, is_wrong: bool = False, after: int = 0) -> LearnedTrigger:
    """What somebody's decision showed."""
    return LearnedTrigger(f"{skill}{after}", skill, text, "li", NOW + timedelta(minutes=after), is_wrong)


@pytest.mark.parametrize(
    ("words", "skill"),
    [
        ("No space left on device, old logs everywhere", "free_rotated_logs"),
        ("ＮＧＩＮＸ ５０２ ＢＡＤ ＧＡＴＥＷＡＹ", "start_dead_upstream"),
        ("磁碟滿了,幫我清理日誌", "free_rotated_logs"),
        ("!!!redis挂了???", "start_redis"),
        ("Web-3 的 PostgreSQL 连接数打满 FATAL: sorry, too many clients already", "end_idle_sessions"),
        ("java.io.IOException: Too many open files", "restart_leaking_service"),
    ],
)
def test_words_as_people_write_them_find_their_skill(router: Router, words: str, skill: str) -> None:
    assert names(router, words)[0] == skill


def test_a_match_says_which_trigger_spoke_for_it(router: Router) -> None:
    best = router.shortlist("the certificate expires soon")[0]
    assert best.text in best.skill.triggers
    assert best.score > 0.5


@pytest.mark.parametrize(
    "words",
    [
        "book me a flight to Berlin",
        "扩容到五个实例",
        "明天天气怎么样",
        "",
        "   ",
        "\0",
        "\ud800",
        "🔥🔥🔥",
        "的了吗",
        "97 98 99",
    ],
)
def test_what_nobody_serves_is_refused(router: Router, words: str) -> None:
    assert router.shortlist(words) == ()
    assert not router.is_clear(router.shortlist(words))


@pytest.mark.parametrize(
    "words", ["drop the users table", "roll back the release to v2.3.1", "把用户表删了", "rm -rf /"]
)
def test_what_only_sounds_like_something_is_never_clear(router: Router, words: str) -> None:
    assert not router.is_clear(router.shortlist(words))


@pytest.mark.parametrize("words", ["book me a flight to Berlin", "订张去东京的机票", "write a poem about the sea"])
def test_the_floor_means_the_same_among_thirty_skills_and_among_hundreds(words: str) -> None:
    few, many = Router(our_skills()[:30]), Router((*our_skills(), *MORE))
    assert not few.is_clear(few.shortlist(words))
    assert not many.is_clear(many.shortlist(words))


@pytest.mark.parametrize("words", ["disk full, delete the old logs", "磁盘满了清理日志"])
def test_hundreds_of_other_skills_do_not_hide_the_right_one(words: str) -> None:
    assert names(Router((*our_skills(), *MORE)), words)[0] == "free_rotated_logs"


def test_without_skills_nothing_is_meant() -> None:
    assert Router(()).shortlist("disk full") == ()


@pytest.mark.parametrize("state", [SkillState.CHANGED, SkillState.DRAFT, SkillState.QUARANTINED, SkillState.RETIRED])
def test_a_skill_that_may_not_run_is_not_named(state: SkillState) -> None:
    skills = [replace(skill, state=state) for skill in our_skills() if skill.name == "start_redis"]
    assert Router(skills).shortlist("redis is down") == ()


def test_two_that_stand_alike_are_not_clear() -> None:
    one = next(skill for skill in our_skills() if skill.name == "start_redis")
    router = Router((one, replace(one, name="start_cache"), *MORE))
    found = router.shortlist("redis is down")
    assert {match.skill.name for match in found[:2]} == {"start_redis", "start_cache"}
    assert not router.is_clear(found)


def test_only_a_lead_beyond_the_margin_is_clear(router: Router) -> None:
    found = router.shortlist("redis is down")
    assert router.is_clear(found)
    assert not Router(our_skills(), gates=Gates(margin=0.9)).is_clear(found)
    assert not Router(our_skills(), gates=Gates(clear=0.99)).is_clear(found)


# ---- what people taught -----------------------------------------------------------------------------------------------------------


def test_what_was_approved_once_is_found_in_those_words_again() -> None:
    words = "die Platte läuft über"
    assert Router(our_skills()).shortlist(words) == ()
    assert names(Router(our_skills(), [learned("free_rotated_logs", words)]), words) == ["free_rotated_logs"]


def test_what_was_said_not_to_mean_a_skill_does_not_mean_it() -> None:
    words = "redis is down"
    taught = Router(our_skills(), [learned("start_redis", words, is_wrong=True)])
    assert "start_redis" in names(Router(our_skills()), words)
    assert "start_redis" not in names(taught, words)
    assert "start_redis" in names(taught, "connection refused on port 6379")


def test_of_two_who_said_opposite_things_the_later_counts() -> None:
    words = "redis is down"
    both = [learned("start_redis", words, is_wrong=True), learned("start_redis", words, after=1)]
    assert names(Router(our_skills(), both), words)[0] == "start_redis"
    assert names(Router(our_skills(), reversed(both)), words)[0] == "start_redis"


def test_what_was_learned_for_a_skill_that_is_gone_changes_nothing(router: Router) -> None:
    taught = Router(our_skills(), [learned("a_skill_of_last_year", "redis is down")])
    assert names(taught, "redis is down") == names(router, "redis is down")


# ---- meaning ----------------------------------------------------------------------------------------------------------------------


def meaning(skill: Skill) -> tuple[Router, Sequence[float]]:
    """A router that is told that one skill alone is meant."""
    texts = Router(our_skills()).texts
    likeness = [1.0 if text in skill.triggers else 0.0 for text in texts]
    return Router(our_skills(), by_meaning=lambda _: likeness), likeness


def test_meaning_decides_among_what_the_letters_allow() -> None:
    second = Router(our_skills()).shortlist("disk full")[1].skill
    assert names(meaning(second)[0], "disk full")[0] == second.name


def test_meaning_alone_brings_nothing_over_the_floor() -> None:
    assert meaning(our_skills()[0])[0].shortlist("book me a flight to Berlin") == ()


@pytest.mark.parametrize("likeness", [(), (0.5,), (0.5,) * 7])
def test_while_meaning_is_still_learned_the_letters_decide(router: Router, likeness: tuple[float, ...]) -> None:
    learning = Router(our_skills(), by_meaning=lambda _: likeness)
    assert learning.shortlist("disk full") == router.shortlist("disk full")
