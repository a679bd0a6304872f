"""The heartbeat: once a minute, only while the watch is alive and rows can be written; a dead URL is said once."""

from __future__ import annotations

import pytest

from core.errors import UnavailableError
from core.lifesign import Lifesign
from tests.fakes.clock import FakeClock
from tests.fakes.heartbeat import FakeHeartbeat
from tests.fakes.store import FakeStore


class FullTicks:
    """Ticks of a database that takes nothing."""

    def claim(self, job: str, slot: int, now: object) -> bool:
        """See `core.ports.Ticks`."""
        raise UnavailableError(f"cannot write {job} {slot} {now}")

    def states(self) -> dict[str, str]:
        """See `core.ports.Ticks`."""
        return {}

    def save(self, states: dict[str, str]) -> None:
        """See `core.ports.Ticks`."""


def alive() -> str:
    return ""


def test_a_url_that_does_not_answer_is_said_once_until_it_has_answered_again() -> None:
    store = FakeStore(FakeClock())
    heartbeat = FakeHeartbeat(store.clock)
    lifesign = Lifesign(heartbeat, store.ticks, store.outbox, store.clock, lambda why: f"dead: {why}")
    heard = []
    for is_down in (True, True, False, True):
        heartbeat.is_down = is_down
        heard.append(lifesign.beat(alive))
        store.clock.advance(60)
    assert heard == [False, False, True, False]
    said = [item.card.text for item in store.shelf.outbox.values()]
    assert said == ["dead: the heartbeat URL does not answer"] * 2


def test_where_nothing_can_be_written_nothing_is_sent() -> None:
    store = FakeStore(FakeClock())
    heartbeat = FakeHeartbeat(store.clock)
    lifesign = Lifesign(heartbeat, FullTicks(), store.outbox, store.clock, str)
    with pytest.raises(UnavailableError):
        lifesign.beat(alive)
    assert heartbeat.beats == []
