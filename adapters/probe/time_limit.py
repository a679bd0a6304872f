"""A bound on calls into the kernel or libc that cannot be interrupted: a dead network file system, a name that nobody resolves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from core.errors import UnavailableError

T = TypeVar("T")


class _Call(threading.Thread, Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(daemon=True, name="time-limited")
        self._call = call
        self.result: list[T] = []
        self.error: list[OSError] = []

    def run(self) -> None:
        try:
            self.result.append(self._call())
        except OSError as error:
            self.error.append(error)


class TimeLimit:
    """Runs such calls in threads of their own, and never a second one for the same key while the first is stuck."""

    def __init__(self) -> None:
        self._stuck: dict[str, threading.Thread] = {}

    def run(self, key: str, seconds: float, call: Callable[[], T]) -> T:
        """The call's value or its OSError; UnavailableError when it does not come back in time."""
        stuck = self._stuck.get(key)
        if stuck is not None and stuck.is_alive():
            raise UnavailableError(f"{key} still hangs since an earlier measurement")
        thread = _Call(call)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            self._stuck[key] = thread
            raise UnavailableError(f"{key} did not come back within {seconds:g} s")
        self._stuck.pop(key, None)
        if thread.error:
            raise thread.error[0]
        return thread.result[0]
