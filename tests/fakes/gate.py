"""Fake Gate over a shelf."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from core.approval import Approval, Verdict
from core.capability import Risk
from core.errors import ExpiredError, InvalidError, StoppedError, TamperedError
from core.pause import HOLDING, Pause
from tests.fakes.shelf import Shelf


class FakeGate:
    """Gate over a shelf; `shelf.has_stop_file` stands for the file STOP."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def check(self, host: str, groups: tuple[str, ...], incident: str, approval: str, now: datetime) -> Approval | None:
        """See `core.ports.Gate`."""
        if self._shelf.has_stop_file:
            raise StoppedError("all", "file STOP")
        covering = ["all", f"host:{host}", f"incident:{incident}", *(f"group:{group}" for group in groups)]
        if "stop list" in self._shelf.broken:
            raise TamperedError("the list of stops does not verify")
        for scope, by in self._shelf.stops:
            if scope in covering:
                raise StoppedError(scope, by)
        if "list of every pause" in self._shelf.broken:
            raise TamperedError("the list of every pause does not verify")
        for pause in cast("dict[str, Pause]", self._shelf.standing.get("pause", {})).values():
            if pause.kind in HOLDING and pause.is_on(now) and pause.covers(host, groups, incident):
                raise StoppedError(pause.scope, f"{pause.by}: {pause.kind}")
        return self._checked_approval(approval, now) if approval else None

    def _checked_approval(self, id: str, now: datetime) -> Approval:
        if id in self._shelf.broken:
            raise TamperedError(f"approval {id} does not verify")
        row = self._shelf.approvals.get(id)
        if row is None or row.verdict is not Verdict.APPROVED or row.decided is None or row.proposal is None:
            raise ExpiredError(id, "it is no yes")
        notes = self._shelf.audit
        given = max(
            (note.seq for note in notes if (note.kind, note.subject) == ("decision", id)), default=len(notes) + 1
        )
        latest = max((note.at for note in notes if note.seq >= given), default=row.decided)
        if now < max(row.decided, latest) - timedelta(seconds=60):
            raise ExpiredError(id, "the clock went back since it was given")
        last = row.decided + timedelta(minutes=10 if row.proposal.risk >= Risk.HIGH else 30)
        attempt = self._shelf.attempts.get(id)
        began = attempt is not None and attempt.began <= last and self._shelf.incidents[attempt.incident].closed is None
        if now > last and not began:
            raise ExpiredError(id, "its run did not begin in time")
        return row

    def stop(self, scope: str, by: str, now: datetime) -> None:
        """See `core.ports.Gate`."""
        _require_scope(scope)
        self._shelf.stops.pop((scope, by), None)
        self._shelf.stops[scope, by] = now
        self._shelf.note("stop", scope, {"by": by}, now)

    def go(self, scope: str, by: str, now: datetime, typed: datetime | None = None) -> bool:
        """See `core.ports.Gate`."""
        _require_scope(scope)
        there = {who: at for (one, who), at in self._shelf.stops.items() if one == scope}
        said = min(typed or now, now).replace(microsecond=0)
        if not there or any(at >= said + timedelta(seconds=who == by) for who, at in there.items()):
            return False
        for who in there:
            del self._shelf.stops[scope, who]
        self._shelf.note("go", scope, {"by": by}, now)
        return True

    def stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """See `core.ports.Gate`."""
        if "stop list" in self._shelf.broken:
            raise TamperedError("the list of stops does not verify")
        rows = [(scope, by, at) for (scope, by), at in self._shelf.stops.items()]
        if self._shelf.has_stop_file:
            rows.append(("all", "file STOP", self._shelf.clock.now()))
        return tuple(sorted(rows, key=lambda row: row[2]))


def _require_scope(scope: str) -> None:
    kind, _, name = scope.partition(":")
    if scope != "all" and (kind not in {"host", "group", "incident"} or not name):
        raise InvalidError(f"{scope!r} is nothing that can be stopped")
