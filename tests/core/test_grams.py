"""Text cut into what is compared: it never raises, it is bounded, and what is written in two ways is one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.grams import MOST, MOST_GRAMS, grams


@given(st.text(st.characters(), max_size=3000))
def test_any_text_is_cut_into_few_plain_parts(text: str) -> None:
    found = grams(text)
    assert len(found) == len(set(found)) <= MOST_GRAMS
    assert all(0 < len(part) <= 26 and part == part.lower() for part in found)


@given(st.text(st.characters(), max_size=300))
def test_what_was_remembered_of_words_changes_nothing(text: str) -> None:
    memo: dict[str, tuple[str, ...]] = {}
    assert grams(text, memo) == grams(text, memo) == grams(text)


@given(st.text("的了吗我你请在是有 ,.!?\t\n", max_size=200))
def test_what_every_sentence_has_says_nothing(text: str) -> None:
    assert grams(text) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＤＩＳＫ　ＦＵＬＬ", "disk full"),
        ("磁碟滿", "磁盘满"),
        ("記憶體", "内存"),
        ("HostOutOfDiskSpace", "host out of disk space"),
        ("web-1 disk full", "disk full"),
        ("see https://wiki.example.com/nginx-is-down disk full", "disk full"),
        ("disk <n>% full", "disk full"),
        ("请问我们这台的磁盘满了吗", "磁盘满"),
    ],
)
def test_two_ways_to_write_it_are_one(one: str, other: str) -> None:
    assert set(grams(one)) == set(grams(other))


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "磁" * 10**6, "\u0958" * 10**6, "0a" * 10**6, "http://" * 10**5, "a-" * 10**6]
)
def test_a_megabyte_costs_as_much_as_its_beginning(text: str) -> None:
    began = time.perf_counter()
    assert grams(text) == grams(text[:MOST])
    assert time.perf_counter() - began < 0.5
