"""Commands in one container, over the daemon's own socket: found by its exact name each time, run as a fixed user."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from core.errors import InvalidError, UnavailableError

LOCAL_DAEMON = "unix:///var/run/docker.sock"
_API = "/v1.41"
_SECONDS = 10.0
_LINGER = 0.2
"""Seconds to go on reading after the command has ended: what it started may hold its output open for ever."""
_ASK_EVERY = 0.5
_MOST = 32 << 20
"""Bytes kept of each stream; the rest is drained and dropped."""
_MOST_ANSWER = 8 << 20
_HEADER = struct.Struct(">BxxxI")


@dataclass(frozen=True, slots=True)
class Found:
    """A running container: its id, and the user its image or creator chose, empty for root."""

    id: str
    user: str


class DockerLink:
    """One container of one daemon. `name` is its exact name or full id; who may be named here is the operator's list alone."""

    def __init__(self, name: str, url: str = LOCAL_DAEMON) -> None:
        if not url.startswith("unix:///"):
            raise InvalidError(f"{url!r} is no daemon we reach; write unix:///PATH, over SSH for another machine")
        self.name, self._path = name, url.removeprefix("unix://")
        self._known = ""
        self._lock = threading.Lock()

    def find(self) -> Found:
        """The container as it is now; raises UnavailableError in one sentence where it is gone, stopped or paused.

        A deploy puts another container under the name. The first call that meets it fails and says so, which stands in the audit, and
        no run goes on in another container than it began in; from the second call on it is the host.
        """
        shown = self._running()
        found = str(shown["Id"])
        with self._lock:
            known, self._known = self._known, found
        if known not in {"", found}:
            raise UnavailableError(
                f"the container {self.name} was replaced: it was {known[:12]} and is {found[:12]} now; what follows goes there"
            )
        return Found(found, str(shown["Config"].get("User") or ""))

    def is_as_it_was(self) -> bool:
        """Whether the container that was found last still runs under the name."""
        try:
            return str(self._running()["Id"]) == self._known
        except UnavailableError:
            return False

    def _running(self) -> dict[str, Any]:
        shown = self._get(f"/containers/{quote(self.name, safe='')}/json")
        state = shown["State"]
        if self.name not in {str(shown["Name"]).removeprefix("/"), shown["Id"]}:
            raise UnavailableError(f"there is no container {self.name}")  # the daemon takes the beginning of an id too
        if state.get("Paused") or not state.get("Running"):
            raise UnavailableError(f"the container {self.name} is {state.get('Status', 'not running')}; start it")
        return shown

    def run_as(self, user: str) -> Callable[[Sequence[str], bytes, float], tuple[int, bytes, bytes]]:
        """As `adapters.host.plain_script.Exec`; an empty user is the container's own."""

        def run(argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
            exec_id = self.prepare(argv, user)
            with self.attached(exec_id) as (connection, early):
                talk = _Talk(connection, early, stdin, lambda: self._is_running(exec_id))
                out, err = talk.until(time.monotonic() + seconds)
            return self.status_of(exec_id), out, err

        return run

    def prepare(self, argv: Sequence[str], user: str) -> str:
        """An exec that has not begun; its id."""
        body = {
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": False,
            "Privileged": False,
            "User": user,
            "WorkingDir": "/",
            "Cmd": list(argv),
        }
        return str(self._ask("POST", f"/containers/{self.find().id}/exec", body)["Id"])

    @contextmanager
    def attached(self, exec_id: str) -> Iterator[tuple[socket.socket, bytes]]:
        """Begins it: the raw connection, and what came with the header. Read by hand: a client's buffer keeps bytes back."""
        body = b'{"Detach": false, "Tty": false}'
        head = (
            f"POST {_API}/exec/{exec_id}/start HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
            f"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with self._connected() as connection:
            try:
                connection.sendall(head.encode() + body)
                yield connection, self._after_header(connection)
            finally:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)  # a daemon that still writes would hang on us otherwise

    def status_of(self, exec_id: str) -> int:
        """How it ended; -1 while the daemon does not know."""
        status = self._get(f"/exec/{exec_id}/json").get("ExitCode")
        return -1 if status is None else int(status)

    def _after_header(self, connection: socket.socket) -> bytes:
        seen = b""
        while b"\r\n\r\n" not in seen:
            piece = connection.recv(65536)
            if not piece or len(seen) > 1 << 16:
                raise self._gone("the daemon closed the line")
            seen += piece
        header, _, rest = seen.partition(b"\r\n\r\n")
        if header.split(b" ", 2)[1:2] not in ([b"101"], [b"200"]):
            raise self._gone(rest.decode("utf-8", "replace")[:200] or header.decode("ascii", "replace")[:80])
        return rest

    def _is_running(self, exec_id: str) -> bool:
        return bool(self._get(f"/exec/{exec_id}/json").get("Running"))

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        line = http.client.HTTPConnection("docker", timeout=_SECONDS)
        with self._connected() as line.sock:
            try:
                headers = {"Content-Type": "application/json"} if body is not None else {}
                line.request(method, _API + path, None if body is None else json.dumps(body), headers)
                answer = line.getresponse()
                said = json.loads(answer.read(_MOST_ANSWER) or b"{}")
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise self._gone(str(error)) from error
        if answer.status >= 300:
            raise self._gone(str(said.get("message", answer.status))[:200])
        return dict(said)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_SECONDS)
        with connection:
            try:
                connection.connect(self._path)
            except OSError as error:
                raise self._gone(f"no daemon at {self._path}: {error.strerror or error}") from error
            yield connection

    def _gone(self, why: str) -> UnavailableError:
        return UnavailableError(f"the container {self.name} cannot be reached: {why}")


