"""Cards: complete, short, the same in every language, and deaf to what hosts and alerts say."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Nouns, en, render, words_of, zh
from bot.messages.units import lasted, number, plain, quoted, squeezed
from core.alert import Signal
from core.approval import Answer, Verdict
from core.capability import PlannedEffect, Risk
from core.capability import Verb as CapabilityVerb
from core.card import Card, CardKind
from core.errors import UnknownError
from core.incident import Ending, Incident
from core.origin import Origin, Value
from core.proposal import Evidence, Tier
from core.report import Action, Report
from core.world import Measurement
from tests.bot.open_night import OpenNight
from tests.source_tree import ROOT, sources

GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("en", "zh")
LANGUAGE_FILE = re.compile(r"bot/messages/(?:en|zh)(?:_\w+)?\.py")
NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)


def nouns_of(night: OpenNight, **others: object) -> Nouns:
    incident = night.store.incidents.load(night.incident)
    return replace(Nouns(NOW, incident, names={"slack:U1": "li"}), **others)  # type: ignore[arg-type] # any field


def report_of(incident: Incident, ending: Ending) -> Report:
    signal = Signal.parse("disk.used_percent:/var/log")
    proof = tuple(Measurement("localhost", signal, 61.2 + n / 10, NOW + timedelta(seconds=10 * n)) for n in range(3))
    return Report(
        incident=incident.id,
        host="localhost",
        signal=str(signal),
        ending=ending,
        since=NOW - timedelta(minutes=4),
        closed=NOW + timedelta(minutes=2),
        value=97.2,
        limit=90.0,
        tier=Tier.RULES,
        decided_by=("li",),
        evidence=(Evidence("find_what_grows", "3.1 GB in 5 rotated logs below /var/log"),),
        tried=("free_rotated_logs: fixed",),
        actions=(
            Action("12", "fs.delete /var/log/app.log.1", is_undoable=False),
            Action("13", "fs.move /a /b", is_undoable=True),
        ),
        proof=proof,
        asked_seconds=64,
        repair_seconds=0.4,
        reason="",
        audit_head="ab" * 32,
        audit_count=31,
    )


def proposal(night: OpenNight, language: str) -> str:
    approval = night.ask()
    card = Card("k", CardKind.PROPOSAL, night.incident, approval.id)
    return render(card, nouns_of(night, approval=approval, has_keys=True), language)


def far_away(night: OpenNight, language: str) -> str:
    approval = night.ask()
    nouns = replace(nouns_of(night, approval=approval), hand="nightshift-hand")
    return render(Card("k", CardKind.PROPOSAL, night.incident, approval.id), nouns, language)


def high(night: OpenNight, language: str) -> str:
    asked = replace(
        night.proposal(risk=Risk.HIGH),
        parameters=(("path", Value("/srv/x", Origin.TEXT)),),
        tier=Tier.MEMORY,
        times_verified=2,
        plan=(PlannedEffect(CapabilityVerb.FS_MOVE, "/srv/x -> /srv/y", Risk.HIGH, is_reversible=True),),
    )
    approval = night.ask(asked, Answer.ASK2)
    return render(
        Card("k", CardKind.PROPOSAL, night.incident, approval.id), nouns_of(night, approval=approval), language
    )


def choices(night: OpenNight, language: str) -> str:
    approval = night.offer()
    return render(
        Card("k", CardKind.CHOICES, night.incident, approval.id),
        nouns_of(night, approval=approval, has_keys=True),
        language,
    )


def reminder(night: OpenNight, language: str) -> str:
    approval = night.ask()
    later = replace(nouns_of(night, approval=approval), now=NOW + timedelta(hours=2))
    return render(Card("k", CardKind.REMINDER, night.incident, approval.id), later, language)


def decided(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.REJECTED, by=("li",), why="not tonight", decided=NOW)
    return render(
        Card("k", CardKind.DECIDED, night.incident, approval.id), nouns_of(night, approval=approval), language
    )


def by_policy(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.APPROVED, by=("policy",), decided=NOW)
    return render(
        Card("k", CardKind.DECIDED, night.incident, approval.id), nouns_of(night, approval=approval), language
    )


def acting(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.APPROVED, by=("li",), decided=NOW)
    return render(Card("k", CardKind.ACTING, night.incident, approval.id), nouns_of(night, approval=approval), language)


def alert(night: OpenNight, language: str) -> str:
    incident = night.store.incidents.load(
        night.alert("alert.firing:High_CPU", source="claim:grafana", text="CPU at 99 %")
    )
    return render(Card("k", CardKind.ALERT, incident.id, incident.id), Nouns(NOW, incident), language)


def fixed(night: OpenNight, language: str) -> str:
    report = report_of(night.store.incidents.load(night.incident), Ending.FIXED)
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns_of(night, report=report), language)


def handed_over(night: OpenNight, language: str) -> str:
    full = report_of(night.store.incidents.load(night.incident), Ending.EXPIRED)
    report = replace(
        full,
        tier=None,
        actions=(),
        proof=(),
        decided_by=(),
        reason="nobody answered in time; nothing was done",
        tried=(),
    )
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns_of(night, report=report), language)


def stopped(_: OpenNight, language: str) -> str:
    return render(
        Card("k", CardKind.STOPPED, "", "all"),
        Nouns(NOW, stops=(("all", "slack:U1", NOW),), names={"slack:U1": "li"}),
        language,
    )


CARDS: dict[str, Callable[[OpenNight, str], str]] = {
    card.__name__: card
    for card in (
        proposal,
        far_away,
        high,
        choices,
        reminder,
        decided,
        by_policy,
        acting,
        alert,
        fixed,
        handed_over,
        stopped,
    )
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_a_card_reads_as_agreed(name: str, language: str) -> None:
    """The texts under golden/ are read by people when they change."""
    night = OpenNight()
    text = CARDS[name](night, language).replace(night.incident, "INCIDENT")
    assert text + "\n" == (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    host=st.text("abcdefghij.-", min_size=1, max_size=200),
    object_=st.text(min_size=0, max_size=280),
    name=st.sampled_from(
        sorted(
            key.removeprefix("trouble.") for key in en.WORDS if key.startswith("trouble.") and key != "trouble.other"
        )
    ),
)
def test_the_lock_screen_says_host_trouble_and_what_is_wanted(
    language: str, host: str, object_: str, name: str
) -> None:
    kind, metric = name.split(".")
    head = words_of(language).head("proposal", host, Signal(kind, metric, object_), 97.25)
    wanted = {"en": "approve?", "zh": "请批准"}[language]
    assert wanted in head[:60]
    assert head.startswith(host[:5])


def test_every_language_has_the_same_sentences_with_the_same_facts() -> None:
    def facts(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    assert {key: facts(one) for key, one in en.WORDS.items()} == {key: facts(one) for key, one in zh.WORDS.items()}
    assert len(en.UNITS) == len(zh.UNITS) == 4


def test_every_verdict_ending_state_risk_and_tier_has_words() -> None:
    wanted = [f"head.{one}" for one in (*Verdict, *Ending)]
    wanted = [key for key in wanted if key != "head.policy"]
    wanted += [f"risk.{risk.word}" for risk in Risk] + [f"tier.{tier}" for tier in Tier]
    assert [key for key in wanted if key not in en.WORDS] == []


def test_every_sentence_is_said_somewhere() -> None:
    """A key that no code names, whole or by its beginning, is dead."""
    code = "\n".join(source.text for source in sources("bot", "adapters") if not LANGUAGE_FILE.fullmatch(source.path))
    families = (
        "trouble.",
        "head.",
        "risk.",
        "tier.",
        "scope.",
        "state.",
        "help.",
        "card.next.",
        "reply.",
        "console.",
        "card.keys",
        "card.type",
        "demo.",
        "bare.",
        "effect.",
        "ending.",
        "reason.",
        "verdict.",
        "card.ask2",
        "digest.",
        "order.no.",
        "page.wanted.",
        "pause.",
        "restraint.",
        "kind.",
        "rule.",
        "self.room.",
        "waking.reason.",
        "flow.out.",
        "proven.",
        "dry.",
        "mind.",
        "status.gone.",
        "route.",
        "budget.",
    )
    assert [
        key for key in en.WORDS if f'"{key}"' not in code and f"'{key}'" not in code and not key.startswith(families)
    ] == []


@pytest.mark.parametrize(
    "path", ["bot/answers.py", "bot/chat_desk.py", "bot/deciding.py", "bot/why.py", "adapters/channel_console.py"]
)
def test_no_sentence_for_people_stands_outside_messages(path: str) -> None:
    """f-strings there join ids and names; none holds two words of prose."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    prose = [
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and not _is_raised(tree, node)
        for part in node.values
        if isinstance(part, ast.Constant) and len(str(part.value).split()) > 2
    ]
    assert prose == []


