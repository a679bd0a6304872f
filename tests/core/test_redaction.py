"""What is shown of a host's words: no secret, no escape sequence, nothing hidden, nobody called; and quickly, whatever comes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.paths import has_hidden_character
from core.redaction import HIDDEN, MOST, clean, redact
from tests.core.secrets_in_words import SECRETS

SECRET = st.from_regex(r"[A-Za-z0-9]{8,24}", fullmatch=True).filter(
    lambda text: not text.lower().startswith(("basic", "bearer"))
)
NAMED = st.sampled_from(
    [
        "password={}",
        "DB_PASSWORD: {}",
        'passwd="{}"',
        "api_key='{}'",
        "secret => {}",
        '"token": "{}"',
        "密码:{}",
        "--password {}",
        "--token={}",
        "https://user:{}@host/x",
        "postgres://{}@db/x",
        "Authorization: Bearer {}",
        "authorization: {}",
        "PGPASSWORD={} psql",
        "aws_secret_access_key = {}",
    ]
)
SHAPES = (
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2c3" * 6,
    "xoxb-1234567890-abcdefghij",
    "sk-proj-" + "a1B2" * 8,
    "glpat-abcdefghij1234567890",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r",
)
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            [
                "\x1b[31m",
                "\x1b]0;t\x07",
                "\x9b1m",
                "\u202e",
                "\u200b",
                "\u2066",
                "\u3164",
                "\ue000",
                "\ufe0f",
                "\x00",
                "\r",
                "\x85",
            ]
        ),
        st.sampled_from(
            [
                "@all",
                "<!channel>",
                "<@everyone>",
                "@所有人",
                "password=",
                "token",
                HIDDEN,
                "https://a:b@",
                "Bearer ",
                "key",
                "'",
                '"',
            ]
        ),
    ),
    max_size=12,
).map("".join)


@given(NAMED, SECRET, st.sampled_from(["", " at 3 AM", "\nnext line", ";x"]))
def test_a_secret_beside_its_name_is_hidden(form: str, secret: str, after: str) -> None:
    shown = clean(form.format(secret) + after)
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize("form", ["{}", "found {} in log", "x={}", "[{}]", "{}\n"])
def test_a_secret_is_told_by_its_shape(secret: str, form: str) -> None:
    assert secret not in redact(form.format(secret))
    assert secret[8:] not in redact(form.format(secret))


@given(st.integers(1, 7), st.sampled_from(["\u200b", "\u202e", "\x1b[0m", "\x00", "\ufe0f", "\u00ad"]), SECRET)
def test_a_hidden_character_does_not_hide_a_secret(at: int, mark: str, secret: str) -> None:
    word = "password"
    assert secret not in clean(f"{word[:at]}{mark}{word[at:]}={secret}")


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "compass=3",
        "3 keys",
        "disk / is 97 % full",
        "a@b.example",
        "monkey: banana",
        "磁盘满了",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert clean(text) == text


@given(HOSTILE)
def test_nothing_that_fools_the_eye_is_left(text: str) -> None:
    shown = clean(text)
    assert not any(has_hidden_character(part) for line in shown.split("\n") for part in line.split("\t"))
    assert "\x1b" not in shown


@given(HOSTILE)
def test_nobody_is_called(text: str) -> None:
    lower = clean(text).lower()
    assert not any(call in lower for call in ("@all", "@everyone", "@here", "@channel", "<!", "@所有人"))


@given(HOSTILE)
def test_cleaning_again_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert redact(redact(text)) == redact(text)


@given(HOSTILE, st.integers(0, 50))
def test_the_limit_holds(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "token",
        "eyJ",
        "://",
        "pass=",
        "\x1b]",
        "@",
        "secret_",
        "-",
        "a:",
        "bearer ",
        "eyJabcdefgh.",
        "sk-",
        "<!",
        "-----BEGIN A PRIVATE KEY-----",
    ],
)
def test_a_hostile_text_does_not_take_long(piece: str) -> None:
    assert len(clean(piece * MOST)) <= MOST


ORDINARY = (Path(__file__).parent / "ordinary_lines.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(text: str, secret: str) -> None:
    assert secret in text
    for around in ("{}", "03:12 web-1 app[7]: {} (line 3)", "{}\nnext line"):
        hidden = clean(around.replace("{}", text))
        assert secret not in hidden
        assert redact(hidden) == hidden


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


def test_the_users_own_patterns_hide_too_and_what_is_hidden_stays() -> None:
    own = (re.compile(r"PRJ-\d{4}"), re.compile(r"hidden"), re.compile(r"x*"))
    once = redact("customer PRJ-1234 has password=abc", own)
    assert once == f"customer {HIDDEN} has password={HIDDEN}"
    assert redact(once, own) == once


@pytest.mark.parametrize(
    "again",
    [
        *(
            "a",
            "A1b2" * 16 + "\n",
            "-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n",
            "mysql ",
            "://a:",
            "a:",
        ),
        *(
            "-u a:",
            "login a ",
            "cookie:",
            "eyJ.",
            "密码",
            "$1$",
            "http://a:b@",
            "?token=",
            "LS0tLS1CRUdJTi",
            "A\n",
            "mysql -p",
        ),
    ],
)
def test_no_text_takes_long(again: str) -> None:
    began = time.process_time()
    redact(again * MOST)
    assert time.process_time() - began < 1.0
