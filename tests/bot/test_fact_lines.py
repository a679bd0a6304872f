"""Facts of a look as people read them: sizes, yes and no, times; nothing that is empty; words without a size stay as they are."""

from __future__ import annotations

import pytest

from bot.messages import words_of
from bot.messages.fact_lines import fact_lines, sized
from core.world import Json


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("53955584 bytes are used on /srv", "54.0 MB are used on /srv"),
        ("it uses 611184640 of 25276514304 bytes", "it uses 611.2 MB of 25.3 GB"),
        ("12 of 25276514304 bytes", "12 B of 25.3 GB"),
        (
            "the biggest file is /a with 95715012; 3 packages hold 2419984994",
            "the biggest file is /a with 95.7 MB; 3 packages hold 2.4 GB",
        ),
        ("a table with 9571501 rows", "a table with 9571501 rows"),
        ("freed 5000 bytes", "freed 5000 bytes"),
        ("999950000 bytes", "1.0 GB"),
        ("/var/20241105 bytes", "/var/20241105 bytes"),
        ("v1.22000000 bytes", "v1.22000000 bytes"),
        ("listens on port 50123 and has 40000 rows", "listens on port 50123 and has 40000 rows"),
    ],
)
def test_bytes_in_a_sentence_are_said_as_people_say_them(raw: str, read: str) -> None:
    assert sized(raw) == read


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "memory available: 22.5 GB",
                "may restart: no",
                "used: 96.3 %",
                "port: 6379",
                "up: 2 min",
                "package cache share: 7.3 %",
            ],
        ),
        (
            "zh",
            [
                "memory available: 22.5 GB",
                "may restart: 否",
                "used: 96.3 %",
                "port: 6379",
                "up: 2 分钟",
                "package cache share: 7.3 %",
            ],
        ),
    ],
)
def test_facts_are_read_in_words_and_what_is_empty_is_left_out(language: str, lines: list[str]) -> None:
    facts: tuple[tuple[str, Json], ...] = (
        ("memory_available_bytes", 22477000704),
        ("memory_hog_service", ""),
        ("may_restart", False),
        ("killed", []),
        ("used_percent", 96.3),
        ("port", 6379),
        ("nothing", None),
        ("restarts", -1),
        ("up_seconds", 120.0),
        ("package_cache_share", 0.073),
    )
    assert fact_lines(words_of(language), facts, 12) == lines


def test_what_a_host_says_stays_one_dead_line() -> None:
    (line,) = fact_lines(words_of("en"), (("page", "see https://evil.example/x\n@all"),), 12)
    assert line == "page: see hxxps://evil.example/x [at] all"
