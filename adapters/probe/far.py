"""Probe of a host over there: the same readers, on facts that its kept connection carries; several signals in one round."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from adapters.probe.ground import Batch, Ground, Missing
from adapters.probe.local import Readers
from adapters.probe.system import Reading
from core.alert import Signal
from core.errors import NightshiftError, UnavailableError
from core.ports import Clock
from core.world import Measurement

SECONDS = 9.0
_MOST_ROUNDS = 8

Ask = Callable[[dict[str, Any], float], Any]
"""Carries one question to `far_program` on that host and its answer back, within seconds; raises UnavailableError."""

K = TypeVar("K")
V = TypeVar("V")


class FarProbe:
    """Probe port of one far host. One question at a time goes there; what compares two looks is remembered here."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._batch = Batch()
        self._readers = Readers(Ground(lambda name, arguments: self._batch.tell(name, arguments)), clock.now)
        self._one_at_a_time = threading.Lock()

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        result = self.measure_all(host, (signal,))[signal]
        if isinstance(result, NightshiftError):
            raise result
        return result

    def measure_all(self, host: str, signals: Sequence[Signal]) -> dict[Signal, Measurement | NightshiftError]:
        """All of them in as few rounds as the longest of them needs alone."""
        with self._one_at_a_time:
            read = self._in_rounds(self._reader_of, signals)
        return {signal: self._measured(host, signal, result) for signal, result in read.items()}

    def identity(self) -> tuple[str, int]:
        """Boot id and pid namespace of that host, see `raw_system.identity`."""
        ground = Ground(lambda name, arguments: self._batch.tell(name, arguments))
        with self._one_at_a_time:
            result = self._in_rounds(lambda _: ground.identity(), ("identity",))["identity"]
        if isinstance(result, NightshiftError):
            raise result
        return result

    def ask(self, question: dict[str, Any], seconds: float) -> Any:
        """For `ServedPresence` and `ServedChanges`: who is logged in over there, what changed, also of the services that are named."""
        arguments = question["arguments"]
        if question["operation"] == "changes":
            with self._one_at_a_time:
                found = self._in_rounds(lambda name: self._readers.processes.pids(name), tuple(arguments["services"]))
            pids = [pid for one in found.values() if isinstance(one, tuple) for pid in one]
            arguments = {"since": arguments["since"], "pids": pids}
        return self._ask({"operation": question["operation"], "arguments": arguments}, seconds)

    def _reader_of(self, signal: Signal) -> Reading:
        return self._readers.read(signal)

    def _in_rounds(self, read: Callable[[K], V], wanted: Sequence[K]) -> dict[K, V | NightshiftError]:
        """Reads each, asking between the rounds for what was still missing. Whoever does not come to an end is not measured."""
        self._batch = Batch()
        done: dict[K, V | NightshiftError] = {}
        for _ in range(_MOST_ROUNDS):
            for key in wanted:
                if key not in done:
                    self._try(read, key, done)
            if not self._batch.wanted:
                return done
            try:
                self._batch.learn(
                    lambda facts: self._ask({"operation": "facts", "arguments": {"wanted": facts}}, SECONDS)
                )
            except NightshiftError as error:
                return {key: done.get(key, error) for key in wanted}
        late = UnavailableError("it asks for ever more facts")
        return {key: done.get(key, late) for key in wanted}

    @staticmethod
    def _try(read: Callable[[K], V], key: K, done: dict[K, V | NightshiftError]) -> None:
        try:
            done[key] = read(key)
        except Missing:
            return  # it is wanted now, and read again after the next round
        except NightshiftError as error:
            done[key] = error

    def _measured(self, host: str, signal: Signal, read: Reading | NightshiftError) -> Measurement | NightshiftError:
        if isinstance(read, NightshiftError):
            return read
        return Measurement(host, signal, read.value, self._clock.now(), read.detail)