class Pieces:
    """The daemon's two streams out of one: a header of 8 bytes before each piece."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def of(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """Whole pieces with what came now, True for those of stderr."""
        self._rest += data
        while len(self._rest) >= _HEADER.size:
            stream, size = _HEADER.unpack_from(self._rest)
            if len(self._rest) < _HEADER.size + size:
                return
            piece = bytes(self._rest[_HEADER.size : _HEADER.size + size])
            del self._rest[: _HEADER.size + size]
            yield stream == 2, piece


@dataclass(slots=True)
class Frames:
    """Both streams as they are kept."""

    out: io.BytesIO = field(default_factory=io.BytesIO)
    err: io.BytesIO = field(default_factory=io.BytesIO)
    _pieces: Pieces = field(default_factory=Pieces)

    def feed(self, data: bytes) -> None:
        """Takes what came."""
        for is_error, piece in self._pieces.of(data):
            kept = self.err if is_error else self.out
            kept.write(piece[: max(0, _MOST - kept.tell())])


class _Talk:
    """Sends all of stdin and takes all output, neither waiting for the other."""

    def __init__(self, connection: socket.socket, early: bytes, stdin: bytes, is_running: Callable[[], bool]) -> None:
        self._connection, self._left, self._is_running = connection, memoryview(stdin), is_running
        self._frames = Frames()
        self._frames.feed(early)

    def until(self, deadline: float) -> tuple[bytes, bytes]:
        """Both streams once it has ended; raises UnavailableError at the deadline."""
        asked = time.monotonic()
        self._connection.setblocking(False)
        with selectors.DefaultSelector() as selector:
            key = selector.register(self._connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while True:
                ready = selector.select(_ASK_EVERY)
                events = ready[0][1] if ready else 0
                if events & selectors.EVENT_WRITE and not self._has_sent():
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and not self._has_more():
                    break
                now = time.monotonic()
                if now >= deadline:
                    raise UnavailableError("a command in the container did not end in time")
                if now - asked >= _ASK_EVERY:
                    asked = now
                    if not self._is_running():
                        deadline = min(deadline, now + _LINGER)
                        self._drain(selector, deadline)
                        break
        return self._frames.out.getvalue(), self._frames.err.getvalue()

    def _drain(self, selector: selectors.BaseSelector, deadline: float) -> None:
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left) and not self._has_more():
                return

    def _has_sent(self) -> bool:
        """False when all is sent and our half is closed."""
        try:
            if self._left:
                self._left = self._left[self._connection.send(self._left[:65536]) :]
                return True
            self._connection.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return True
        except OSError:
            return False  # it reads no more; what it says comes all the same
        return False

    def _has_more(self) -> bool:
        """False at the end of the line."""
        try:
            data = self._connection.recv(65536)
        except BlockingIOError:
            return True
        except OSError as error:
            raise UnavailableError(f"the line to the container broke: {error.strerror or error}") from error
        self._frames.feed(data)
        return bool(data)
