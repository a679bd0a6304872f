"""Finding the section of a runbook that is about a trouble, in either language, and none where none is."""

from __future__ import annotations

from time import perf_counter

import pytest

from core.runbook import Runbook
from core.runbook_search import passages

DISK = "# Disk full\n\nThe shop writes much.\n\n## Logs\n\nRotated logs of the shop may go.\n\n## Images\n\nDocker images may not.\n"
CERT = "# 证书快过期\n\n证书在周一自动更新，失败时看 certbot 的日志。\n"
TEA = "# Tea\n\nThe kettle is in the kitchen. A full pot is for four.\n"
BOOKS = (Runbook("disk.md", "Disk full", DISK), Runbook("cert.md", "证书快过期", CERT), Runbook("tea.md", "Tea", TEA))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("disk used percent /", [("disk.md", "# Disk full")]),
        ("disk used percent / docker images everywhere", [("disk.md", "## Images")]),
        ("disk /var/log rotated logs", [("disk.md", "## Logs")]),
        ("网站证书快过期了", [("cert.md", "# 证书快过期")]),
        ("postgres connections used", []),
        ("the is of", []),
        ("", []),
        ("<<< \u200b >>>", []),
    ],
)
def test_the_section_that_fits_best_is_found(words: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.text.splitlines()[0]) for one in passages(BOOKS, words)] == found


def test_at_most_so_many_one_of_each_and_always_in_the_same_order() -> None:
    books = tuple(Runbook(f"disk{n}.md", "Disk full", DISK) for n in range(5))
    assert [one.name for one in passages(books, "disk full")] == ["disk0.md", "disk1.md"]


def test_a_text_without_headings_is_one_section() -> None:
    (one,) = passages((Runbook("disk.md", "disk.md", "look at /var first"),), "disk used")
    assert one.text == "look at /var first"


def test_many_and_long_ones_are_searched_in_little_time() -> None:
    books = [
        Runbook(f"r{n}.md", f"Topic {n}", f"# Topic {n}\n\n" + "disk 磁盘满了 words and words " * 2400)
        for n in range(200)
    ]
    began = perf_counter()
    assert len(passages(books, "disk used percent 磁盘")) == 2
    assert perf_counter() - began < 20
