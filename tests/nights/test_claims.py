"""Nights that begin with somebody else's word: our own measurement decides, and where there is none nothing counts as proven."""

from __future__ import annotations

from dataclasses import replace

from core.alert import AlertStatus
from core.approval import Verdict
from core.card import CardKind
from core.incident import Ending
from core.inventory import Mode
from tests.nights.night import GOOD, PULSE, Night, Play, Trouble, disk_full_on
from tests.nights.remedies import ROTATED, rotate_logs

CLAIM = "claim:prometheus"


def claimed() -> Trouble:
    """A full disk that we can measure as well."""
    return disk_full_on("web-1").said_by(CLAIM)


def unmeasured() -> Trouble:
    """A full disk of which there is only the word of another."""
    return replace(claimed(), measure=None)


def over(night: Night) -> None:
    """The source says that it is over."""
    night.both(lambda play: play.say(AlertStatus.RESOLVED))


def blind_but_told(play: Play) -> None:
    """From here on we measure nothing, and the source says that it is over."""
    play.say(AlertStatus.RESOLVED)
    play.probe.is_broken = True


def seeing(play: Play) -> None:
    """We measure again."""
    play.probe.is_broken = False


def test_a_claim_that_we_measure_as_bad_is_repaired_and_proven() -> None:
    night = Night(claimed(), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, len(night.report.proof)) == (Ending.FIXED, 3)


def test_a_claim_that_our_measurement_refutes_asks_nobody() -> None:
    night = Night(replace(claimed(), measure=lambda _host: GOOD), skills=[rotate_logs()])
    assert night.report.ending is Ending.WENT_AWAY
    assert "measured here as 41, which is fine" in night.report.reason
    assert night.cards == [CardKind.REPORT]
    assert night.host("web-1").effects == []


def test_the_source_may_call_it_over_but_what_we_measure_as_bad_is_not() -> None:
    night = Night(replace(claimed(), measure=lambda _host: 97.0), skills=[rotate_logs()])
    over(night)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER


def test_what_nobody_can_measure_is_asked_even_in_auto_and_ends_unproven_and_uncounted() -> None:
    night = Night(unmeasured(), skills=[rotate_logs()], mode=Mode.AUTO)
    night.both(lambda play: play.before.update({"watch": lambda p: p.say(AlertStatus.RESOLVED)}))
    night.answer(Verdict.APPROVED)
    assert (night.report.ending, night.report.proof) == (Ending.UNPROVEN, ())
    assert night.host("web-1").effects == [f"delete {ROTATED}"]
    assert night.verified == {"rotate_logs": 0}


def test_what_is_unproven_is_thought_out_again_the_next_time() -> None:
    night = Night(unmeasured(), skills=[rotate_logs()])
    night.before("watch", lambda play: play.say(AlertStatus.RESOLVED))
    night.answer(Verdict.APPROVED)
    night.break_again()
    assert night.asked.proposal is not None
    assert night.asked.proposal.tier == "rules"


def test_what_nobody_can_measure_and_its_source_goes_on_about_is_handed_over() -> None:
    night = Night(unmeasured(), skills=[rotate_logs()])
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.tried == ("rotate_logs: still bad",)


def test_a_source_that_says_over_before_the_act_leaves_nothing_to_do() -> None:
    night = Night(unmeasured(), skills=[rotate_logs()])
    over(night)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.WENT_AWAY
    assert night.host("web-1").effects == []


def test_words_of_the_source_and_one_look_of_ours_are_no_proof() -> None:
    night = Night(claimed(), skills=[rotate_logs()])
    night.before("watch", blind_but_told)
    night.both(lambda play: play.decide(Verdict.APPROVED, "li", ""))
    night.both(Play.pulse)
    night.wait(PULSE)
    night.both(seeing)
    night.settle()
    assert (night.report.ending, len(night.report.proof)) == (Ending.FIXED, 3)
