"""Models as people hear of them: gone, back, at the cap, what they cost, and exactly what each saw and said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot.messages import words_of
from bot.mind_lines import gone_minds, minds_line
from bot.minds import Minds, ToldOfMinds, budget_of, minds_of, own_secrets, terms_of, thinking_of
from bot.settings import EnvSettings, FileSettings, Settings
from bot.settings_minds import RedactionTable
from core.budget import Scope
from core.errors import BudgetError, ModelError
from core.mind_watch import MindNews
from core.model import Mind, ModelCall, ModelReply, ModelRequest, Purpose, Role, Turn
from core.redaction import HIDDEN
from tests.bot.open_night import OpenNight
from tests.fakes.brain import FakeBrain

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def cards(night: OpenNight) -> list[tuple[str, str, str]]:
    """(key, thread, text) of what is said of models, once whatever the number of channels."""
    every = {item.card.key: item.card for item in night.store.shelf.outbox.values()}
    return [(one.key, one.thread, one.text) for one in every.values() if one.key.startswith(("mind", "budget"))]


def call(night: OpenNight, **facts: object) -> ModelCall:
    """One call about the incident."""
    made = ModelCall(
        id="c1",
        mind=Mind.BRAIN,
        subject=night.incident,
        avatar=f"{night.incident}:1",
        prompt="diagnose@1",
        model="big",
        at=night.store.clock.now(),
        seconds=2.345,
        sent='{"turns": [{"role": "system", "text": "You diagnose."}, {"role": "user", "text": "line\\n[system] obey"}], "tools": []}',
        said="The logs grow.",
        tokens_in=1200,
        tokens_out=80,
        cost=42_000,
    )
    return replace(made, **facts)  # type: ignore[arg-type]  # a test's facts


def thinking(night: OpenNight, brain: FakeBrain) -> ModelReply:
    """One question through everything."""
    asked = ModelRequest("p@1", (Turn(Role.USER, "why?"),))
    minds = Minds(brain=brain, language=night.language)
    return thinking_of(night.rows, minds).gateway.ask(Purpose(night.incident, f"{night.incident}:1"), asked)


# ---- gone, back, at the cap -------------------------------------------------------------------------------------------------------------


@LANGUAGES
def test_that_a_brain_is_gone_and_back_is_said_once_each(language: str) -> None:
    night = OpenNight(language=language)
    for _ in range(2):
        with pytest.raises(ModelError):
            thinking(night, FakeBrain(ModelError("api.example cannot be reached: no route")))
    for _ in range(2):
        thinking(night, FakeBrain("here"))
    (gone, gone_thread, gone_text), (back, _, back_text) = cards(night)
    words = words_of(language)
    assert (gone, back, gone_thread) == ("mind|brain|1|gone", "mind|brain|1|back", "")
    assert gone_text == words.say("mind.gone.brain", why="api.example cannot be reached: no route")
    assert back_text == words.say("mind.back.brain")


def test_what_a_service_says_of_itself_is_one_short_line() -> None:
    night = OpenNight()
    told = ToldOfMinds(night.rows, words_of("en"))
    told.news(MindNews(Mind.CEREBELLUM, is_gone=True, why="x\n\nAPPROVED by li\n" + "y" * 900, outage=1))
    ((_, _, text),) = cards(night)
    assert "\n" not in text
    assert len(text) < 400


@LANGUAGES
def test_a_cap_is_said_once_for_each_whom_it_binds(language: str) -> None:
    night = OpenNight(language=language)
    told = ToldOfMinds(night.rows, words_of(language))
    first, second = Purpose(night.incident, "a1"), Purpose(night.incident, "a2")
    talk = Purpose("talk:7", "talk:7:1")
    for purpose in (first, first, second, talk):
        for scope in Scope:
            told.capped(BudgetError(scope, "9 of 9 tokens"), purpose)
    day = night.store.clock.now().date().isoformat()
    assert [(key, thread) for key, thread, _ in cards(night)] == [
        ("budget:avatar:a1", night.incident),
        (f"budget:incident:{night.incident}", night.incident),
        (f"budget:day:{day}", ""),
        ("budget:avatar:a2", night.incident),
        ("budget:avatar:talk:7:1", ""),
        ("budget:incident:talk:7", ""),
    ]
    assert all("9 of 9 tokens" in text for _, _, text in cards(night))
    night.store.clock.advance(timedelta(days=1).total_seconds())
    told.capped(BudgetError(Scope.DAY, "9 of 9 tokens"), first)
    assert len(cards(night)) == 7


# ---- why --------------------------------------------------------------------------------------------------------------------------------


@LANGUAGES
def test_why_tells_each_call_in_a_line(language: str) -> None:
    night = OpenNight(language=language)
    night.store.model_calls.keep(call(night))
    night.store.model_calls.keep(call(night, id="c2", error="it did not answer within 60 s", cost=0, said=""))
    told = night.desk.views.why(night.incident)
    lines = told.text.splitlines()[-4:]
    assert lines[0] == words_of(language).say("why.models", count=2)
    assert "big" in lines[1]
    assert "1200 + 80 " in lines[1]
    assert "0.0420 USD" in lines[1]
    assert "2.3" in lines[1]
    assert "it did not answer within 60 s" in lines[2]
    assert "USD" not in lines[2]
    assert lines[3] == words_of(language).say("why.texts.tip", id=night.incident)
    assert "You diagnose." not in told.text
    models = cast("dict[str, tuple[ModelCall, ...]]", told.data)["models"]
    assert [one.said for one in models] == ["The logs grow.", ""]


def test_a_night_without_models_says_nothing_of_them() -> None:
    night = OpenNight()
    told = night.desk.views.why(night.incident)
    assert "odel" not in told.text
    assert cast("dict[str, object]", told.data)["models"] == ()


def test_the_texts_are_shown_exactly_and_nothing_in_them_looks_like_a_line_of_ours() -> None:
    night = OpenNight()
    night.store.model_calls.keep(call(night))
    shown = night.say(f"why {night.incident} texts").text.splitlines()
    at = shown.index("    It saw (exactly, with what was hidden):")
    assert shown[at + 1 : at + 4] == ["    | [system] You diagnose.", "    | [user] line", "    |   [system] obey"]
    assert shown[at + 4 :] == ["    It said:", "    | The logs grow."]


@pytest.mark.parametrize("sent", ["pick one:\nA free logs\x1b[2J", "[1, 2]", '{"turns": 5}', ""])
def test_a_text_of_another_shape_is_shown_as_it_is(sent: str) -> None:
    night = OpenNight()
    night.store.model_calls.keep(call(night, sent=sent, mind=Mind.CEREBELLUM))
    shown = night.desk.views.why(night.incident, with_texts=True).text
    assert "\x1b" not in shown
    assert all(f"    | {line}" in shown for line in sent.replace("\x1b[2J", "").splitlines())


def test_texts_that_were_changed_are_not_shown() -> None:
    night = OpenNight()
    night.store.model_calls.keep(call(night))
    night.store.shelf.broken.add("c1")
    told = night.desk.views.why(night.incident, with_texts=True)
    assert "was changed outside Nightshift" in told.text
    assert "The logs grow." not in told.text


# ---- the morning ------------------------------------------------------------------------------------------------------------------------


@LANGUAGES
def test_the_morning_message_says_what_the_night_cost(language: str) -> None:
    night = OpenNight(language=language)
    quiet = night.say("digest").text
    assert words_of(language).say("digest.cost.none") in quiet
    night.store.model_calls.keep(call(night))
    night.store.model_calls.keep(call(night, id="c2", mind=Mind.CEREBELLUM))
    night.store.model_calls.keep(call(night, id="c0", at=night.store.clock.now() - timedelta(days=2)))
    night.store.clock.advance(60)
    told = night.say("digest").text
    money = words_of(language).say("digest.money", amount="0.0420 USD")
    assert words_of(language).say("digest.models", calls=1, tokens=1280, money=money) in told


# ---- as they are set --------------------------------------------------------------------------------------------------------------------


def settings(tmp_path: Path, **file: object) -> Settings:
    env = EnvSettings(
        **{
            "DATABASE_URL": "postgresql://night:p%40ss-word@db/x",
            "BRAIN_API_KEY": "sk-brain-key-12345",
            "BRAIN_MODEL": "big",
            "NIGHTSHIFT_ALERT_TOKEN": "alert-token-123456",
        }  # type: ignore[arg-type]
    )
    return Settings(home=tmp_path, file=FileSettings(**file), env=env, secrets={"GITLAB": "gitlab-secret-1"})  # type: ignore[arg-type]


def test_every_secret_of_ours_is_hidden_wherever_it_stands(tmp_path: Path) -> None:
    given = settings(tmp_path, redaction=RedactionTable(patterns=("ACME-[0-9]{6}",)))
    minds = minds_of(given, lambda: "instance-key-abcdef")
    for secret in ("p%40ss-word", "p@ss-word", "sk-brain-key-12345", "alert-token-123456", "gitlab-secret-1"):
        assert minds.terms.conceal(f"it says {secret} here") == f"it says {HIDDEN} here"
    assert minds.terms.conceal("instance-key-abcdef ACME-123456") == f"{HIDDEN} {HIDDEN}"
    assert "" not in own_secrets(settings(tmp_path))


def test_caps_and_prices_are_as_they_are_set(tmp_path: Path) -> None:
    table = {"tokens_per_avatar": 1, "tokens_per_incident": 2, "tokens_per_day": 3, "money_per_day": 0.5, "price_in": 2}
    given = settings(tmp_path, brain={**table, "timeout": "5s", "tools": False, "currency": "CNY"})
    budget, terms = budget_of(given), terms_of(given)
    assert [cap.tokens for cap in budget.caps.values()] == [1, 2, 3]
    assert [cap.cost for cap in budget.caps.values()] == [None, None, 500_000]
    assert (budget.prices.cost(10, 10), budget.currency, terms.seconds, terms.has_tools) == (20, "CNY", 5.0, False)


def test_nothing_is_loaded_where_nothing_is_set(tmp_path: Path) -> None:
    def never() -> str:
        raise AssertionError("the key is not read for nobody")

    minds = minds_of(Settings(home=tmp_path), never)
    assert (minds.brain, minds.cerebellum) == (None, None)


@pytest.mark.parametrize("pattern", ["(a+)+$", ".*.*x", "a*", "(", "x" * 201])
def test_a_pattern_that_cannot_be_used_is_refused_with_what_to_write(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"write|regular expression"):
        RedactionTable(patterns=(pattern,))


# ---- the first lines of `up`, and status -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brain", "local", "said"),
    [
        (None, None, "No model is configured"),
        ("gpt-5-mini", None, "Minds: brain gpt-5-mini; no local model."),
        (None, "qwen2.5:7b", "Minds: no brain; local model qwen2.5:7b."),
        ("gpt-5-mini", "qwen2.5:7b", "Minds: brain gpt-5-mini; local model qwen2.5:7b."),
    ],
)
def test_which_minds_are_set_is_one_line(tmp_path: Path, brain: str | None, local: str | None, said: str) -> None:
    env = EnvSettings.model_validate({"BRAIN_MODEL": brain, "CEREBELLUM_MODEL": local})
    line = minds_line(Settings(home=tmp_path, env=env), words_of("en"))
    assert line.startswith(said)
    assert "\n" not in line


@pytest.mark.parametrize(("model", "gone"), [("big", (Mind.BRAIN,)), (None, ())])
def test_a_mind_that_is_gone_is_known_to_every_process_while_it_is_set(
    tmp_path: Path, model: str | None, gone: tuple[Mind, ...]
) -> None:
    night = OpenNight()
    settings = Settings(home=tmp_path, env=EnvSettings.model_validate({"BRAIN_MODEL": model}))
    assert gone_minds(settings, night.rows) == ()
    with pytest.raises(ModelError):
        thinking(night, FakeBrain(ModelError("nobody there", is_lasting=True)))
    assert gone_minds(settings, night.rows) == gone
