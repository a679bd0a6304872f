"""Secrets do not leave, and nothing that leaves fools an eye."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import HIDDEN, clean, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2", "hunter2"),
        ("DB_PASSWORD: hunter2 next", "hunter2"),
        ('{"api_key": "hunter2 and more"}', "hunter2"),
        ("pass\x1b[0mword=hunter2", "hunter2"),
        ("pass\u200bword=hunter2", "hunter2"),
        ("postgresql://u:hunter2@db/x", "hunter2"),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("bearer abcdef0123456789", "abcdef0123456789"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow cut off", "MIIEow"),
    ],
)
def test_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret not in clean(text)
    assert HIDDEN in clean(text)


@pytest.mark.parametrize(
    "text",
    ["disk / is 97 % full", "磁盘满了", "the token bucket is empty", "https://example.com/a?b=c", "tokens per second"],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text
    assert clean(text) == text


@given(st.text(max_size=300))
def test_nothing_is_left_that_moves_reorders_or_hides(text: str) -> None:
    assert {unicodedata.category(letter) for letter in clean(text) if letter not in "\n\t"} & {
        "Cc",
        "Cf",
        "Cs",
        "Zl",
        "Zp",
    } == set()


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "part", ["token", "://a:", "-----BEGIN PRIVATE KEY-----", "\x1b]", "password=", "a" * 50, "authorization: "]
)
def test_a_hostile_text_takes_no_time(part: str) -> None:
    began = time.process_time()
    clean(part * 200_000)
    assert time.process_time() - began < 3
