"""The grammar: every text is a command or a helpful reply, and no free text becomes a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import LEAST_ROLE, RULES, Command, Role, Verb, parse
from bot.messages.en import WORDS

ID = st.text("23456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=6, max_size=6)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("approve K7Q2MD", Command(Verb.APPROVE, "K7Q2MD")),
        ("APPROVE k7q2md", Command(Verb.APPROVE, "k7q2md")),
        ("yes K7Q2MD", Command(Verb.APPROVE, "K7Q2MD")),
        ("同意K7Q2MD", Command(Verb.APPROVE, "K7Q2MD")),
        ("批准 K7Q2MD", Command(Verb.APPROVE, "K7Q2MD")),
        ("ａｐｐｒｏｖｅ　Ｋ７Ｑ２ＭＤ", Command(Verb.APPROVE, "K7Q2MD")),
        ("approve K7Q2MD web-1", Command(Verb.APPROVE, "K7Q2MD", "web-1")),
        ("reject K7Q2MD too risky tonight", Command(Verb.REJECT, "K7Q2MD", "too risky tonight")),
        ("不同意 K7Q2MD 太危险", Command(Verb.REJECT, "K7Q2MD", "太危险")),
        ("stop", Command(Verb.STOP)),
        ("STOP!!!", Command(Verb.STOP)),
        ("please stop", Command(Verb.STOP)),
        ("停！", Command(Verb.STOP)),
        ("停止 web-1", Command(Verb.STOP, "web-1")),
        ("stop group:web", Command(Verb.STOP, "group:web")),
        ("go", Command(Verb.GO)),
        ("继续", Command(Verb.GO)),
        ("接手 K7Q2MD", Command(Verb.TAKE, "K7Q2MD")),
        ("为什么 abc", Command(Verb.WHY, "abc")),
        ("why", Command(Verb.WHY)),
        ("status", Command(Verb.STATUS)),
        ("状态", Command(Verb.STATUS)),
        ("pick 2", Command(Verb.PICK, "", "2")),
        ("选 K7Q2MD 2", Command(Verb.PICK, "K7Q2MD", "2")),
        ("plan K7Q2MD", Command(Verb.PLAN, "K7Q2MD")),
        ("dry run K7Q2MD", Command(Verb.DRY_RUN, "K7Q2MD")),
        (
            "run skill free_rotated_logs host=localhost",
            Command(Verb.RUN, "free_rotated_logs", "", (("host", "localhost"),)),
        ),
        ("run x host=h d='a b'", Command(Verb.RUN, "x", "", (("host", "h"), ("d", "a b")))),
        ("undo #12", Command(Verb.UNDO, "12")),
        ("alert disk.used_percent:/ host=h", Command(Verb.ALERT, "disk.used_percent:/", "", (("host", "h"),))),
        ("memory disk full", Command(Verb.MEMORY, "", "disk full")),
        ("帮助", Command(Verb.HELP)),
    ],
)
def test_what_people_type_is_understood(typed: str, command: Command) -> None:
    assert parse(typed) == command


@pytest.mark.parametrize(
    "typed",
    [
        "approve",
        "yes",
        "approve K7Q2MD and stop",
        "approve K7Q2MD stop",
        "approve stop",
        "approve K7Q2MD 停",
        "approve\nK7Q2MD",
        "don't approve K7Q2MD",
        "> approve K7Q2MD",
        "I would approve K7Q2MD",
        "approve K7Q2MD, K8Q2MD",
        "approved K7Q2MD",
        "同意吗 K7Q2MD",
    ],
)
def test_no_free_text_is_a_yes(typed: str) -> None:
    assert parse(typed).verb is not Verb.APPROVE


@pytest.mark.parametrize(
    "typed", ["don't stop", "why did nginx stop", "did it stop?", "停机了", "停电了吗", "stopwatch"]
)
def test_talk_about_stopping_is_not_a_stop(typed: str) -> None:
    assert parse(typed).verb is not Verb.STOP


@pytest.mark.parametrize(
    "typed",
    [
        "run",
        "run x",
        "run x host",
        "run x 'host=a",
        "run x host=a host=b",
        "run host=a",
        "undo",
        "undo x",
        "pick",
        "pick 0",
    ],
)
def test_what_cannot_be_used_is_answered_with_how_to_write_it(typed: str) -> None:
    command = parse(typed)
    assert (command.verb, command.target) != (Verb.UNKNOWN, "") or command == Command(Verb.RUN, "x")


def test_a_misspelt_word_is_answered_with_the_nearest() -> None:
    assert parse("aprove K7Q2MD") == Command(Verb.UNKNOWN, "approve ID", "aprove K7Q2MD")


@given(st.text(max_size=300))
def test_any_text_is_a_command_and_never_an_error(typed: str) -> None:
    assert parse(typed).verb in LEAST_ROLE


@given(st.text(st.characters(categories=["L", "N", "P"], exclude_characters="/"), min_size=1, max_size=100), ID)
def test_a_yes_inside_a_sentence_is_none(noise: str, id: str) -> None:
    command = parse(f"{noise} approve {id}")
    assert command.verb is not Verb.APPROVE or command.target != id


@given(ID, st.sampled_from(["approve {}", "yes {}", "同意{}", "批准 {}"]))
def test_a_yes_is_for_the_typed_id_and_no_other(id: str, form: str) -> None:
    assert parse(form.format(id)) == Command(Verb.APPROVE, id)


@given(st.sampled_from(RULES), st.text(max_size=50))
def test_every_rule_survives_any_rest(rule: object, rest: str) -> None:
    words = getattr(rule, "words", ())
    assert all(parse(f"{word} {rest}").verb in LEAST_ROLE for word in words)


def test_every_command_has_a_least_role_and_a_line_of_help() -> None:
    assert set(LEAST_ROLE) == set(Verb)
    assert {f"help.{rule.verb}" for rule in RULES} == {key for key in WORDS if key.startswith("help.")}
    assert {rule.verb for rule in RULES} == set(Verb) - {Verb.UNKNOWN}


def test_what_takes_authority_away_is_for_everybody_and_what_gives_it_is_not() -> None:
    assert all(rule.role is Role.VIEWER for rule in RULES if rule.is_safer)
    assert {LEAST_ROLE[verb] for verb in (Verb.APPROVE, Verb.GO)} == {Role.APPROVER}


def test_no_word_means_two_things() -> None:
    words = [word for rule in RULES for word in (*rule.words, *rule.glyphs)]
    assert len(words) == len(set(words))
