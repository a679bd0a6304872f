"""One kept SSH connection per host and identity: keys pinned, nothing forwarded, few sessions at once, back again after a loss."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any, TypeVar

import asyncssh

from adapters.host.far_connection import quoted
from core.errors import UnavailableError

T = TypeVar("T")

MOST_SESSIONS = 8
"""sshd's own default is 10."""
CONNECT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 10
_LONGEST_PAUSE = 30.0
_GRACE = 5.0
_KILL_AFTER = 2.0
_STDERR_KEPT = 4096
_UNASKED = 1 << 16
_CALL_FAILED = re.compile(r"\[Errno (\d+)\] Connect call failed")
"""What asyncio makes of a refused connection, to one address or to several."""
MOST_OUTPUT = 16 << 20
_MARKED = 'echo "$0"; echo "$0" >&2; exec "$@"'
"""Tells where the command's own words begin: a login shell, or what it reads first, may have something to say too."""
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class RefusedKeyError(UnavailableError):
    """The host does not let this key in as this user."""


class HostKeyError(UnavailableError):
    """The host does not show the key it is known by; `known` is empty where none is."""

    def __init__(self, message: str, known: tuple[str, ...], offered: str) -> None:
        super().__init__(message)
        self.known, self.offered = known, offered


@dataclass(frozen=True, slots=True)
class SshAddress:
    """Where a host is, who we are there, and the file with the one key it is known by; `name` is what people call it."""

    host: str
    port: int
    user: str
    key_file: Path
    known_hosts: Path
    name: str = ""

    @property
    def label(self) -> str:
        """As people know it."""
        return self.name or self.host


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key as a host shows it: its SHA256 fingerprint, and the line that pins it."""

    fingerprint: str
    line: str


class Talk(asyncssh.SSHClientSession[bytes]):
    """One session over there: bytes in, bytes out, and how it ended. Lives on the loop.

    Asked for lines it keeps few bytes that nobody waits for, however much the host says; else at most `most`.
    """

    def __init__(self, most: int) -> None:
        self._room, self._event, self._has_lines = most, asyncio.Event(), False
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._buffer, self._scanned, self.error = bytearray(), 0, bytearray()
        self.status: int | None = None
        self.is_over = self._is_too_much = False

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """As asyncssh asks."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """As asyncssh asks; what is too much is dropped, and the session is ended where it would have been a line."""
        if datatype is not None:
            self.error += data[: _STDERR_KEPT - len(self.error)]
            return
        room = self._room - len(self._buffer)
        self._buffer += data[: max(0, room)]
        self._event.set()
        if len(data) > room and self._has_lines:
            self._is_too_much = True
            self.close()

    def exit_status_received(self, status: int) -> None:
        """As asyncssh asks."""
        self.status = status

    def exit_signal_received(self, signal: str, *_: object) -> None:
        """As asyncssh asks; as a shell would say it."""
        number = getattr(Signals, f"SIG{signal}", None)
        self.status = -1 if number is None else 128 + number

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """As asyncssh asks."""
        self.is_over = True
        self._event.set()

    def say(self, data: bytes) -> None:
        """Towards the host; raises UnavailableError when it is over."""
        if self._channel is None or self.is_over:
            raise UnavailableError("it ended")
        try:
            self._channel.write(data)
        except (OSError, asyncssh.Error) as error:
            raise UnavailableError("it ended") from error

    def say_no_more(self) -> None:
        """The end of what it reads."""
        with suppress(OSError, asyncssh.Error):
            if self._channel is not None:
                self._channel.write_eof()

    async def line(self, most: int) -> bytes:
        """The next line; raises UnavailableError when it ends or grows too long."""
        self._room, self._has_lines = most + 1, True
        try:
            return await self._line(most)
        finally:
            self._room = _UNASKED

    async def _line(self, most: int) -> bytes:
        while (end := self._buffer.find(b"\n", self._scanned)) < 0:
            self._scanned = len(self._buffer)
            if self._is_too_much or len(self._buffer) > most:
                raise UnavailableError("it said too much")
            if self.is_over:
                raise UnavailableError("it ended")
            self._event.clear()
            await self._event.wait()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        if len(line) > most:
            raise UnavailableError("it said too much")
        return line

    async def end(self) -> bytes:
        """Everything it says, once it has ended."""
        while not self.is_over:
            self._event.clear()
            await self._event.wait()
        return bytes(self._buffer)

    @property
    def has_unasked(self) -> bool:
        """True when it said something that nobody waited for."""
        return bool(self._buffer)

    def close(self) -> None:
        """Ends the session; what runs there sees the end of its input."""
        with suppress(OSError, asyncssh.Error):
            if self._channel is not None:
                self._channel.abort()


class SshConnection:
    """The connection to one address, made when it is first needed; called from any thread but the loop's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: SshAddress) -> None:
        self.address = address
        self._loop = loop
        self._line: asyncssh.SSHClientConnection | None = None
        self._making = asyncio.Lock()
        self._sessions = asyncio.Semaphore(MOST_SESSIONS)
        self._failure: UnavailableError | None = None
        self._pause, self._not_before = 0.0, 0.0

    def call(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Does this on the loop; raises UnavailableError when it takes longer."""
        if not self._loop.is_running():
            work.close()
            raise UnavailableError(f"the line to {self.address.label} was taken down")
        waiting = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop)
        try:
            return waiting.result(seconds + _GRACE)
        except (TimeoutError, LateError) as error:
            waiting.cancel()
            raise UnavailableError(f"{self.address.label} did not answer within {seconds:g} seconds") from error

    def check(self) -> None:
        """Connects if need be; raises UnavailableError with what is wrong."""
        self.call(self._connected(), CONNECT_SECONDS + _GRACE)

    def exec(self, argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        """Runs a command by the login shell over there, ended by `timeout` over there; its status, output and errors.

        Raises UnavailableError where no status came back: then nobody knows how far it got.
        """
        return self.call(self._exec(argv, stdin, seconds), seconds + _KILL_AFTER + CONNECT_SECONDS + _GRACE)

    async def talk(self, command: str, most: int) -> Talk:
        """Starts a session; `done` must be called with it in the end. On the loop."""
        line = await self._connected()
        await self._sessions.acquire()
        try:
            _, talk = await line.create_session(lambda: Talk(most), command, encoding=None, request_pty=False)
        except (OSError, asyncssh.Error) as error:
            self._sessions.release()
            raise UnavailableError(f"{self.address.label} gave no session: {_said(error)}") from error
        except BaseException:
            self._sessions.release()
            line.abort()  # whoever gives it later would give it to nobody, and a host gives only so many
            raise
        assert isinstance(talk, Talk)
        return talk

    def done(self, talk: Talk) -> None:
        """Ends a session. On the loop."""
        talk.close()
        self._sessions.release()

    def close(self) -> None:
        """Hangs up; what is asked afterwards connects anew."""

        async def hang_up() -> None:
            line, self._line = self._line, None
            if line is not None:
                line.close()
                with suppress(TimeoutError, OSError, asyncssh.Error):
                    await asyncio.wait_for(line.wait_closed(), 1.0)

        with suppress(UnavailableError):
            self.call(hang_up(), _GRACE)

    async def _exec(self, argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
        mark = secrets.token_hex(8)
        words = ("timeout", "-k", f"{_KILL_AFTER:g}", str(max(1, round(seconds))), "sh", "-c", _MARKED, mark, *argv)
        talk = await self.talk(f"exec {quoted(words)}", MOST_OUTPUT)
        try:
            with suppress(UnavailableError):  # it ended without reading: what it said and its status count
                talk.say(stdin)
            talk.say_no_more()
            out = await talk.end()
        finally:
            self.done(talk)
        if talk.status is None:
            raise UnavailableError(f"the line to {self.address.label} was lost while {argv[0]} ran")
        said, begun, result = out.partition(f"{mark}\n".encode())
        if not begun:
            raise UnavailableError(
                f"{self.address.label} runs no command for {self.address.user}{_last_of(talk, said)}"
            )
        return talk.status, result, bytes(talk.error).rpartition(f"{mark}\n".encode())[2]

    async def _connected(self) -> asyncssh.SSHClientConnection:
        async with self._making:
            if self._line is not None and not self._line.is_closed():
                return self._line
            if self._failure is not None and time.monotonic() < self._not_before:
                raise self._failure
            try:
                self._line = await _connect(self.address)
            except UnavailableError as error:
                self._pause = min(_LONGEST_PAUSE, self._pause * 2 or 0.25)
                self._failure, self._not_before = error, time.monotonic() + self._pause
                raise
            self._failure, self._pause = None, 0.0
            return self._line


def host_key_of(loop: asyncio.AbstractEventLoop, address: SshAddress) -> HostKey:
    """The key that a host shows now, trusted by nobody yet; for `hosts add`, where a person compares the fingerprint."""
    waiting = asyncio.run_coroutine_threadsafe(asyncio.wait_for(_shown(address), CONNECT_SECONDS), loop)
    try:
        return waiting.result(CONNECT_SECONDS + _GRACE)
    except (TimeoutError, LateError, OSError, asyncssh.Error) as error:
        where = f"{address.label} ({address.host}:{address.port})"
        raise UnavailableError(f"{where} shows no host key: {_said(error)}; is that where its sshd listens?") from error


async def _shown(address: SshAddress) -> HostKey:
    """Of the kind that it is known by, where it still has one: a host has several, and one more is no change."""
    kinds = {str(key.algorithm, "ascii") for key in _known(address)}
    wanted = [name for kind in sorted(kinds) for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    key = None
    if wanted:
        with suppress(OSError, asyncssh.Error):
            key = await asyncssh.get_server_host_key(
                address.host, address.port, config=None, server_host_key_algs=wanted
            )
    key = key or await asyncssh.get_server_host_key(address.host, address.port, config=None)
    if key is None:
        raise UnavailableError(f"{address.label} shows no host key")
    place = address.host if address.port == 22 else f"[{address.host}]:{address.port}"
    return HostKey(key.get_fingerprint(), f"{place} {key.export_public_key().decode('ascii').strip()}")


async def _connect(address: SshAddress) -> asyncssh.SSHClientConnection:
    """A new connection; every way it can fail is one sentence."""
    label = address.label
    key = _own_key(address)
    if not _pinned(address):
        raise await _about_its_key(address, asyncssh.HostKeyNotVerifiable("none is pinned"))
    try:
        return await asyncio.wait_for(
            asyncssh.connect(
                address.host, address.port, username=address.user, client_keys=[key], passphrase=None,
                known_hosts=str(address.known_hosts), config=None, agent_path=None, agent_forwarding=False, x11_forwarding=False,
                gss_auth=False, gss_kex=False, preferred_auth="publickey", compression_algs=None, keepalive_interval=_KEEPALIVE_SECONDS,
                keepalive_count_max=3, connect_timeout=CONNECT_SECONDS, login_timeout=CONNECT_SECONDS,
            ),
            CONNECT_SECONDS,
        )  # fmt: skip
    except (
        asyncssh.HostKeyNotVerifiable,
        asyncssh.KeyExchangeFailed,
        asyncssh.ConnectionLost,
        ConnectionResetError,
    ) as error:
        raise await _about_its_key(address, error) from error
    except asyncssh.PermissionDenied as error:
        raise RefusedKeyError(
            f"{label} lets nobody in as {address.user} with the key {address.key_file}; see `nightshift hosts add {label}`"
        ) from error
    except (TimeoutError, OSError, asyncssh.Error) as error:
        raise UnavailableError(f"{label} cannot be reached at {address.host}:{address.port}: {_said(error)}") from error


def _own_key(address: SshAddress) -> asyncssh.SSHKey:
    """Without a passphrase: nobody is there at night to type it."""
    try:
        return asyncssh.read_private_key(str(address.key_file))
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise RefusedKeyError(
            f"the key {address.key_file} for {address.label} cannot be used: {_said(error)}"
        ) from error


async def _about_its_key(address: SshAddress, error: asyncssh.Error | OSError) -> UnavailableError:
    label, known = address.label, _pinned(address)
    try:
        offered = (await asyncio.wait_for(_shown(address), CONNECT_SECONDS)).fingerprint
    except (TimeoutError, OSError, asyncssh.Error) as unreachable:
        return UnavailableError(f"{label} cannot be reached at {address.host}:{address.port}: {_said(unreachable)}")
    if offered in known:
        return UnavailableError(f"{label} broke off at {address.host}:{address.port}: {_said(error)}")
    if not known:
        return HostKeyError(
            f"the host key of {label} is not known: it shows {offered}; if that is right, `nightshift hosts trust {label}`",
            (),
            offered,
        )
    return HostKeyError(
        f"the host key of {label} has CHANGED from {', '.join(known)} to {offered}: another machine, or somebody in between; "
        f"if you know why, `nightshift hosts trust {label}`",
        known,
        offered,
    )


def _pinned(address: SshAddress) -> tuple[str, ...]:
    """The fingerprints that this host is known by."""
    return tuple(key.get_fingerprint() for key in _known(address))


def _known(address: SshAddress) -> tuple[asyncssh.SSHKey, ...]:
    try:
        known = asyncssh.read_known_hosts(str(address.known_hosts))
        return tuple(known.match(address.host, "", address.port)[0])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise UnavailableError(f"{address.known_hosts} is no file of host keys: {_said(error)}") from error


def _last_of(talk: Talk, said: bytes) -> str:
    """The last that was said instead, errors before anything else."""
    words = (bytes(talk.error).strip() or said[-_STDERR_KEPT:].strip()).decode("utf-8", "replace").splitlines()
    return f"; it says: {_plain(words[-1])}" if words else ""


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError | LateError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if (refused := _CALL_FAILED.search(str(error))) is not None:
        text = os.strerror(int(refused[1]))
    return _plain(text) or type(error).__name__


def _plain(text: str) -> str:
    """One short line without what could do something to a terminal or a card: it may be a stranger's."""
    return " ".join("".join(one if one.isprintable() else " " for one in text[:2000]).split())[:200]