def _is_raised(tree: ast.AST, text: ast.JoinedStr) -> bool:
    raises = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return any(text is inner for node in raises for inner in ast.walk(node))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownError):
        words_of("fr")


# ---- other people's words ---------------------------------------------------------------------------------------------------------


@given(st.text(max_size=500))
def test_other_peoples_words_cannot_leave_their_quotes_or_start_a_line(text: str) -> None:
    shown = quoted(text)
    assert shown.startswith("“")
    assert shown.endswith("”")
    assert len(shown) <= 92
    assert not set(shown[1:-1]) & set("“”\n\r\x1b\u202e\u200b")


@pytest.mark.parametrize(
    ("text", "must_not"),
    [
        ("see https://evil.example/x", "https://"),
        ("@all approve this", "@all"),
        ("<!channel> approve", "<!"),
        ("\x1b[2Japprove K7Q2MD", "\x1b"),
        ("password=hunter2", "hunter2"),
        ("\u202ekcatta", "\u202e"),
        ("javascript:alert(1)", "javascript:"),
    ],
)
def test_links_mentions_and_secrets_of_a_host_are_dead(text: str, must_not: str) -> None:
    assert must_not not in quoted(text)
    assert must_not not in plain(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_host_cannot_forge_a_card(language: str) -> None:
    night = OpenNight()
    evil = "ok”\n[AAAAAA] approve AAAAAA\nRisk low. Can be undone. http://x"
    asked = replace(
        night.proposal(),
        evidence=(Evidence(evil, evil),),
        parameters=(("path", Value(evil, Origin.OBSERVED)),),
        summary=evil,
        skill="free_rotated_logs",
    )
    approval = night.ask(asked)
    text = render(
        Card("k", CardKind.PROPOSAL, night.incident, approval.id), nouns_of(night, approval=approval), language
    )
    assert not any(line.startswith(("[AAAAAA]", "Risk low")) for line in text.splitlines())
    assert "http://" not in text


# ---- numbers ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"), [(97.25, "97.2"), (97.0, "97"), (1234.5, "1234"), (None, "?"), (0.5, "0.5")]
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.4, "0.4 s"), (59, "59 s"), (64, "1 min 4 s"), (3600, "1 h"), (90061, "1 d 1 h"), (-5, "0 s")],
)
def test_times_are_told_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert lasted(seconds, en.UNITS) == text


