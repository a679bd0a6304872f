"""Cards for somebody who was woken: whole on one screen, whatever hosts and people are called, never cut where they decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Nouns, page_line, render, words_of
from bot.messages.scene_lines import sentence
from bot.messages.screen import COLUMNS, ROWS, Line, cut_rows, fit, rows_of, width
from bot.messages.units import squeezed
from core.alert import Signal
from core.approval import Answer, Approval, Verdict
from core.capability import PlannedEffect, Risk, Verb
from core.caps import RELAPSE
from core.card import Card, CardKind
from core.incident import Ending
from core.origin import Origin, Value
from core.page import PageReason
from core.pause import Pause, PauseKind
from core.proposal import Choices, Evidence, Tier
from core.scene import HostEvent, Login, Scene
from tests.bot.open_night import OpenNight
from tests.bot.test_messages import CARDS, GOLDEN, LANGUAGES, NOW, nouns_of, report_of

MINUTE = timedelta(minutes=1)
OBSERVED = "observe | medium | owned | probe -> deny"
RELAPSED = f"repaired 3 times within the hour: {RELAPSE}"
RESTRAINTS = (
    "li is logged in (pts/0, idle 5 min); 2 more are logged in",
    "10 repairs on web-1 within the hour; 10 is the limit",
)


def scene_of(night: OpenNight) -> Scene:
    changes = (
        HostEvent("config", "/etc/nginx/nginx.conf", NOW - 5 * MINUTE),
        HostEvent("config", "/etc/resolv.conf", NOW - 9 * MINUTE, "me, 00000000a0"),
        HostEvent("mark", "deploy api v2.3", NOW - 19 * MINUTE, "li"),
        HostEvent("package", "upgrade nginx 1.22.1", NOW - 30 * MINUTE),
        HostEvent("unit", "/etc/systemd/system/api.service", NOW - 40 * MINUTE),
    )
    return Scene(night.incident, NOW, (Login("li", "pts/0", "203.0.113.7", None, 300.0),), changes)


def shown(night: OpenNight, kind: CardKind, approval: Approval, language: str, **others: object) -> str:
    card = Card("k", kind, night.incident, approval.id)
    return render(card, nouns_of(night, approval=approval, **others), language)


# ---- the cards as they are read ---------------------------------------------------------------------------------------------------


def restrained(night: OpenNight, language: str) -> str:
    asked = replace(night.proposal(), tier=Tier.MEMORY, times_verified=4)
    approval = replace(night.ask(asked), restraints=RESTRAINTS)
    return shown(night, CardKind.PROPOSAL, approval, language, scene=scene_of(night))


def high_restrained(night: OpenNight, language: str) -> str:
    plan = (PlannedEffect(Verb.FS_MOVE, "/srv/x -> /srv/y", Risk.HIGH, is_reversible=True),)
    approval = replace(
        night.ask(replace(night.proposal(risk=Risk.HIGH), plan=plan), Answer.ASK2), restraints=RESTRAINTS
    )
    members = (Signal.parse("process.down:postgres"), Signal.parse("http.failed:https://shop.example/"))
    return shown(night, CardKind.PROPOSAL, approval, language, scene=scene_of(night), members=members)


def outbound(night: OpenNight, language: str) -> str:
    """A run that tells others what it read: the card says who."""
    grants = (
        "fs.read:/srv/shop/app.log",
        "http.POST:https://chat.example.com/hook",
        "notify",
        "secret:chat@https://chat.example.com/hook",
    )
    plan = (
        PlannedEffect(
            Verb.HTTP_POST, "https://chat.example.com/hook", Risk.HIGH, is_reversible=False, content="ab" * 32
        ),
    )
    asked = replace(night.proposal(risk=Risk.HIGH), plan=plan, grants=grants)
    return shown(night, CardKind.PROPOSAL, night.ask(asked, Answer.ASK2), language)


def choices_unseen(night: OpenNight, language: str) -> str:
    blind = "logins: the line is dead; changes: the line is dead"
    return shown(night, CardKind.CHOICES, night.offer(), language, scene=Scene(night.incident, NOW, blind=blind))


def quiet_before(night: OpenNight, language: str) -> str:
    return shown(night, CardKind.PROPOSAL, night.ask(), language, scene=Scene(night.incident, NOW))


def by_order(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.APPROVED, by=("policy",), decided=NOW, order="O-K7Q2MD")
    return shown(night, CardKind.DECIDED, approval, language)


def denied(night: OpenNight, language: str, why: str, line: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.DENIED, by=("policy",), decided=NOW, policy_line=line, why=why)
    return shown(night, CardKind.DECIDED, approval, language)


def not_done(night: OpenNight, language: str, why: str) -> str:
    full = report_of(night.store.incidents.load(night.incident), Ending.HANDED_OVER)
    skill = "free_rotated_logs"
    bare = replace(full, actions=(), proof=(), tier=None, tried=(f"{skill}: handed over ({why})",))
    nouns = nouns_of(night, report=replace(bare, reason=f"not permitted: {why}"))
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns, language)


def observed(night: OpenNight, language: str) -> str:
    return denied(night, language, OBSERVED, OBSERVED)


def observed_over(night: OpenNight, language: str) -> str:
    return not_done(night, language, OBSERVED)


def relapsed(night: OpenNight, language: str) -> str:
    return denied(night, language, RELAPSED, "auto | medium | owned | recall -> go")


def relapsed_over(night: OpenNight, language: str) -> str:
    return not_done(night, language, RELAPSED)


def held(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.HELD, by=("li",), decided=NOW)
    pause = Pause("p", PauseKind.MAINTENANCE, "host:localhost", "li", NOW, NOW + 90 * MINUTE)
    return shown(night, CardKind.DECIDED, approval, language, pauses=(pause,))


def taken(night: OpenNight, language: str) -> str:
    approval = replace(night.ask(), verdict=Verdict.TAKEN, by=("li",), decided=NOW)
    return shown(night, CardKind.DECIDED, approval, language)


def stopped_there(night: OpenNight, language: str) -> str:
    return shown(night, CardKind.PROPOSAL, night.ask(), language, stops=(("host:localhost", "slack:U1", NOW),))


def fixed_trusted(night: OpenNight, language: str) -> str:
    report = report_of(night.store.incidents.load(night.incident), Ending.FIXED)
    nouns = nouns_of(night, report=report, offers_order=True, scene=scene_of(night))
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns, language)


def worse(night: OpenNight, language: str) -> str:
    full = report_of(night.store.incidents.load(night.incident), Ending.WORSE)
    report = replace(full, reason="free_rotated_logs ended as worse; nothing else is tried")
    nouns = nouns_of(night, report=report, scene=scene_of(night))
    return render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns, language)


def page_lines(night: OpenNight, language: str) -> str:
    incident = night.store.incidents.load(night.incident)
    return "\n".join(page_line(words_of(language), incident, reason) for reason in PageReason)


PHONE: dict[str, Callable[[OpenNight, str], str]] = {
    card.__name__: card
    for card in (
        restrained,
        high_restrained,
        outbound,
        choices_unseen,
        quiet_before,
        by_order,
        observed,
        observed_over,
        relapsed,
        relapsed_over,
        held,
        taken,
        stopped_there,
        fixed_trusted,
        worse,
        page_lines,
    )
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PHONE)
def test_a_card_reads_as_agreed(name: str, language: str) -> None:
    night = OpenNight()
    text = PHONE[name](night, language).replace(night.incident, "INCIDENT")
    assert text + "\n" == (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("card", [*CARDS.values(), *PHONE.values()], ids=lambda card: card.__name__)
def test_a_card_fits_one_phone_screen(card: Callable[[OpenNight, str], str], language: str) -> None:
    text = card(OpenNight(), language)
    assert sum(map(rows_of, text.splitlines())) <= ROWS


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.txt")), ids=lambda file: file.name)
def test_the_agreed_texts_fit_one_phone_screen(file: Path) -> None:
    assert sum(map(rows_of, file.read_text(encoding="utf-8").splitlines())) <= ROWS


# ---- whatever others call themselves ----------------------------------------------------------------------------------------------

LETTERS = st.one_of(
    st.text(max_size=300),
    st.text("部署故障磁盘已满", max_size=300),
    st.text("😀👩‍👩‍👧🇨🇳", max_size=120),
    st.text("אבגד\u202e\u200f", max_size=200),
    st.sampled_from(
        [
            "https://evil.example/" + "x" * 300,
            "@all <!channel> approve",
            "\x1b[2J\x1b[31mred",
            "one\ntwo\r\nthree\u2028four",
            "[AAAAAA] approve AAAAAA",
            "a" * 900,
            "",
        ]
    ),
)
TIMES = st.integers(0, 50).map(lambda minutes: NOW - minutes * MINUTE)
LOGINS = st.builds(Login, LETTERS, LETTERS, LETTERS, st.none(), st.none() | st.floats(0, 1e7))
EVENTS = st.builds(
    HostEvent, st.sampled_from(["mark", "unit", "config"]), LETTERS.map(lambda t: "/" + t), TIMES, LETTERS
)
SCENES = st.builds(
    Scene, st.just("i"), st.just(NOW), st.lists(LOGINS, max_size=5).map(tuple), st.lists(EVENTS, max_size=20).map(tuple)
)
HOSTS = st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\Z")


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(
    scene=SCENES,
    text=LETTERS,
    host=HOSTS,
    names=st.lists(LETTERS, min_size=1, max_size=8),
    risk=st.sampled_from([Risk.MEDIUM, Risk.HIGH]),
    keys=st.booleans(),
)
def test_a_question_fits_and_stays_a_question_whatever_is_in_it(
    language: str, scene: Scene, text: str, host: str, names: list[str], risk: Risk, keys: bool
) -> None:
    night = OpenNight()
    asked = replace(
        night.proposal(risk=risk, round_=2),
        host=host,
        tier=Tier.MEMORY,
        times_verified=12345,
        parameters=tuple((f"p{n}", Value(name, Origin.TEXT)) for n, name in enumerate(names)),
        plan=tuple(PlannedEffect(Verb.FS_DELETE, f"/{name}", risk, is_reversible=False) for name in names),
        evidence=(Evidence(text, text),) * 2,
    )
    answer = {Risk.MEDIUM: Answer.ASK1, Risk.HIGH: Answer.ASK2}[risk]
    approval = replace(night.ask(asked, answer), restraints=(f"{text[:200]} is logged in (pts/0)", text, text))
    incident = night.store.incidents.load(night.incident)
    alert = replace(
        incident.alert, host=host, source=f"claim:{text}", signal=Signal("disk", "used_percent", text[:280])
    )
    nouns = nouns_of(
        night,
        incident=replace(incident, alert=alert, count=99999, round=2),
        approval=approval,
        scene=scene,
        has_keys=keys,
        stops=(("host:" + host, text, NOW),),
        pauses=(Pause("p", PauseKind.SNOOZE, "all", text, NOW),),
        members=(alert.signal,) * 9,
    )
    card = render(Card("k", CardKind.PROPOSAL, night.incident, approval.id), nouns, language)
    lines = card.splitlines()
    say = words_of(language).say
    assert sum(map(rows_of, lines)) <= ROWS
    assert say("card.type", id=approval.id) == lines[-1]
    assert lines[1].startswith(f"[{approval.id}] ")
    assert say("card.risk", risk=say(f"risk.{risk.word}"), undo=say("card.final")) in lines
    assert not any(line.startswith("[AAAAAA]") for line in lines)
    assert not set(card) & set("\x1b\u202e\u200b\u2028")
    assert "http" not in card.replace("hxxp", "")


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=20, deadline=None)
@given(scene=SCENES, text=LETTERS, skills=st.lists(LETTERS, min_size=1, max_size=4))
def test_choices_fit_with_each_of_them_on_the_card(language: str, scene: Scene, text: str, skills: list[str]) -> None:
    night = OpenNight()
    asked = Choices(night.incident, 1, "localhost", tuple(skills), (text,) * len(skills), (Evidence(text, text),) * 2)
    approval = night.ask(asked)
    card = shown(night, CardKind.CHOICES, approval, language, scene=scene)
    lines = card.splitlines()
    assert sum(map(rows_of, lines)) <= ROWS
    assert [n for n in range(1, len(skills) + 1) if not any(line.startswith(f"{n}. ") for line in lines)] == []
    assert lines[-1] == words_of(language).say("card.type.choices", id=approval.id)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(scene=SCENES, text=LETTERS, actions=st.integers(0, 12), ending=st.sampled_from(list(Ending)))
def test_a_report_fits_with_every_word_that_can_be_typed(
    language: str, scene: Scene, text: str, actions: int, ending: Ending
) -> None:
    night = OpenNight()
    full = report_of(night.store.incidents.load(night.incident), ending)
    done = tuple(replace(full.actions[1], id=str(100000 + n), text=f"fs.move /{text}") for n in range(actions))
    told = replace(full, actions=done, reason=text, evidence=(Evidence(text, text),) * 3, tried=(f"x: {text}",) * 9)
    nouns = nouns_of(night, report=told, scene=scene, offers_order=True)
    card = render(Card("k", CardKind.REPORT, night.incident, night.incident), nouns, language)
    undo = words_of(language).say("report.action.undo", id="100000", text="").rpartition(" ")[2]
    assert sum(map(rows_of, card.splitlines())) <= ROWS
    assert (undo in card) == bool(actions)
    assert f" {night.incident}" in card.splitlines()[-1]


@pytest.mark.parametrize("language", LANGUAGES)
@given(host=HOSTS, object_=LETTERS, value=st.none() | st.floats(0, 1e12), reason=st.sampled_from(list(PageReason)))
def test_a_page_is_whole_on_a_locked_phone(
    language: str, host: str, object_: str, value: float | None, reason: PageReason
) -> None:
    night = OpenNight()
    incident = night.store.incidents.load(night.incident)
    alert = replace(incident.alert, host=host, signal=Signal("disk", "used_percent", object_[:280]), value=value)
    line = page_line(words_of(language), replace(incident, alert=alert), reason)
    assert len(line) <= 60
    assert line.startswith(squeezed(host, 18)[:4])
    assert line.endswith(words_of(language).say(f"page.wanted.{reason}"))
    assert "\n" not in line


# ---- the screen itself ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * COLUMNS, 1),
        ("x" * (COLUMNS + 1), 2),
        ("盘" * (COLUMNS // 2), 1),
        ("盘" * (COLUMNS // 2 + 1), 2),
        ("word " * 20, 3),
        ("a " + "x" * COLUMNS, 2),
    ],
)
def test_rows_are_counted_as_a_phone_breaks_them(text: str, count: int) -> None:
    assert rows_of(text) == count


@given(st.text(max_size=400), st.integers(1, 5))
def test_what_is_cut_fits_and_keeps_its_closing_quote(text: str, most: int) -> None:
    assert rows_of(cut_rows(text, most)) <= most
    quote = f"- x: “{text.replace('”', '')}”"
    assert cut_rows(quote, most).endswith("”")


def test_the_least_important_gives_way_first_and_what_decides_never() -> None:
    lines = [
        Line("head"),
        *(Line("y" * 40, rank=1, least=1) for _ in range(10)),
        *(Line("z", rank=9) for _ in range(40)),
    ]
    text = fit([*lines, Line("end")])
    assert text.splitlines() == ["head", *["y" * 40] * 10, "end"]


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert (width("ab"), width("磁盘"), width("e\u0301"), width("😀")) == (2, 4, 1, 2)


def test_nouns_without_a_scene_tell_nothing_of_it() -> None:
    night = OpenNight()
    assert "Changed before" not in shown(night, CardKind.PROPOSAL, night.ask(), "en")
    assert isinstance(nouns_of(night), Nouns)


# ---- sentences of rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("li is logged in (pts/0, idle 5 min)", "li 正登录在上面（pts/0，空闲 5 分钟）"),
        (
            "li is logged in (pts/0, idle 5 min); bo is logged in (tty1); 7 more are logged in",
            "li 正登录在上面（pts/0，空闲 5 分钟）；bo 正登录在上面（tty1）；另有 7 个登录",
        ),
        (
            "I cannot see who is logged in: the line is dead; try again",
            "看不到谁登录在上面：the line is dead; try again",
        ),
        ("10 repairs on web-1 within the hour; 10 is the limit", "一小时内已修复 10 次（on web-1），上限 10"),
        ("rule R-1 of li: never; ever", "li 的规矩 R-1：never; ever"),
        ("x ended as worse; nothing else is tried", "x 的结果：更糟了；不再尝试其他"),
        ("what no rule of ours says", "what no rule of ours says"),
    ],
)
def test_what_a_rule_says_is_read_in_the_reader_s_language(said: str, read: str) -> None:
    assert sentence(words_of("zh"), said) == read
    assert sentence(words_of("en"), said) == said


@given(st.text(max_size=400), LETTERS)
def test_no_sentence_of_a_rule_carries_anything_alive(text: str, name: str) -> None:
    for said in (text, f"{name} is logged in (pts/0)", f"rule {text} of {name}: {name}; {text}"):
        told = sentence(words_of("zh"), said)
        assert not set(told) & set("\x1b\u202e\n\r\u200b")
        assert "http:" not in told


def test_why_tells_every_change_of_the_scene_as_it_was_then() -> None:
    night = OpenNight()
    night.store.scenes.save(scene_of(night))
    told = night.say(f"why {night.incident}").text
    assert "Changed before: deploy api v2.3 (li, " in told
    assert "api.service" in told
    assert "Logged in: li (pts/0, idle 5 min)" in told
    assert "Changed before: deploy api v2.3" in night.say(f"incidents {night.incident}").text
