"""A step of the clock is written down once, and told in one sentence in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.clock_watch import ClockWatch
from bot.messages import words_of
from core.errors import UnavailableError
from tests.fakes.audit import FakeAudit
from tests.fakes.store import FakeStore


class Beats:
    """A store, its clock, and one that nobody can set."""

    def __init__(self, language: str = "en") -> None:
        self.store, self.steady = FakeStore(), 0.0
        self.watch = self.started(language)

    def started(self, language: str = "en") -> ClockWatch:
        store = self.store
        return ClockWatch(store.audit, store.outbox, words_of(language), store.clock.now(), lambda: self.steady)

    def beat(self, jump: float = 0.0) -> None:
        """A second passes, in which the clock is set."""
        self.steady += 1
        self.watch.tick(self.store.clock.advance(1 + jump))

    @property
    def said(self) -> list[str]:
        return [item.card.text for item in self.store.shelf.outbox.values()]


@pytest.mark.parametrize(
    ("language", "hours", "says"),
    [
        ("en", -5, "was set back by 5 h"),
        ("en", 8, "jumped ahead by 8 h"),
        ("zh", -5, "时钟被拨回了"),
        ("zh", 8, "时钟向前跳了"),
    ],
)
def test_one_sentence(language: str, hours: int, says: str) -> None:
    beats = Beats(language)
    beats.beat()
    beats.beat(hours * 3600)
    beats.beat()
    (told,) = beats.said
    assert says in told
    (row,) = beats.store.audit.tail(9)
    assert row.kind == {-5: "clock set back", 8: "clock jumped ahead"}[hours]


def test_what_is_corrected_by_seconds_is_no_news() -> None:
    beats = Beats()
    for jump in (-59, 59, -3, 0):
        beats.beat(jump)
    assert beats.said == []


def test_one_that_was_set_back_while_nothing_ran_is_told_at_the_start() -> None:
    beats = Beats()
    beats.store.audit.append("close", "i1", {}, beats.store.clock.now())
    beats.store.clock.advance(-3600)
    beats.watch = beats.started()
    beats.beat()
    (told,) = beats.said
    assert "set back by 1 h" in told
    beats.watch = beats.started()
    beats.beat()
    assert beats.said == [told, told], "said again at each start until the clock has come so far"


def test_what_could_not_be_written_down_is_written_with_the_next_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = Beats()

    def full(*_: object) -> int:
        raise UnavailableError("full")

    with monkeypatch.context() as patched:
        patched.setattr(FakeAudit, "append", full)
        with pytest.raises(UnavailableError):
            beats.beat(-7200)
    beats.beat()
    (row,) = beats.store.audit.tail(9)
    assert row.at - beats.store.clock.now() > timedelta(hours=1)
    assert len(beats.said) == 1