@given(st.text(max_size=100), st.integers(2, 40))
def test_squeezed_text_is_short_and_keeps_both_ends(text: str, limit: int) -> None:
    shown = squeezed(text, limit)
    assert len(shown) <= max(limit, 2)
    assert shown[:1] == text[:1]


def test_a_name_that_nothing_answers_to_is_said_in_the_reader_s_language() -> None:
    error = UnknownError("host", "web-9", ("localhost", "db-2"))
    assert words_of("en").problem(error) == error.message
    assert words_of("zh").problem(error) == "没有叫 web-9 的主机；已知的：localhost, db-2"
    assert words_of("zh").problem(UnknownError("blob", "x")) == "unknown blob 'x'"


def test_of_many_names_those_are_said_that_are_spelled_like_it() -> None:
    known = (*(f"look_at_{one}" for one in range(30)), "restart_service", "rollback_api")
    error = UnknownError("skill", "restart-servce", known)
    assert error.message.startswith("unknown skill 'restart-servce'; known: restart_service, ")
    assert (len(error.nearest), error.nearest[-1]) == (5, "…")
    assert words_of("zh").problem(error).startswith("没有叫 restart-servce 的技能；已知的：restart_service, ")


def test_a_reason_with_a_skill_s_name_in_it_is_said_in_the_reader_s_language() -> None:
    assert words_of("en").named("rollback_api finds nothing to do", {}) == "rollback_api finds nothing to do"
    assert words_of("zh").named("rollback_api finds nothing to do", {}) == "rollback_api 没有可做的事"
