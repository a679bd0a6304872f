"""In-memory fakes of the ports around an effect: EffectLog, Audit, Gate, Leases, Blobs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.approval import Verdict
from core.capability import NO_UNDO, Risk, Undo
from core.errors import ExpiredError, InvalidError, StoppedError, TamperedError, UnknownError
from core.ports import AuditRow, AuditState, EffectRow
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


class FakeAudit:
    """Audit over a shelf; `broken_at` says which row a test has changed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.broken_at = 0

    def append(self, kind: str, subject: str, body: dict[str, Json], now: datetime) -> int:
        """See `core.ports.Audit`."""
        return self._shelf.note(kind, subject, body, now)

    def verify(self) -> AuditState:
        """See `core.ports.Audit`."""
        count = len(self._shelf.audit)
        problem = f"row {self.broken_at} does not verify" if self.broken_at else ""
        return AuditState(count, f"head {count}" if count else "", self.broken_at, problem)

    def tail(self, limit: int, subject: str = "") -> tuple[AuditRow, ...]:
        """See `core.ports.Audit`."""
        rows = [row for row in self._shelf.audit if subject in {"", row.subject}]
        return tuple(rows[-limit:])


class FakeGate:
    """Gate over a shelf; `shelf.has_stop_file` stands for the file STOP."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def check(self, host: str, groups: tuple[str, ...], incident: str, approval: str, now: datetime) -> None:
        """See `core.ports.Gate`."""
        if self._shelf.has_stop_file:
            raise StoppedError("all", "file STOP")
        covering = ["all", f"host:{host}", f"incident:{incident}", *(f"group:{group}" for group in groups)]
        for scope in covering:
            if scope in self._shelf.stops:
                raise StoppedError(scope, self._shelf.stops[scope][0])
        if approval:
            self._check_approval(approval, now)

    def _check_approval(self, id: str, now: datetime) -> None:
        if id in self._shelf.broken:
            raise TamperedError(f"approval {id} does not verify")
        row = self._shelf.approvals.get(id)
        if row is None or row.verdict is not Verdict.APPROVED or row.decided is None or row.proposal is None:
            raise ExpiredError(id, "it is no yes")
        if now < row.decided - timedelta(seconds=60):
            raise ExpiredError(id, "the clock went back since it was given")
        last = row.decided + timedelta(minutes=10 if row.proposal.risk >= Risk.HIGH else 30)
        attempt = self._shelf.attempts.get(id)
        began = attempt is not None and attempt.began <= last and self._shelf.incidents[attempt.incident].closed is None
        if now > last and not began:
            raise ExpiredError(id, "its run did not begin in time")

    def stop(self, scope: str, by: str, now: datetime) -> None:
        """See `core.ports.Gate`."""
        _require_scope(scope)
        if scope not in self._shelf.stops:
            self._shelf.stops[scope] = (by, now)
            self._shelf.note("stop", scope, {"by": by}, now)

    def go(self, scope: str, by: str, now: datetime) -> bool:
        """See `core.ports.Gate`."""
        _require_scope(scope)
        if self._shelf.stops.pop(scope, None) is None:
            return False
        self._shelf.note("go", scope, {"by": by}, now)
        return True

    def stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """See `core.ports.Gate`."""
        rows = [(scope, by, at) for scope, (by, at) in self._shelf.stops.items()]
        if self._shelf.has_stop_file:
            rows.append(("all", "file STOP", self._shelf.clock.now()))
        return tuple(sorted(rows, key=lambda row: row[2]))


def _require_scope(scope: str) -> None:
    kind, _, name = scope.partition(":")
    if scope != "all" and (kind not in {"host", "group", "incident"} or not name):
        raise InvalidError(f"{scope!r} is nothing that can be stopped")


@dataclass
class _Lease:
    owner: str
    fence: int
    until: datetime


class FakeLeases:
    """Leases over a clock."""

    def __init__(self, shelf: Shelf) -> None:
        self._clock, self._rows = shelf.clock, dict[str, _Lease]()

    def take(self, resource: str, owner: str, seconds: float) -> int | None:
        """See `core.ports.Leases`."""
        row = self._rows.setdefault(resource, _Lease("", 0, self._clock.now()))
        if row.owner not in {"", owner} and row.until > self._clock.now():
            return None
        row.owner, row.fence, row.until = owner, row.fence + 1, self._clock.now() + timedelta(seconds=seconds)
        return row.fence

    def renew(self, resource: str, fence: int, seconds: float) -> bool:
        """Holds it longer; False if it has gone to somebody else."""
        row = self._rows.get(resource)
        if row is None or row.fence != fence or not row.owner:
            return False
        row.until = self._clock.now() + timedelta(seconds=seconds)
        return True

    def holds(self, resource: str, fence: int) -> bool:
        """See `core.ports.Leases`."""
        row = self._rows.get(resource)
        return row is not None and bool(row.owner) and row.fence == fence and row.until > self._clock.now()

    def release(self, resource: str, owner: str) -> None:
        """See `core.ports.Leases`."""
        row = self._rows.get(resource)
        if row is not None and row.owner == owner:
            row.owner = ""


class FakeBlobs:
    """Blobs over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def put(self, data: bytes) -> str:
        """See `core.ports.Blobs`."""
        if len(data) > 1 << 20:
            raise InvalidError(f"{len(data)} bytes are too many to keep")
        name = hashlib.sha256(data).hexdigest()
        self._shelf.blobs[name] = data
        return name

    def get(self, sha256: str) -> bytes:
        """See `core.ports.Blobs`."""
        if sha256 not in self._shelf.blobs:
            raise UnknownError("saved bytes", sha256)
        if hashlib.sha256(self._shelf.blobs[sha256]).hexdigest() != sha256:
            raise TamperedError(f"the saved bytes {sha256[:12]} are not what was saved")
        return self._shelf.blobs[sha256]
