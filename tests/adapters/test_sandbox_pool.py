"""The pool outlives its engine: whatever a guest raises at its start, its end or after, one run says so and the next one is served."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from adapters.sandbox.line import AttachedLine, Line
from adapters.sandbox.warm import WarmGuests
from core.errors import UnavailableError


def fine() -> None:
    """What most moments of most guests are."""


def broken() -> None:
    """No error of ours, as a library below an engine raises it."""
    raise AttributeError("'NoneType' object has no attribute 'raw'")


@dataclass
class ToyGuest:
    """One that is told how each moment of its life goes."""

    slot: int
    ready: Callable[[], None] = fine
    ending: Callable[[], None] = fine
    burial: Callable[[], None] = fine
    pair: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def __post_init__(self) -> None:
        self.line: Line = AttachedLine(self.pair[0])

    def wait_ready(self) -> None:
        """See `warm.Guest`."""
        self.ready()

    def is_alive(self) -> bool:
        """See `warm.Guest`."""
        return True

    def ran_out_of_memory(self) -> bool:
        """See `warm.Guest`."""
        return False

    def kill(self) -> None:
        """See `warm.Guest`."""

    def end(self) -> None:
        """See `warm.Guest`."""
        for end in self.pair:
            end.close()
        self.ending()

    def bury(self) -> None:
        """See `warm.Guest`."""
        self.burial()


class Engine:
    """Starts toy guests by a script: each entry is one start; after the last one all goes well."""

    def __init__(self) -> None:
        self.script: list[Callable[[int], ToyGuest]] = []
        self.pool = WarmGuests(self._start, 0)

    def _start(self, slot: int) -> ToyGuest:
        return self.script.pop(0)(slot) if self.script else ToyGuest(slot)

    def is_served(self) -> bool:
        """A guest is had, and given back."""
        guest = self.pool.take()
        self.pool.give_back(guest)
        return True


def no_start(_slot: int) -> ToyGuest:
    broken()
    raise AssertionError


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.pool.close()


def test_a_start_that_raises_what_nobody_expected_fails_one_run_and_is_logged(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.script = [no_start]
    with pytest.raises(UnavailableError, match="cannot start a guest: AttributeError: 'NoneType' object"):
        engine.pool.take()
    assert "guest 0 of the sandbox could not be started" in caplog.text
    assert "in broken" in caplog.text
    assert engine.is_served()


def test_a_burial_that_raises_does_not_end_the_pool(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    engine.script = [lambda slot: ToyGuest(slot, burial=broken)]
    assert engine.is_served()
    assert all(engine.is_served() for _ in range(20))
    engine.pool.close()
    assert "what is left of guest 0 of the sandbox could not be taken away" in caplog.text


@pytest.mark.parametrize(
    "made",
    [lambda slot: ToyGuest(slot, ready=broken), lambda slot: ToyGuest(slot, ending=broken)],
    ids=["while it gets ready", "at its end"],
)
def test_a_guest_that_raises_later_gives_its_slot_back(engine: Engine, made: Callable[[int], ToyGuest]) -> None:
    engine.script = [made] * 3
    for _ in range(3):
        with pytest.raises(AttributeError, match="has no attribute 'raw'"):
            engine.is_served()
    guest = engine.pool.take()
    assert guest.slot == 0
    engine.pool.give_back(guest)
