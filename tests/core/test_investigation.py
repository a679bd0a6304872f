"""One investigation: its steps, its bounds, where it may look, and what it is told; whole nights of it are in tests/nights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from adapters.brain_openai import OpenAIBrain
from bot.minds import Minds
from core.alert import Alert, AlertStatus, Signal
from core.briefing import MOST_CARDS, MOST_HOSTS, MOST_TOKENS, card_of, near
from core.budget import Budget, Cap, Scope, tokens_in, tokens_of
from core.incident import Ending
from core.inventory import UNREACHED, HostEntry, Inventory
from core.investigation import MOST_LOOKS, MOST_TURNS
from core.model import ANSWER, LONG_ANSWER, ModelReply, Role
from core.model_gateway import Terms
from core.proposal import Choices
from core.skill_manifest import Skill
from tests.fakes.brain import FakeBrain
from tests.fakes.clock import FakeClock
from tests.fakes.runbooks import FakeRunbooks
from tests.model_servers.openai import OpenAIServer, Raw, Say, refused
from tests.nights.night import Night, Play, disk_full_on
from tests.nights.remedies import looks, rotate_logs, skill
from tests.nights.scripted_brain import Said, Scripted, always, call, calls, look, propose, shown


def reads_log() -> Skill:
    """A looker that a model has to give a path."""
    body = "return Outcome(ok=True, summary=host.read(path)[:2000])"
    header: Mapping[str, list[str] | str] = {"looks_at": ["backup.age"], "risk": "low"}
    return skill("look_at_log", body, "fs.read:/var/log/*", parameters=", path: str", **header)


def repairs(count: int = 1) -> list[Skill]:
    """So many repairs that no rule and no word leads to."""
    made = [rotate_logs(f"rotate_logs_{n}" if n else "rotate_logs", cures=["backup.age"]) for n in range(count)]
    return [replace(one, triggers=("nothing of the kind",)) for one in made]


def night_with(brain: Scripted, minds: Minds | None = None, count: int = 1) -> Night:
    """A full disk that only the brain could explain."""
    return Night(disk_full_on("web-1"), [looks(), reads_log(), *repairs(count)], minds=minds or brain.minds())


LATER = ("ask", "look around", "hand over")
"""Steps of the story that come after it."""


def steps_of(night: Night) -> list[str]:
    """The steps of the first leg that an investigation made."""

    def told(play: Play) -> list[str]:
        (first,) = [one for name, one in play.store.shelf.journals.items() if "investigate" in name][:1]
        return [name for name, _ in first]

    names = night.both(told)
    return [name for name in names[names.index("may the brain be asked") :] if name not in LATER]


# ---- steps --------------------------------------------------------------------------------------------------------------------------


def test_every_turn_and_every_look_is_a_step_of_its_own() -> None:
    two = calls(call("look_at_logs"), call("look_at_log", path="/var/log/app.log"))
    night = night_with(always(two, propose("rotate_logs")))
    assert steps_of(night) == [
        "may the brain be asked",
        "brief the brain",
        "brain 1",
        "look 1.1 look_at_logs",
        "look 1.2 look_at_log",
        "brain 2",
        "prepare 2 rotate_logs",
    ]


def test_the_same_look_is_made_once_however_it_is_written() -> None:
    again = calls(
        call("look_at_log", host="web-1", path="/var/log/app.log"), call("look_at_log", path="/var/log/app.log")
    )
    brain = always(look("look_at_log", path="/var/log/app.log"), again, propose("rotate_logs"))
    night = night_with(brain)
    assert [step for step in steps_of(night) if step.startswith("look ")] == ["look 1.1 look_at_log"]
    assert [turn.text.startswith("You made this look before") for turn in brain.asked[2].turns[-2:]] == [True, True]


def test_every_call_is_answered_under_an_id_of_ours() -> None:
    brain = always(calls(call("look_at_logs"), call("nonsense"), call("hand_over", reason="x")), propose("rotate_logs"))
    night_with(brain)
    *_, said, first, second, third = brain.asked[1].turns
    assert [one.id for one in said.calls] == ["c00010001", "c00010002", "c00010003"]
    assert [one.answers for one in (first, second, third)] == ["c00010001", "c00010002", "c00010003"]
    assert second.text.startswith("There is no such tool")
    assert third.text.startswith("Not taken: you also called for looks")


def test_a_model_that_thought_until_its_tokens_were_used_up_gets_more() -> None:
    brain = always(ModelReply("", is_cut=True), propose("rotate_logs"))
    assert night_with(brain).asked.proposal is not None
    assert [one.most_tokens for one in brain.asked[:2]] == [ANSWER, LONG_ANSWER]
    assert "cut off" in brain.asked[1].turns[-1].text


def test_two_answers_at_once_are_none() -> None:
    brain = always(calls(call("hand_over", reason="a"), call("hand_over", reason="b")), propose("rotate_logs"))
    night = night_with(brain)
    assert night.asked.proposal is not None
    assert "Only one answer ends" in brain.asked[1].turns[-1].text


# ---- bounds -------------------------------------------------------------------------------------------------------------------------


def test_no_more_looks_are_made_than_so_many() -> None:
    def many(turn: int) -> ModelReply:
        return calls(*(call("look_at_log", path=f"/var/log/{turn}-{n}.log") for n in range(8)))

    brain = always(many(1), many(2), many(3), many(4))
    night = night_with(brain)
    assert len([step for step in steps_of(night) if step.startswith("look ")]) == MOST_LOOKS
    assert [tool.name for tool in brain.asked[2].tools] == ["propose", "report_gap", "ask_person", "hand_over"]
    assert night.report.ending is Ending.HANDED_OVER


def test_no_more_turns_are_taken_than_so_many_and_the_last_can_only_answer() -> None:
    brain = always(propose("mend_everything"))
    night = night_with(brain)
    assert len([step for step in steps_of(night) if step.startswith("brain ")]) == MOST_TURNS
    assert "look_at_log" in [tool.name for tool in brain.asked[0].tools]
    assert "look_at_log" not in [tool.name for tool in brain.asked[MOST_TURNS - 1].tools]
    assert night.report.ending is Ending.HANDED_OVER


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("It is fixed.", "You called no tool"),
        (calls(call("propose", skill="rotate_logs")), "evidence must have at least one line"),
        (calls(call("run_anything", argv=["sh"])), "There is no such tool"),
        (calls(call("look_at_log", path="/var/log/a", force=True)), "no parameter 'force'"),
        (calls(call("look_at_log", path="/var/log/a", host="nowhere")), "host must be one of web-1"),
        (calls(call("rotate_logs")), "There is no such tool"),
    ],
)
def test_an_answer_that_cannot_be_used_is_sent_back_twice_and_then_given_up(says: Said, why: str) -> None:
    brain = always(says)
    night = night_with(brain)
    assert len([step for step in steps_of(night) if step.startswith("brain ")]) == 3
    assert why in shown(brain.asked[1])
    assert night.report.evidence[-1].source == "brain"
    assert night.report.evidence[-1].text.startswith("it gave no answer that can be used, 3 times; last: ")
    assert night.host("web-1").effects == []


def test_an_answer_that_is_mended_in_time_counts() -> None:
    night = night_with(always("well…", calls(call("propose", skill="rotate_logs")), propose("rotate_logs")))
    assert night.asked.proposal is not None


def test_what_may_be_spent_ends_it_and_what_was_seen_is_kept() -> None:
    brain = always(look("look_at_logs"), look("look_at_log", path="/var/log/app.log"), propose("rotate_logs"))
    night_with(brain)
    enough_for_one = tokens_in(brain.asked[0]) + 300
    minds = replace(brain.minds(), terms=Terms(budget=Budget({Scope.AVATAR: Cap(enough_for_one)})))
    night = night_with(brain, minds)
    assert night.report.ending is Ending.HANDED_OVER
    said = [one.text for one in night.report.evidence if one.source == "brain"]
    assert said[0] == "looked with look_at_logs"
    assert said[-1].startswith("asked no further: the budget for models is used up")


def test_a_budget_that_is_empty_is_said() -> None:
    brain = always(propose("rotate_logs"))
    minds = replace(brain.minds(), terms=Terms(budget=Budget({Scope.DAY: Cap(10)})))
    night = night_with(brain, minds)
    assert brain.asked == []
    assert "the budget for models is used up" in night.report.evidence[-1].text


# ---- what it is told ----------------------------------------------------------------------------------------------------------------


def claim(text: str, labels: Sequence[tuple[str, str]] = ()) -> Alert:
    """What somebody outside says of the full disk."""
    signal = Signal.parse("dns.failed:shop.example")
    return Alert(
        "a1", "web-1", signal, "claim:prom", AlertStatus.FIRING, FakeClock().now(), text=text, labels=tuple(labels)
    )


@pytest.mark.parametrize("letter", ["x", "磁", "<<<", "\u202e", "password=a "])
def test_an_alert_of_a_megabyte_is_cut_and_the_whole_stays_within_its_bound(letter: str) -> None:
    text = letter * (1_000_000 // len(letter))
    brain = always(calls(call("hand_over", reason="too much")))
    books = FakeRunbooks(**{f"dns{n}": "# DNS failed\n" + "解析失败 dns resolver " * 9000 for n in range(4)})
    minds = Minds(brain=FakeBrain(brain), runbooks=books)
    skills = [looks(), reads_log(), *repairs(60)]
    told = claim(text, [(text[:200], text)])
    night = Night(disk_full_on("web-1"), skills, minds=minds, first=lambda play: play.take_in(told))
    assert night.both(lambda play: len(play.store.incidents.incidents(only_open=False, limit=9))) == 2
    rules, about = next(one.turns[:2] for one in brain.asked if "dns.failed" in one.turns[1].text)
    assert tokens_of(rules.text + about.text) <= MOST_TOKENS
    assert about.text.count("<<<") == about.text.count(">>>") <= 5
    assert "more characters were left out" in about.text
    assert about.text.count("\n- rotate_logs") <= MOST_CARDS
    assert "words of runbook dns0.md" in about.text


def test_it_is_told_who_measured_what_and_what_it_may_choose_from() -> None:
    brain = always(propose("rotate_logs"))
    night_with(brain)
    about = brain.asked[0].turns[1].text
    assert "Incident on web-1, round 1, at 2026-" in about
    assert "Mode of this host: approve. Our own measurement: 97 (limit 90)." in about
    assert "signal disk.used_percent:/" in about
    assert 'What rules say: "I know no cure for disk.used_percent:/"' in about
    assert "look_at_logs: 2 files in /var/log" in about
    assert "Other repairs, by name: rotate_logs" in about
    assert [turn.role for turn in brain.asked[0].turns] == [Role.SYSTEM, Role.USER]
    assert (brain.asked[0].must_call, brain.asked[0].prompt) == (True, "diagnose@2+incident@1")


def test_it_writes_in_the_language_of_the_team() -> None:
    brain = always(propose("rotate_logs"))
    night_with(brain, replace(brain.minds(), language="zh"))
    assert "Write words for people in Chinese" in brain.asked[0].turns[0].text


def test_a_card_has_signature_risk_and_conditions() -> None:
    made = rotate_logs(when=["seen_files >= 2"], lookers=["look_at_logs"])
    assert card_of(made) == (
        "- rotate_logs(): rotate_logs for a night. [medium risk; for disk.used_percent; only where seen_files >= 2]"
    )


# ---- where it may look --------------------------------------------------------------------------------------------------------------


def test_it_looks_at_the_host_what_it_talks_to_what_talks_to_it_and_its_groups() -> None:
    inventory = Inventory(
        (
            HostEntry("web-1", groups=("web",), talks_to=("db-1", "far-1")),
            HostEntry("web-2", groups=("web",)),
            HostEntry("db-1", groups=("db",), talks_to=("san-1",)),
            HostEntry("san-1", groups=("san",)),
            HostEntry("lb-1", groups=("lb",), talks_to=("web-1",)),
            HostEntry("far-1", groups=("far",), reach=UNREACHED),
            HostEntry("payroll", groups=("office",)),
        )
    )
    assert near(inventory, "web-1") == ("web-1", "db-1", "san-1", "lb-1", "web-2")
    assert near(inventory, "far-1") == ()
    assert near(inventory, "nobody") == ()


def test_a_group_of_many_is_not_all_offered() -> None:
    inventory = Inventory(tuple(HostEntry(f"web-{n}", groups=("web",)) for n in range(500)))
    assert len(near(inventory, "web-7")) == MOST_HOSTS
    assert near(inventory, "web-7")[0] == "web-7"


# ---- over the wire ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refused(401, "Incorrect API key provided"), "refuses the key; set BRAIN_API_KEY"),
        (refused(404, "The model `scripted` does not exist", "model_not_found"), "there is no model 'scripted'"),
        (Raw(b"<html>bad gateway</html>", 200), ""),
    ],
    ids=["wrong key", "model not there", "no JSON"],
)
def test_a_service_that_says_no_leaves_the_night_to_a_person_and_says_why(answer: Raw, why: str) -> None:
    with OpenAIServer(answer) as server:
        night = night_with(
            always(""), Minds(brain=OpenAIBrain(server.url, "scripted", "sk-wrong-key-0123456789abcdef"))
        )
    assert night.report.ending is Ending.HANDED_OVER
    assert night.report.reason == "I know no cure for disk.used_percent:/"
    assert night.report.evidence[-1].source == "brain"
    assert why in night.report.evidence[-1].text
    assert "0123456789abcdef" not in str(night.report)


def test_a_service_that_calls_tools_is_heard_over_the_wire() -> None:
    wanted = call("propose", skill="rotate_logs", parameters={}, evidence=["full"], expects="room", why="old logs")
    script = [Say(calls=(("look_at_logs", {}),)), Say(calls=(("propose", wanted.arguments),))]

    def answer(body: dict[str, object]) -> Say:
        turns = body["messages"]
        return script[min(len(turns) // 4, 1)] if isinstance(turns, list) else script[1]

    with OpenAIServer(script=answer) as server:
        night = night_with(always(""), Minds(brain=OpenAIBrain(server.url, "scripted", "k")))
    assert night.asked.proposal is not None
    assert night.asked.proposal.skill == "rotate_logs"


# ---- where rules found several ------------------------------------------------------------------------------------------------------


def two_that_would_do() -> list[Skill]:
    """Rules cannot tell which."""
    return [rotate_logs("rotate_a"), rotate_logs("rotate_b")]


def test_of_several_that_rules_found_the_brain_may_propose_one() -> None:
    brain = always(propose("rotate_b"))
    night = Night(disk_full_on("web-1"), two_that_would_do(), minds=brain.minds())
    assert night.asked.proposal is not None
    assert night.asked.proposal.skill == "rotate_b"
    assert "What rules say: not clear which of rotate_a, rotate_b" in brain.asked[0].turns[1].text


@pytest.mark.parametrize("says", ["prose", calls(call("hand_over", reason="I cannot tell either"))])
def test_where_it_cannot_tell_either_a_person_still_has_the_choice(says: Said) -> None:
    night = Night(disk_full_on("web-1"), two_that_would_do(), minds=always(says).minds())
    assert isinstance(night.asked.asks, Choices)
    assert night.asked.asks.skills == ("rotate_a", "rotate_b")
    assert night.asked.asks.evidence[-1].source == "brain"
