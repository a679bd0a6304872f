"""The invented host of a skill's case: a literal world, and the in-memory journal that the same broker writes to while it acts there.

The keys of a world are described in `core.skill_cases`. What the world does not hold is missing; nothing here touches a real machine.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core.capability import NO_UNDO, Undo
from core.errors import UnknownError
from core.host_change import Change, Changed, FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.journal import EffectRow
from core.skill import HostError, ServiceState
from core.web import WebAnswer, WebRequest
from core.world import CommandResult, FileContent, FileInfo, Json, Process

CLOSED = "is closed to us"
"""How the refusal of an entry ends that a case describes as closed."""

SUPERVISOR = "/case/supervisor"
"""Stands for whatever runs the services of a case."""


@dataclass(frozen=True, slots=True)
class CaseWorld:
    """A world as a case describes it. `files` None: not there. `fails` names services whose orders fail."""

    files: Mapping[str, FileContent | None]
    processes: tuple[Process, ...]
    services: Mapping[str, ServiceState]
    fails: frozenset[str]
    commands: Mapping[str, tuple[CommandResult, ...]]
    now: datetime
    pages: Mapping[str, tuple[WebAnswer, ...]] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def web_hosts(self) -> tuple[str, ...]:
        """The hosts of its pages, which count as listed by the operator."""
        return tuple(sorted({urlsplit(line.partition(" ")[2]).hostname or "" for line in self.pages}))


class CaseHost:
    """A Host and the Services on it, made of a CaseWorld."""

    def __init__(self, world: CaseWorld) -> None:
        self._world = world
        self._files = dict(world.files)
        self._processes = world.processes
        self._services = dict(world.services)
        self._ran: dict[str, int] = {}

    @property
    def files(self) -> dict[str, str | None]:
        """What is in every file by now, None where it is gone."""
        return {
            path: None if file is None else file.data.decode("utf-8", "replace") for path, file in self._files.items()
        }

    def read(self, path: str, limit: int) -> FileContent:
        """A described file, or a directory above one."""
        file = self._files.get(path)
        if file is None:
            if any(other.startswith(f"{path.rstrip('/')}/") for other, one in self._files.items() if one is not None):
                return _content(FileInfo(path, "dir", 4096, self._world.now.timestamp(), 0o755, 0), b"")
            raise HostError("missing", path)
        if file.info.kind == "closed":
            raise HostError("denied", f"{path} {CLOSED}")
        if limit > 0 and file.info.kind != "file":
            raise HostError("denied", f"{path} is not a plain file")
        return _content(file.info, file.data[: max(limit, 0)])

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """What was described below it, and the directories between."""
        if self.read(path, 0).info.kind != "dir":
            raise HostError("missing", path)
        prefix = f"{path.rstrip('/')}/"
        below = [other for other, file in self._files.items() if file is not None and other.startswith(prefix)]
        names = sorted({other.removeprefix(prefix).partition("/")[0] for other in below})
        return tuple(self.read(prefix + name, 0).info for name in names)[:limit]

    def change(self, change: Change) -> Changed:
        """Changes the invented world as a real one would change."""
        if isinstance(change, ProcessSignal):
            return self._signal(change)
        if isinstance(change, FileWrite):
            return self._write(change)
        file = self._plain(change.path)
        if isinstance(change, FileMove):
            if change.to in self._files and self._files[change.to] is not None:
                raise HostError("exists", change.to)
            self._files[change.to] = FileContent(replace(file.info, path=change.to), file.data, file.sha256)
            self._files[change.path] = None
            return Changed(0)
        if isinstance(change, FileDelete):
            self._files[change.path] = None
        if isinstance(change, FileTruncate):
            self._files[change.path] = _content(replace(file.info, size=0), b"")
        return Changed(file.info.size, file.data if file.info.size == len(file.data) else None, file.info.mode)

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:  # noqa: ARG002 - the port's own
        """The described answer; the second run of the same line gets the second one, the last is repeated."""
        started(1, 1)
        if argv[0] == SUPERVISOR:
            return self._order(argv[1], argv[2])
        line = shlex.join(argv)
        results = self._world.commands.get(line, ())
        if not results:
            return CommandResult(127, "", f"{argv[0]}: not found")
        at = self._ran.get(line, 0)
        self._ran[line] = at + 1
        return results[min(at, len(results) - 1)]

    def processes(self) -> tuple[Process, ...]:
        """Those described, without those that were ended."""
        return self._processes

    def status(self, name: str) -> ServiceState:
        """As described, then as ordered."""
        return self._services.get(name, ServiceState(name, "none", False, 0, -1, -1.0, "not in this case"))

    def argv(self, verb: str, name: str) -> tuple[str, ...]:
        """An order to the invented supervisor."""
        if self.status(name).supervisor == "none":
            raise HostError("missing", f"nothing here starts and stops {name}")
        return (SUPERVISOR, verb, name)

    def _order(self, verb: str, name: str) -> CommandResult:
        if name in self._world.fails:
            return CommandResult(1, "", f"{name} does not {verb}")
        if verb != "reload":
            self._services[name] = replace(self._services[name], is_running=verb != "stop")
        return CommandResult(0, "", "")

    def _plain(self, path: str) -> FileContent:
        file = self._files.get(path)
        if file is None:
            raise HostError("missing", path)
        if file.info.kind != "file" and not path.startswith("/proc/"):
            raise HostError("denied", f"{path} is not a plain file")
        return file

    def _write(self, change: FileWrite) -> Changed:
        old = self._files.get(change.path)
        new = FileInfo(change.path, "file", 0, self._world.now.timestamp(), change.mode, max(change.uid, 0))
        info = old.info if old else replace(new, gid=max(change.gid, 0))
        self._files[change.path] = _content(replace(info, size=len(change.data)), change.data)
        return Changed(len(change.data), old.data if old else None, info.mode, hashlib.sha256(change.data).hexdigest())

    def _signal(self, change: ProcessSignal) -> Changed:
        left = tuple(p for p in self._processes if (p.pid, p.started) != (change.pid, change.started))
        if len(left) == len(self._processes):
            raise HostError("changed", f"process {change.pid} is gone")
        if change.name in ("TERM", "KILL"):
            self._processes = left
        return Changed(0)


class CaseBeyond:
    """What a case holds beside its host: pages, what the skill kept, secrets by name; and what it sent and said."""

    def __init__(self, world: CaseWorld, note: Callable[[str], None]) -> None:
        self._world, self._note = world, note
        self._asked: dict[str, int] = {}
        self.kept = dict(world.kept)
        self.sent: list[str] = []
        self.told: list[str] = []

    def fetch(self, request: WebRequest) -> WebAnswer:
        """The described answer, as `CaseHost.run` gives them."""
        line = f"{request.method} {request.url}"
        answers = self._world.pages.get(line, ())
        if not answers:
            self._note(f"not in this case: {line}")
            raise HostError("failed", "not in this case")
        self.sent += [*(f"{name}: {text}" for name, text in request.headers), *([request.body] if request.body else [])]
        at = self._asked.get(line, 0)
        self._asked[line] = at + 1
        answer = answers[min(at, len(answers) - 1)]
        return replace(answer, body=answer.body[: request.limit])

    def tell(self, to: str, text: str) -> None:
        """Somebody is told; of `oncall` only the words are noted."""
        self.told.append(text if to == "oncall" else f"{to}: {text}")

    def keep(self, key: str, text: str) -> None:
        """Kept until the case is over."""
        self.kept[key] = text

    def secret(self, name: str) -> str:
        """Its handle stands for it, so that a case can say where it went."""
        if name not in self._world.secrets:
            raise HostError("denied", f"no secret {name} in this case")
        return f"the secret {name}"


class CaseJournal:
    """EffectLog and Blobs of one case, in memory; and its clock, which stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._blobs: dict[str, bytes] = {}
        self.rows: list[EffectRow] = []

    def now(self) -> datetime:
        """When the case happens."""
        return self._now

    def intend(self, run: str, host: str, effect: str, detail: dict[str, Json], now: datetime) -> int:  # noqa: ARG002 - the port's own
        """A row in a list."""
        self.rows.append(EffectRow(len(self.rows) + 1, run, host, effect, now, None, "", NO_UNDO))
        return len(self.rows)

    def started(self, action: int, pid: int, start: int) -> None:
        """No process of a case outlives it."""
        self.rows[action - 1] = replace(self.rows[action - 1], pid=pid, start=start)

    def done(self, action: int, ok: bool, result: str, undo: Undo, now: datetime) -> None:  # noqa: ARG002, FBT001 - the port's own
        """The outcome."""
        self.rows[action - 1] = replace(self.rows[action - 1], ok=ok, result=result, undo=undo)

    def of_run(self, run: str) -> tuple[EffectRow, ...]:
        """All rows of the case."""
        return tuple(row for row in self.rows if row.run == run)

    def unfinished(self) -> tuple[EffectRow, ...]:
        """Intents without an outcome."""
        return tuple(row for row in self.rows if row.ok is None)

    def put(self, data: bytes) -> str:
        """Kept until the case is over."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._blobs[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        """What was put."""
        if sha256 not in self._blobs:
            raise UnknownError("blob", sha256)
        return self._blobs[sha256]


CASE_NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""When a case happens unless it says otherwise."""


def _content(info: FileInfo, data: bytes) -> FileContent:
    return FileContent(info, data, hashlib.sha256(data).hexdigest())
