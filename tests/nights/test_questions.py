"""What only a person knows: a model asks, a person answers or does not, and the next round begins with the answer."""

from __future__ import annotations

import pytest

from bot.messages import words_of
from bot.messages.digest_card import digest_card
from core.approval import Answer, Verdict
from core.card import CardKind
from core.errors import InvalidError
from core.incident import Ending
from core.pause import PauseKind
from core.proposal import Proposal, Question, Tier
from core.skill_manifest import Skill
from core.world import Json
from tests.nights.night import Night, disk_full_on
from tests.nights.remedies import rotate_logs, says_fixed, skill
from tests.nights.scripted_brain import Said, Scripted, call, calls, propose, shown
from tests.nights.test_morning import told

ELSEWHERE = "memory.used_percent"
ASKED = "May the rotated logs go?"
REMEDIES = [rotate_logs(cures=[ELSEWHERE]), says_fixed(cures=[ELSEWHERE])]


def ask(question: str = ASKED, *options: Json) -> Said:
    """A turn that ends with a question."""
    return calls(call("ask_person", question=question, options=[*options]))


GIVES_UP = calls(call("hand_over", reason="I know no more"))


def question_night(brain: Scripted, skills: list[Skill] | None = None) -> Night:
    """A full disk for which no rule matches."""
    return Night(disk_full_on("web-1"), skills=skills or REMEDIES, minds=brain.minds())


def test_a_question_is_a_row_and_a_card_and_its_answer_begins_the_next_round() -> None:
    brain = Scripted({1: [ask(ASKED, "yes", "no")], 2: [propose("rotate_logs")]})
    night = question_night(brain)
    asked = night.asked
    assert isinstance(asked.asks, Question)
    assert (asked.asks.text, asked.asks.options, asked.answer) == (ASKED, ("yes", "no"), Answer.ASK1)
    assert night.cards == [CardKind.QUESTION]
    night.answer(Verdict.ANSWERED, by="mia", why="yes, they are shipped elsewhere")
    assert isinstance(night.asked.asks, Proposal)
    assert (night.asked.asks.tier, night.asked.round) == (Tier.BRAIN, 2)
    told = shown(brain.asked[-1])
    assert ASKED in told
    assert "yes, they are shipped elsewhere" in told
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_who_answered_is_among_those_who_asked() -> None:
    night = question_night(Scripted({1: [ask()], 2: [propose("rotate_logs")]}))
    night.answer(Verdict.ANSWERED, by="mia", why="yes")
    assert night.asked.asked_by == ("mia",)
    assert night.asked.answer is Answer.ASK1, "an answer permits nothing"


def test_a_value_in_an_answer_is_the_models_and_a_high_risk_is_refused_for_it() -> None:
    body = 'host.write(f"/etc/shop/{name}.conf", "x")\nreturn Outcome(ok=True, summary="written")'
    writes = skill(
        "write_conf", body, "fs.write:/etc/shop/*.conf", parameters=", name: str", cures=[ELSEWHERE], risk="high"
    )
    night = question_night(Scripted({1: [ask("Which one?")], 2: [propose("write_conf", name="shop")]}), [writes])
    night.answer(Verdict.ANSWERED, by="mia", why="it is shop")
    denied = next(one for one in night.questions if isinstance(one.asks, Proposal))
    assert (denied.verdict, denied.answer) == (Verdict.DENIED, Answer.DENY)
    assert night.host("web-1").effects == []


@pytest.mark.parametrize(("verdict", "ending"), [(Verdict.EXPIRED, Ending.EXPIRED), (Verdict.TAKEN, Ending.TAKEN)])
def test_a_question_that_nobody_answers_hands_over(verdict: Verdict, ending: Ending) -> None:
    night = question_night(Scripted({1: [ask()]}))
    night.answer(verdict)
    assert night.report.ending is ending
    assert night.host("web-1").effects == []


