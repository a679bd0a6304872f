"""Contract of port Notebook."""

from __future__ import annotations

import pytest

from core.errors import InvalidError
from core.people_ports import MOST_NOTES
from core.skill import HostError
from tests.stores import Case


@pytest.mark.parametrize("text", ["", "v2.3 部署\n\x00 \ud83d", "x" * (64 * 1024)])
def test_what_was_kept_last_is_what_the_next_run_finds(case: Case, text: str) -> None:
    book, now = case.store.notebook, case.clock.now()
    assert book.recall("watch_page", "web-1", "seen") is None
    book.keep("watch_page", "web-1", "seen", "older", now)
    book.keep("watch_page", "web-1", "seen", text, now)
    assert book.recall("watch_page", "web-1", "seen") == text


def test_each_skill_has_its_own_notes_on_each_host(case: Case) -> None:
    book, now = case.store.notebook, case.clock.now()
    book.keep("watch_page", "web-1", "seen", "mine", now)
    assert book.recall("watch_page", "web-2", "seen") is None
    assert book.recall("other_skill", "web-1", "seen") is None
    assert book.recall("watch_page", "web-1", "Seen") is None


def test_a_note_and_their_number_are_bounded_and_an_old_key_may_still_change(case: Case) -> None:
    book, now = case.store.notebook, case.clock.now()
    with pytest.raises(InvalidError):
        book.keep("watch_page", "web-1", "seen", "x" * (64 * 1024 + 1), now)
    for number in range(MOST_NOTES):
        book.keep("watch_page", "web-1", f"page.{number}", "a", now)
    with pytest.raises(HostError, match="full"):
        book.keep("watch_page", "web-1", "one.more", "a", now)
    book.keep("watch_page", "web-1", "page.0", "b", now)
    book.keep("watch_page", "web-2", "one.more", "a", now)
    assert book.recall("watch_page", "web-1", "page.0") == "b"
