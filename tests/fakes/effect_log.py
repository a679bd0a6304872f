"""Fake EffectLog over a shelf."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.capability import NO_UNDO, Undo
from core.errors import TamperedError, UnknownError
from core.journal import EffectRow
from core.world import Json
from tests.fakes.shelf import Shelf


class FakeEffectLog:
    """EffectLog over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def intend(self, run: str, host: str, effect: str, detail: dict[str, Json], now: datetime) -> int:
        """See `core.ports.EffectLog`."""
        action = self._shelf.note("intent", run, {"host": host, "effect": effect, "detail": detail}, now)
        self._shelf.effects[action] = EffectRow(action, run, host, effect, now, None, "", NO_UNDO)
        undoes = detail.get("undoes")
        if isinstance(undoes, int):
            self._shelf.undoes[action] = undoes
        return action

    def started(self, action: int, pid: int, start: int) -> None:
        """See `core.ports.EffectLog`."""
        self._shelf.effects[action] = replace(self._of(action), pid=pid, start=start)

    def done(self, action: int, ok: bool, result: str, undo: Undo, now: datetime) -> None:
        """See `core.ports.EffectLog`."""
        row = self._of(action)
        if row.ok is not None:
            return
        self._shelf.effects[action] = replace(row, ok=ok, result=result, undo=undo)
        undone = self._shelf.undoes.get(action)
        if ok and undone is not None:
            self._shelf.effects[undone] = replace(self._of(undone), undone_by=action)
            again = self._shelf.undoes.get(undone)
            if again is not None:
                self._shelf.effects[again] = replace(self._of(again), undone_by=0)
        self._shelf.note("outcome", row.run, {"action": action, "ok": ok}, now)

    def of_run(self, run: str) -> tuple[EffectRow, ...]:
        """See `core.ports.EffectLog`."""
        return tuple(self._of(action) for action, row in sorted(self._shelf.effects.items()) if row.run == run)

    def unfinished(self) -> tuple[EffectRow, ...]:
        """See `core.ports.EffectLog`."""
        rows = [row for _, row in sorted(self._shelf.effects.items()) if row.ok is None]
        return tuple(row for row in rows if str(row.action) not in self._shelf.broken)

    def _of(self, action: int) -> EffectRow:
        if action not in self._shelf.effects:
            raise UnknownError("action", str(action))
        if str(action) in self._shelf.broken:
            raise TamperedError(f"effect {action} does not verify")
        return self._shelf.effects[action]
