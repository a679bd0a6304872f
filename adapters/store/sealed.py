"""The seal on rows that carry authority (TRUST 6), and the list of those that did not verify."""

from __future__ import annotations

import json
import threading

from core.errors import TamperedError
from core.ports import Seal


class Sealer:
    """Signs and verifies rows; remembers each that did not verify, because it is an incident of its own."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._lock = threading.Lock()
        self._broken: dict[str, None] = {}

    def sign(self, table: str, *values: object) -> str:
        """The mark of a row; every column that decides anything is among the values."""
        return self._seal.sign(_bytes(table, values))

    def holds(self, table: str, key: object, mark: str, *values: object) -> bool:
        """True if the row verifies; else it is noted, and absent for whoever decides."""
        if self._seal.verifies(_bytes(table, values), mark):
            return True
        self.note(f"{table} {key}")
        return False

    def require(self, table: str, key: object, mark: str, *values: object) -> None:
        """As `holds`; raises TamperedError instead of False."""
        if not self.holds(table, key, mark, *values):
            raise TamperedError(
                f"{table} {key} does not verify; it was changed outside Nightshift, or the key is another one: "
                "put the former key back, or begin with a new data folder"
            )

    def note(self, what: str) -> None:
        """One more that does not verify."""
        with self._lock:
            self._broken[what] = None

    def broken(self) -> tuple[str, ...]:
        """All that did not verify since the start, in the order they were met."""
        with self._lock:
            return tuple(self._broken)


def _bytes(table: str, values: tuple[object, ...]) -> bytes:
    return json.dumps([table, *values], separators=(",", ":")).encode()
