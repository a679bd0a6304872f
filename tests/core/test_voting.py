"""The vote within whole nights: two passes, one voice, and whatever is missing is done without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.minds import Minds
from core.approval import Verdict
from core.incident import Ending
from core.inventory import Mode
from core.model import ModelCall
from core.origin import Origin
from core.proposal import Choices, Proposal, Tier
from tests.fakes.cerebellum import FakeCerebellum
from tests.nights.night import BAD, Night, Trouble, disk_full_on
from tests.nights.remedies import looks, rotate_logs, says_fixed, skill

SITE = "http.failed:http://web-1/"
SAID = "site is down, restart the app"
RESTART = replace(says_fixed("restart_app", cures=["process.down"]), triggers=("site is down", "restart the app"))
OTHER = replace(
    says_fixed("clear_cache", cures=["memory.used_percent"]), triggers=("memory is full", "clear the cache")
)
FLAG = replace(
    skill(
        "set_flag",
        'host.write(path, "on")\nreturn Outcome(ok=True, summary="set")',
        "fs.write:{path}",
        cures=["process.down"],
        parameters=", path: str",
    ),
    triggers=("site is down", "set the flag of the app"),
)


def site(text: str = SAID) -> Trouble:
    return Trouble("web-1", SITE, {"files": {}}, lambda _host: BAD, text=text)


def local(wants: str) -> FakeCerebellum:
    return FakeCerebellum(wants)


def calls(night: Night) -> list[ModelCall]:
    return night.both(lambda play: list(play.store.shelf.model_calls.values()))


def asked(night: Night) -> Proposal:
    assert night.asked.proposal is not None
    return night.asked.proposal


def spans(choice: str) -> FakeCerebellum:
    """Picks the flag in pass 1, and that value in pass 2."""

    def reads(prompt: str) -> str:
        return {True: choice, False: "set_flag"}["Wanted:" in prompt]

    return FakeCerebellum(reads=reads)


# ---- the second pass ----------------------------------------------------------------------------------------------------------------

TWO = "site is down, set the flag /var/tmp/one.flag of the app, not /var/tmp/two.flag"


@pytest.mark.parametrize("meant", ["/var/tmp/one.flag", "/var/tmp/two.flag"])
def test_of_two_values_that_words_name_the_one_that_is_meant_is_taken_and_stays_words(meant: str) -> None:
    night = Night(site(TWO), [FLAG, OTHER], minds=Minds(cerebellum=spans(meant)))
    value = dict(asked(night).parameters)["path"]
    assert (value.value, value.origin, value.is_known) == (meant, Origin.TEXT, False)
    assert [call.prompt for call in calls(night)] == ["pick@1", "span@1"]


def test_a_value_of_which_there_is_one_is_not_asked_about() -> None:
    one = TWO.partition(", not")[0]
    night = Night(site(one), [FLAG, OTHER], minds=Minds(cerebellum=spans("/var/tmp/one.flag")))
    assert dict(asked(night).parameters)["path"].value == "/var/tmp/one.flag"
    assert [call.prompt for call in calls(night)] == ["pick@1"]


def test_where_the_second_pass_does_not_know_the_usual_order_decides() -> None:
    night = Night(site(TWO), [FLAG, OTHER], minds=Minds(cerebellum=spans("")))
    assert dict(asked(night).parameters)["path"].value == "/var/tmp/one.flag"


# ---- what is agreed must hold -------------------------------------------------------------------------------------------------------


def test_what_both_want_and_the_host_refutes_is_not_proposed() -> None:
    header = {"when": ["rotated_bytes >= 1000"], "lookers": ["look_at_logs"], "cures": ["process.down"]}
    refuted = replace(says_fixed("restart_app", **header), triggers=RESTART.triggers)
    night = Night(site(), [refuted, looks(rotated_bytes=1), OTHER], minds=Minds(cerebellum=local("restart_app")))
    assert night.report.ending is Ending.HANDED_OVER
    assert night.host("web-1").effects == []
    assert "its conditions do not hold" in " ".join(one.text for one in night.report.evidence)


def test_what_was_tried_or_refused_is_not_picked_again() -> None:
    fake = local("restart_app")
    night = Night(site(), [RESTART, OTHER], minds=Minds(cerebellum=fake))
    assert asked(night).skill == "restart_app"
    night.answer(Verdict.REJECTED)
    later = fake.asked[2:]
    cards = [prompt.rpartition("Options:")[2].partition("Alert:")[0] for prompt in later]
    assert [shown for shown in cards if "restart_app" in shown] == []


def test_a_tie_of_rules_is_settled_by_agreement_and_asked_about() -> None:
    two = [rotate_logs("rotate_app_logs"), rotate_logs("rotate_all_logs")]
    trouble = replace(disk_full_on("web-1"), text="rotate all logs of the disk")
    alone = Night(trouble, two, Mode.AUTO)
    assert isinstance(alone.asked.asks, Choices)
    assert [one.source for one in alone.asked.asks.evidence] == []
    night = Night(trouble, two, Mode.AUTO, minds=Minds(cerebellum=local("rotate_all_logs")))
    assert (asked(night).skill, asked(night).tier) == ("rotate_all_logs", Tier.CEREBELLUM)
    night.answer(Verdict.APPROVED)
    assert night.report.ending is Ending.FIXED


def test_words_alone_never_outvote_rules_that_have_judged() -> None:
    """Rules know a cure for it and found that it does not fit: its name in a text makes no button of another one."""
    header = {"when": ["rotated_bytes >= 1000"], "lookers": ["look_at_logs"], "cures": ["http.failed"]}
    unfit = replace(says_fixed("mend_site", **header), triggers=("nothing of the kind",))
    night = Night(site(), [unfit, looks(rotated_bytes=1), RESTART, OTHER], Mode.AUTO)
    assert night.report.ending is Ending.HANDED_OVER
    assert night.host("web-1").effects == []


# ---- when it is gone ----------------------------------------------------------------------------------------------------------------


def test_without_an_answer_the_night_goes_on_and_the_failure_is_kept() -> None:
    fake = local("restart_app")
    fake.broken = "the local model did not answer within 150 ms"
    night = Night(site(), [RESTART, OTHER], minds=Minds(cerebellum=fake))
    assert isinstance(night.asked.asks, Choices)
    assert {(call.error, call.said) for call in calls(night)} == {(fake.broken, "")}


def test_nothing_is_asked_while_nothing_is_wrong() -> None:
    fake = local("restart_app")
    calm = Trouble("web-1", SITE, {"files": {}}, lambda _host: 0.0)
    night = Night(calm, [RESTART], minds=Minds(cerebellum=fake))
    night.wait(3600)
    assert fake.asked == []
