"""What leaves for a model: nothing that is ours, nothing that looks like a secret, nothing that the user named."""

from __future__ import annotations

import base64
import json
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.concealment import Concealment
from core.model import ModelRequest, Role, Tool, ToolCall, Turn
from core.pattern_cost import LONGEST_LINE, is_slow
from core.redaction import HIDDEN, MOST

OWN = "zX9/q+4=w üë!"
ACME = re.compile(r"ACME-[0-9]{6}")
CONCEAL = Concealment([OWN, "tiny"], [ACME, re.compile(r"(?i)[a-z.]+@corp\.example")])


@pytest.mark.parametrize(
    "text",
    [
        OWN,
        f"xx{OWN}yy",
        quote(OWN, safe=""),
        json.dumps({"a": OWN}),
        json.dumps({"a": OWN}, ensure_ascii=False),
        OWN.encode().hex(),
        *(base64.b64encode(b"u" * n + OWN.encode() + b"tail").decode() for n in range(6)),
        base64.urlsafe_b64encode(f"user:{OWN}".encode()).decode(),
        "z\u200bX9/q+4=w üë!",
        "z\x1b[0mX9/q+4=w üë!",
    ],
)
def test_our_own_secrets_are_hidden_in_every_dress(text: str) -> None:
    hidden = CONCEAL(text)
    assert HIDDEN in hidden
    assert [form for form in (OWN, "X9/q+4=w", "X9%2Fq", OWN.encode().hex()[4:]) if form in hidden] == []


def test_a_word_that_is_too_short_to_be_told_from_others_is_left() -> None:
    assert CONCEAL("a tiny disk") == "a tiny disk"


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2!",
        "Authorization: Bearer abcdef123456",
        "postgresql://u:pw@db/x",
        "AKIAABCDEFGHIJKLMNOP",
        "口令：abc123",
    ],
)
def test_secrets_by_their_shape(text: str) -> None:
    assert HIDDEN in CONCEAL(text)


def test_what_the_user_named() -> None:
    assert CONCEAL("order ACME-123456 of li@corp.example\nACME-12") == f"order {HIDDEN} of {HIDDEN}\nACME-12"


def test_arguments_stay_json() -> None:
    told = json.dumps({"password": "x", "path": "/var", "more": [OWN, {"token": "y"}], "n": 5, "ok": True})
    assert json.loads(CONCEAL.arguments(told)) == {
        "password": HIDDEN,
        "path": "/var",
        "more": [HIDDEN, {"token": HIDDEN}],
        "n": 5,
        "ok": True,
    }
    assert CONCEAL.arguments("{password: hunter22}") == f"{{password: {HIDDEN}"
    assert CONCEAL.arguments("[" * 100_000).startswith("[[[")


@pytest.mark.parametrize("depth", [40, 400, 600, 900])
def test_arguments_that_are_nested_deeply_end_no_story(depth: int) -> None:
    told = f'{{"x": {"[" * depth}"{OWN}"{"]" * depth}}}'
    assert OWN not in CONCEAL.arguments(told)


def test_a_whole_request_is_concealed_everywhere() -> None:
    call = ToolCall("c1", "look", json.dumps({"path": OWN}))
    turns = (
        Turn(Role.SYSTEM, OWN),
        Turn(Role.USER, "ACME-123456"),
        Turn(Role.ASSISTANT, OWN, (call,)),
        Turn(Role.TOOL, OWN, answers="c1"),
    )
    tool = Tool("look", f"Looks at {OWN}", {"type": "object", "properties": {"path": {"enum": [OWN]}}})
    left = CONCEAL.request(ModelRequest("p@1", turns, (tool,)))
    assert OWN not in repr(left)
    assert json.dumps(OWN)[1:-1] not in repr(left)
    assert [turn.role for turn in left.turns] == [turn.role for turn in turns]
    assert (left.turns[2].calls[0].id, left.turns[3].answers, left.tools[0].name) == ("c1", "c1", "look")
    assert left.tools[0].schema == {"type": "object", "properties": {"path": {"enum": [HIDDEN]}}}


# ---- long texts -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", range(-60, 61, 3))
def test_a_secret_on_the_seam_of_two_pieces_is_hidden(around: int) -> None:
    line = "an ordinary line of a log, number 12345\n"
    before = (line * (MOST // len(line)))[: MOST - 30 + around]
    text = f"{before}\nthe password=hunter2hunter2 was used\n{line * 20}"
    hidden = CONCEAL(text)
    assert "hunter2" not in hidden
    assert hidden.endswith(line)


def test_a_private_key_on_the_seam_is_hidden() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 60 + "-----END RSA PRIVATE KEY-----\n"
    for gap in range(19_000, MOST + 10, 211):
        hidden = CONCEAL("x" * 80 + "\n" + "log line\n" * (gap // 9) + key + "after\n" * 3000)
        assert "MIIEow" not in hidden
        assert "after" in hidden


def test_a_text_without_any_gap_loses_some_rather_than_showing_half_a_secret() -> None:
    text = "a" * (MOST - 20) + "password=hunter2hunter2" + "b" * 5000
    assert "hunter" not in CONCEAL(text)


@pytest.mark.parametrize(
    "text",
    ["-----BEGIN PRIVATE KEY-----" * 4_000, "password=" * 12_000, "a." * 50_000, "eyJ" * 40_000, "\x1b[" * 50_000],
    ids=["keys", "passwords", "dots", "tokens", "escapes"],
)
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.process_time()
    CONCEAL(text)
    assert time.process_time() - began < 20


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_doing_it_again_changes_nothing(text: str) -> None:
    once = CONCEAL(f"{text} password={text} ACME-123456{text}")
    assert CONCEAL(once) == once


# ---- the user's patterns ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        "ACME-[0-9]{6}",
        r"[\w.]+@acme\.com",
        r"10\.\d{1,3}\.\d{1,3}\.\d{1,3}",
        r"https?://internal\.\S+",
        r"(?i)\b(?:foo|bar)-\d+",
        r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
        r"客户\d+号?",
        r"(?<=id=)\d+(?!x)",
    ],
)
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert not is_slow(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        r"(\w*)*x",
        "(?:a|a)*b",
        "(a|ab)*c",
        r"\d*\d*\d*x",
        ".*.*x",
        r"(.)\1+x",
        "(a?){40}a{40}",
        "a?" * 30 + "a" * 30,
        r"(?:(?:a+)b?)+c",
        r"(?=.*.*.*x)y",
        r"(x+x+)+y",
    ],
)
def test_patterns_that_could_take_for_ever_are_not(pattern: str) -> None:
    assert is_slow(pattern)


def test_the_slowest_that_is_taken_is_not_slow() -> None:
    pattern = re.compile(r"a+b")
    assert not is_slow(pattern.pattern)
    began = time.process_time()
    Concealment((), [pattern])("a" * 20 * LONGEST_LINE)
    assert time.process_time() - began < 5
