"""The words of trust: what people type to hold Nightshift back or let it go on, and that no text says more than it literally says."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands import RULES, Command, Role, Verb, parse
from bot.durations import LEAST, MOST, split_duration
from bot.verbs import LOOSER, is_safer, least_role

HOUR = timedelta(hours=1)
SAFER = (
    "stop",
    "STOP!",
    "take",
    "reject",
    "wrong",
    "observe",
    "停",
    "停止",
    "拒绝",
    "接手",
    "halt",
    "no",
    "deny",
    "修错了",
)
LOOSENING = (
    "approve K7Q2MD",
    "yes K7Q2MD",
    "同意 K7Q2MD",
    "pick K7Q2MD 1",
    "go web",
    "继续 web",
    "run free_logs host=web-1",
    "undo 12",
    "admit K7Q2MD",
    "orders new 0123abcd",
    "orders confirm O7Q2MD",
    "orders renew O7Q2MD",
    "don't wake me 0123abcd",
    "下次别叫我 0123abcd",
    "rules drop RK7Q2M",
    "mode web auto",
    "mode web reset",
    "mute web off",
    "take web off",
    "maintenance web off",
)


def maintenance(target: str, hours: float, why: str = "") -> Command:
    return Command(Verb.MAINTENANCE, target, why, lasts=hours * HOUR)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("take web-1", Command(Verb.TAKE, "web-1")),
        ("take db.example.com off", Command(Verb.TAKE, "db.example.com", part="off")),
        ("接手 web-1 取消", Command(Verb.TAKE, "web-1", part="off")),
        ("ack", Command(Verb.ACK)),
        ("收到", Command(Verb.ACK)),
        ("知道了 0123abcd", Command(Verb.ACK, "0123abcd")),
        ("snooze 0123abcd 30m", Command(Verb.SNOOZE, "0123abcd", lasts=HOUR / 2)),
        ("snooze 0123abcd", Command(Verb.SNOOZE, "0123abcd", lasts=HOUR / 2)),
        ("snooze 45m", Command(Verb.SNOOZE, lasts=HOUR * 3 / 4)),
        ("稍后 0123abcd 30分钟", Command(Verb.SNOOZE, "0123abcd", lasts=HOUR / 2)),
        ("睡 0123abcd 半小时", Command(Verb.SNOOZE, "0123abcd", lasts=HOUR / 2)),
        ("mute web-1 2h", Command(Verb.MUTE, "web-1", lasts=2 * HOUR)),
        ("mute web-1 for 2 hours", Command(Verb.MUTE, "web-1", lasts=2 * HOUR)),
        ("mute web-1", Command(Verb.MUTE, "web-1", lasts=2 * HOUR)),
        ("mute disk.used_percent:/var 1d", Command(Verb.MUTE, "disk.used_percent:/var", lasts=24 * HOUR)),
        ("ｍｕｔｅ　ｗｅｂ－１　２ｈ", Command(Verb.MUTE, "web-1", lasts=2 * HOUR)),
        ("静音 web-1 ２小时", Command(Verb.MUTE, "web-1", lasts=2 * HOUR)),
        ("静音web-1 两天", Command(Verb.MUTE, "web-1", lasts=48 * HOUR)),
        ("mute web-1 off", Command(Verb.MUTE, "web-1", part="off")),
        ("取消静音 web-1", Command(Verb.MUTE, "web-1", part="off")),
        ("maintenance web 2h new kernel", maintenance("web", 2, "new kernel")),
        ("维护 web 2小时 升级内核", maintenance("web", 2, "升级内核")),
        ("maintenance web", maintenance("web", 1)),
        ("maintenance web new kernel", maintenance("web", 1, "new kernel")),
        ("结束维护 web", Command(Verb.MAINTENANCE, "web", part="off")),
        ("end maintenance web", Command(Verb.MAINTENANCE, "web", part="off")),
        ("resolve 0123abcd", Command(Verb.RESOLVE, "0123abcd")),
        ("解决 0123abcd", Command(Verb.RESOLVE, "0123abcd")),
        ("wrong 0123abcd it broke nginx", Command(Verb.WRONG, "0123abcd", "it broke nginx")),
        ("Wrong fix 0123abcd", Command(Verb.WRONG, "0123abcd")),
        ("修错了 0123abcd", Command(Verb.WRONG, "0123abcd")),
        ("orders", Command(Verb.ORDERS)),
        ("常令", Command(Verb.ORDERS)),
        ("orders new 0123abcd", Command(Verb.ORDERS, "0123abcd", part="new")),
        ("don't wake me 0123abcd", Command(Verb.ORDERS, "0123abcd", part="new")),
        ("Next time, don’t wake me 0123abcd", Command(Verb.ORDERS, "0123abcd", part="new")),
        ("下次别叫我 0123abcd", Command(Verb.ORDERS, "0123abcd", part="new")),
        ("orders confirm O-7Q web-1", Command(Verb.ORDERS, "O-7Q", "web-1", part="confirm")),
        ("常令 撤回 O-7Q", Command(Verb.ORDERS, "O-7Q", part="revoke")),
        ("rules", Command(Verb.RULES)),
        ("规矩 确认 R7", Command(Verb.RULES, "R7", part="confirm")),
        ("rules drop R7", Command(Verb.RULES, "R7", part="drop")),
        ("rule never restart billing on the 1st", Command(Verb.RULE, "", "never restart billing on the 1st")),
        ("never restart billing on the 1st", Command(Verb.RULE, "", "never restart billing on the 1st")),
        ("永远不要重启 billing", Command(Verb.RULE, "", "永远不要重启 billing")),
        ("忽略 db-2", Command(Verb.RULE, "", "忽略 db-2")),
        ("mode", Command(Verb.MODE)),
        ("mode web observe", Command(Verb.MODE, "web", part="observe")),
        ("mode observe", Command(Verb.MODE, "all", part="observe")),
        ("模式 web 观察", Command(Verb.MODE, "web", part="observe")),
        ("mode all reset", Command(Verb.MODE, "all", part="reset")),
        ("note deploy api v2.3 host=web-1", Command(Verb.NOTE, "", "deploy api v2.3", (("host", "web-1"),))),
        ("记一笔 发布 api v2.3", Command(Verb.NOTE, "", "发布 api v2.3")),
        ("digest", Command(Verb.DIGEST)),
        ("早报", Command(Verb.DIGEST)),
        ("admit K7Q2MD", Command(Verb.ADMIT, "K7Q2MD")),
    ],
)
def test_what_people_type_is_understood(typed: str, command: Command) -> None:
    assert parse(typed) == command


@pytest.mark.parametrize(
    "length", ["0", "0m", "0h", "-3h", "400d", "1e9h", "31d", "99999d", "1.5h", "2h30m", "+1h", "5", "30s", "2x"]
)
@pytest.mark.parametrize("word", ["mute web-1", "maintenance web", "snooze 0123abcd", "静音 web-1"])
def test_a_silly_length_is_refused_and_never_taken_for_the_usual_one(word: str, length: str) -> None:
    command = parse(f"{word} {length}")
    assert (command.verb, command.part) == (Verb.UNKNOWN, "duration")


@pytest.mark.parametrize(
    "typed",
    [
        "mute",
        "mute\nweb-1",
        "mute web-1\n2h",
        "maintenance",
        "maintenance web 2h\nbecause",
        "snooze 0123abcd 30m off",
        "mute web-1 2h please",
        "orders new",
        "orders new a b",
        "orders sell 0123abcd",
        "orders confirm O7 web-1 now",
        "rules confirm",
        "rules confirm R7 R8",
        "mode auto",
        "mode approve",
        "mode web",
        "mode web turbo",
        "mode web db auto",
        "mode web\nauto",
        "admit",
        "admit K7 and go",
        "wrong",
        "wrong: it broke",
        "rule",
        "never mind",
        "rule never touch\nbilling",
        "digest now please",
        "resolve everything please",
        "take web and db",
        "I don't wake me 0123abcd",
        "don't wake me",
        "don't wake me 0123abcd or else",
        "取消",
        "cancel my subscription",
    ],
)
def test_what_cannot_be_used_does_nothing(typed: str) -> None:
    assert parse(typed).verb is Verb.UNKNOWN


@pytest.mark.parametrize("safer", SAFER)
@pytest.mark.parametrize("looser", LOOSENING)
def test_one_message_with_a_safer_and_a_looser_word_is_the_safer_one_or_nothing(looser: str, safer: str) -> None:
    for typed in (f"{looser} {safer}", f"{safer} {looser}", f"{looser}\n{safer}", f"{looser}, {safer}"):
        command = parse(typed)
        assert (command.verb, command.part) not in LOOSER, typed


@pytest.mark.parametrize("looser", LOOSENING)
def test_each_of_them_alone_is_what_it_says(looser: str) -> None:
    command = parse(looser)
    assert (command.verb, command.part) in LOOSER


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("stop", Role.VIEWER),
        ("take web", Role.VIEWER),
        ("ack", Role.VIEWER),
        ("wrong 0123abcd", Role.VIEWER),
        ("orders", Role.VIEWER),
        ("orders revoke O7", Role.VIEWER),
        ("rules", Role.VIEWER),
        ("mode", Role.VIEWER),
        ("digest", Role.VIEWER),
        ("snooze 0123abcd", Role.RESPONDER),
        ("mute web", Role.RESPONDER),
        ("maintenance web", Role.RESPONDER),
        ("resolve 0123abcd", Role.RESPONDER),
        ("rule never restart x", Role.RESPONDER),
        ("rules confirm R7", Role.RESPONDER),
        ("mode web observe", Role.RESPONDER),
        ("note deploy", Role.RESPONDER),
        ("orders new 0123abcd", Role.APPROVER),
        ("orders confirm O7", Role.APPROVER),
        ("orders renew O7", Role.APPROVER),
        ("rules drop R7", Role.APPROVER),
        ("admit K7", Role.APPROVER),
        ("mode web reset", Role.ADMIN),
    ],
)
def test_each_word_names_its_least_role(typed: str, role: Role) -> None:
    assert least_role(parse(typed)) is role


def test_what_every_member_may_say_takes_authority_away() -> None:
    safer = {rule.verb for rule in RULES if is_safer(rule.verb)}
    assert safer == {Verb.STOP, Verb.TAKE, Verb.REJECT, Verb.WRONG}
    assert is_safer(parse("orders revoke O7"))
    assert not is_safer(parse("take web off"))


# ---- any text ----------------------------------------------------------------------------------------------------------------------

ANY_WORDS = st.lists(
    st.sampled_from(
        [word for rule in RULES for word in (*rule.words, *rule.glyphs, *(part.word for part in rule.parts))]
        + [
            "K7Q2MD",
            "web-1",
            "2h",
            "all",
            "1",
            "host=web-1",
            "不",
            "don't",
            "wake",
            "me",
            "next",
            "time",
            ",",
            "\n",
            "please",
        ]
    ),
    min_size=1,
    max_size=6,
)


def literally(command: Command) -> tuple[str, ...]:
    """The ways in which this authority can be said."""
    rule = next(rule for rule in RULES if rule.verb is command.verb)
    part = [(part.word, *part.others) for part in rule.parts if part.word == command.part]
    sentence = ("wake me", "别叫我", "别叫醒我") if (command.verb, command.part) == (Verb.ORDERS, "new") else ()
    prefix = ("取消", "结束", "end", "cancel") if command.part == "off" else ()
    return (*rule.words, *rule.glyphs, *sentence) if not part else (*part[0], *sentence, *prefix)


def gives_authority(command: Command) -> bool:
    """True for what lets Nightshift do more than before."""
    return (command.verb, command.part) in LOOSER


def is_literal(typed: str, command: Command) -> bool:
    """True where the text has one line and holds the words of what it was taken for, and none that takes authority away."""
    safer = {"stop", "take", "reject", "wrong", "observe", "halt", "deny", "no", "停", "拒绝"}
    has_safer = bool(safer & set(typed.lower().split()[1:]))
    return any(word in typed.lower() for word in literally(command)) and "\n" not in typed.strip() and not has_safer


@given(ANY_WORDS)
@example(["go", "web-1"])
def test_no_mixture_of_our_words_says_more_than_it_literally_says(words: list[str]) -> None:
    typed = " ".join(words)
    command = parse(typed)
    assert not gives_authority(command) or is_literal(typed, command)


@given(st.text(max_size=200))
@example("approve K7Q2MD")
def test_free_text_never_gives_authority(typed: str) -> None:
    command = parse(typed)
    assert not gives_authority(command) or is_literal(typed, command)


OURS = {word for rule in RULES for word in (*rule.words, *rule.glyphs)} | {"end", "cancel", "取消", "结束"}
NOISE = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)


@given(NOISE.filter(lambda noise: unicodedata.normalize("NFKC", noise).lower() not in OURS), st.sampled_from(LOOSENING))
def test_authority_hidden_in_a_sentence_is_none(noise: str, looser: str) -> None:
    assert not gives_authority(parse(f"{noise} {looser}"))


@given(st.text(max_size=40))
def test_a_length_is_between_a_minute_and_thirty_days_or_none(typed: str) -> None:
    found = split_duration(typed)
    assert found is None or found[0] is None or LEAST <= found[0] <= MOST


@given(
    st.integers(1, 99999),
    st.sampled_from([("m", 60), ("h", 3600), ("d", 86400), ("分钟", 60), ("小时", 3600), ("天", 86400)]),
)
def test_a_length_is_as_long_as_it_says(count: int, unit: tuple[str, int]) -> None:
    seconds = count * unit[1]
    expected = timedelta(seconds=seconds) if seconds <= MOST.total_seconds() else None
    assert split_duration(f"{count}{unit[0]} why") == ((expected, "why") if expected else (None, "why"))
