"""The SDK: the one module that a skill may import. Standard library only; it also runs inside the sandbox.

A skill is one file with a PEP 723 header, a docstring, `def run(host: Host, …) -> Outcome` and `CASES`. Every method of `Host` is one
grant verb: the call goes over a pipe to the broker, which decides. Nothing here has authority.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
"""Major version of this SDK; approvals bind it (TRUST 2)."""


class HostError(Exception):
    """A host call did not happen. `code` is one of: denied, quota, missing, exists, full, changed, timeout, failed."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


@dataclass(frozen=True)
class Outcome:
    """What a run says of itself. `ok` closes nothing: the broker's journal and the next measurement are the truth.

    `facts` is flat JSON with plain names; a looker's facts are evidence and fill parameters.
    """

    ok: bool
    summary: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """One file as lstat sees it: size in bytes, age in days, `kind` is file, dir, link or other.

    `target` is the text of a link. In `/proc/PID/fd` size and links are those of the open file: 0 links means deleted.
    """

    path: str
    kind: str
    size: int
    age_days: float
    mode: int
    uid: int
    links: int
    target: str = ""

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Process:
    """One process; `started` (clock ticks since boot) tells it from a later one with the same pid."""

    pid: int
    started: int
    parent: int
    name: str
    argv: tuple[str, ...]
    state: str
    uid: int
    rss: int


@dataclass(frozen=True)
class Command:
    """How a command ended; `status` is its exit code."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class ServiceState:
    """What its supervisor says of a service; `supervisor` is systemd, supervisord, runit, openrc, docker, pidfile or none.

    `restarts` counts starts in the last ten minutes where the supervisor tells, else -1; `since` is seconds up, else -1.
    """

    name: str
    supervisor: str
    is_running: bool
    pid: int
    restarts: int
    since: float
    detail: str


class _Processes:
    def __init__(self, call: Callable[[str, dict[str, Any]], Any]) -> None:
        self._call = call

    def list(self) -> list[Process]:
        """Every process on the host."""
        return [Process(**{**item, "argv": tuple(item["argv"])}) for item in self._call("process.list", {})]

    def signal(self, process: Process, name: str) -> None:
        """Sends TERM, HUP, USR1, USR2 or KILL to exactly this process; raises HostError("changed") if it is gone."""
        self._call("process.signal", {"pid": process.pid, "started": process.started, "name": name})


class _Service:
    def __init__(self, call: Callable[[str, dict[str, Any]], Any], name: str) -> None:
        self._call = call
        self.name = name

    def status(self) -> ServiceState:
        """What whoever runs it says, found by looking."""
        return ServiceState(**self._call("service.status", {"name": self.name}))

    def start(self) -> None:
        """Starts it through its supervisor."""
        self._call("service.start", {"name": self.name})

    def stop(self) -> None:
        """Stops it through its supervisor."""
        self._call("service.stop", {"name": self.name})

    def restart(self) -> None:
        """Restarts it through its supervisor."""
        self._call("service.restart", {"name": self.name})

    def reload(self) -> None:
        """Asks it to read its settings and reopen its logs, through its supervisor."""
        self._call("service.reload", {"name": self.name})


class Host:
    """The host a skill acts on. Every method is a grant verb and may raise HostError; calls are serial."""

    def __init__(self, call: Callable[[str, dict[str, Any]], Any]) -> None:
        self._call = call
        self.process = _Processes(call)

    def read(self, path: str, limit: int = 65536) -> str:
        """The first `limit` bytes of a plain file, decoded with replacement (`fs.read`)."""
        return str(self._call("fs.read", {"path": path, "limit": limit}))

    def list(self, path: str) -> list[File]:
        """The entries of a directory, at most 10,000, links not followed (`fs.list`)."""
        return [File(**item) for item in self._call("fs.list", {"path": path})]

    def stat(self, path: str) -> File:
        """One entry; HostError("missing") if there is none (`fs.stat`)."""
        return File(**self._call("fs.stat", {"path": path}))

    def write(self, path: str, text: str) -> None:
        """Replaces a plain file atomically, keeping owner and mode (`fs.write`)."""
        self._call("fs.write", {"path": path, "text": text})

    def delete(self, path: str) -> int:
        """Deletes a plain file; returns the bytes freed (`fs.delete`)."""
        return int(self._call("fs.delete", {"path": path}))

    def move(self, path: str, to: str) -> None:
        """Renames a plain file on the same file system; never over another (`fs.move`)."""
        self._call("fs.move", {"path": path, "to": to})

    def truncate(self, path: str) -> int:
        """Empties a plain file or `/proc/PID/fd/N`; returns the bytes freed (`fs.truncate`)."""
        return int(self._call("fs.truncate", {"path": path}))

    def run(self, argv: Sequence[str]) -> Command:
        """Runs one granted argv list, no shell (`exec`)."""
        return Command(**self._call("exec", {"argv": [*argv]}))

    def service(self, name: str) -> _Service:
        """A service by its name, whatever supervises it."""
        return _Service(self._call, name)

    def http_get(self, url: str, headers: Mapping[str, str] | None = None, limit: int = 65536) -> tuple[int, str]:
        """Status and the first `limit` bytes of the body, as seen from Nightshift's machine; no redirect is followed (`http.GET`)."""
        status, body = self._call("http.GET", {"url": url, "headers": dict(headers or {}), "limit": limit})
        return int(status), str(body)

    def http_post(
        self, url: str, body: str, headers: Mapping[str, str] | None = None, limit: int = 65536
    ) -> tuple[int, str]:
        """As `http_get`, sending `body` as UTF-8 (`http.POST`)."""
        args = {"url": url, "body": body, "headers": dict(headers or {}), "limit": limit}
        status, answer = self._call("http.POST", args)
        return int(status), str(answer)

    def recall(self, key: str) -> str | None:
        """What this skill kept under `key` when it last ran for this host; None if nothing (`kv`)."""
        kept = self._call("kv.recall", {"key": key})
        return None if kept is None else str(kept)

    def keep(self, key: str, text: str) -> None:
        """Keeps at most 64 KiB for the next run of this skill on this host; a dry run keeps nothing (`kv`)."""
        self._call("kv.keep", {"key": key, "text": text})

    def notify(self, text: str, to: str = "oncall") -> None:
        """One message to the people on call, or to those of a host group (`notify`)."""
        self._call("notify", {"text": text, "to": to})

    def secret(self, name: str) -> str:
        """A handle for a header's value, replaced on its way to the URLs that the grant names; never the value (`secret`)."""
        return str(self._call("secret", {"name": name}))

    @property
    def now(self) -> float:
        """Seconds since 1970 on the host's clock, as the broker sees it."""
        return float(self._call("now", {}))