def test_a_question_waits_as_long_as_any_card_and_is_reminded_of_once() -> None:
    night = question_night(Scripted({1: [ask()]}))
    night.wait(5 * 3600)
    assert night.cards == [CardKind.QUESTION, CardKind.REMINDER, CardKind.REPORT]
    assert night.report.ending is Ending.EXPIRED


def test_a_question_that_is_refused_is_a_no_and_the_brain_goes_on_without_it() -> None:
    night = question_night(Scripted({1: [ask()], 2: [propose("rotate_logs")]}))
    night.answer(Verdict.REJECTED, why="find out yourself")
    assert isinstance(night.asked.asks, Proposal)


def test_the_third_question_is_not_asked() -> None:
    brain = Scripted({n: [ask(f"{ASKED} ({n})")] for n in (1, 2, 3)})
    night = question_night(brain)
    for _ in range(2):
        night.answer(Verdict.ANSWERED, why="I do not know")
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.reason == "asked two questions already and still does not know"


def test_answers_use_up_no_try() -> None:
    names = ("one", "two", "three")
    skills = [says_fixed(name, cures=[ELSEWHERE]) for name in names]
    rounds: dict[int, list[Said]] = {1: [ask("a?")], 2: [ask("b?")]}
    rounds |= {number: [propose(name)] for number, name in enumerate(names, start=3)}
    night = question_night(Scripted(rounds), skills)
    for _ in range(2):
        night.answer(Verdict.ANSWERED, why="yes")
    for _ in names:
        night.answer(Verdict.APPROVED)
    assert [one.ending for one in night.incident.attempts] == [Ending.STILL_BAD] * 3
    assert night.report.ending is Ending.HANDED_OVER


def test_a_yes_is_no_answer() -> None:
    night = question_night(Scripted({1: [ask()]}))
    with pytest.raises(InvalidError):
        night.answer(Verdict.APPROVED)


def test_a_question_that_was_put_aside_is_asked_again_and_counts_once() -> None:
    brain = Scripted({n: [ask(f"{ASKED} ({n})")] for n in (1, 2, 3, 4)})
    night = question_night(brain)
    night.lay_down(PauseKind.SNOOZE, seconds=600)
    night.wait(900)
    assert isinstance(night.asked.asks, Question)
    night.answer(Verdict.ANSWERED, why="no idea")
    assert isinstance(night.asked.asks, Question)
    night.answer(Verdict.ANSWERED, why="still none")
    assert night.report.ending is Ending.HANDED_OVER


def test_a_gap_is_kept_and_said() -> None:
    gap = calls(call("report_gap", wanted="empty the journal of systemd", why="it fills the disk"))
    night = question_night(Scripted({1: [gap]}))
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.gap == "empty the journal of systemd"
    (kept,) = night.gaps
    assert (kept.wanted, kept.by, kept.incident) == ("empty the journal of systemd", "brain", night.incident.id)
    night.break_again()
    assert len(night.gaps) == 1, "the same one again is the same one"


def test_the_third_time_that_one_fault_is_handed_over_something_is_missing_for_it() -> None:
    night = Night(disk_full_on("web-1"), skills=[])
    night.break_again()
    assert night.gaps == []
    night.break_again()
    (kept,) = night.gaps
    assert (kept.wanted, kept.by) == ("something that helps with disk.used_percent:/", "nightshift")


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "What I could not do, for want of a skill: “empty the journal of systemd”."),
        ("zh", "因为缺少技能而没能做的：“empty the journal of systemd”。"),
    ],
)
def test_the_morning_message_says_what_was_missing(language: str, line: str) -> None:
    gap = calls(call("report_gap", wanted="empty the journal of systemd", why="it fills the disk"))
    digest = told(question_night(Scripted({1: [gap]})))
    assert digest.gaps == ("empty the journal of systemd",)
    assert line in digest_card(words_of(language), digest, digest.until, {}).splitlines()
