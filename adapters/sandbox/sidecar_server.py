"""The sidecar: holds the engine for a bot that must not hold it, and offers one call. A connection is a guest; its bytes pass through.

There are no parameters: what a guest may do is fixed here, and whoever talks to this socket can start guests and talk to them, no more.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from pathlib import Path

from adapters.sandbox.frames import encode
from adapters.sandbox.line import CHANNEL, ENDED, MEMORY, UNAVAILABLE, part
from adapters.sandbox.warm import Guest, WarmGuests
from core.errors import InvalidError, NightshiftError

MOST = 16
"""Guests at once; who comes then is told to come again."""

LIFE = 3600.0
SEND = 30.0


class SidecarServer:
    """Listens on a unix socket that its owner and its group may open."""

    def __init__(self, guests: WarmGuests, path: str) -> None:
        """InvalidError where another one listens there, or the folder is not ours to write to."""
        self._guests = guests
        self._path = path
        self._places = threading.BoundedSemaphore(MOST)
        self._listener = _listening(path)
        self._ours = Path(path).stat().st_ino

    def serve(self) -> None:
        """Until `close`."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._served, args=(client,), name="sidecar", daemon=True).start()

    def close(self) -> None:
        """Takes no more connections; guests end with their engine."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):
            if Path(self._path).stat().st_ino == self._ours:
                Path(self._path).unlink()

    def _served(self, client: socket.socket) -> None:
        with client:
            client.settimeout(SEND)
            if not self._places.acquire(blocking=False):
                _say(client, part(ENDED, f"{UNAVAILABLE} the sandbox's sidecar has {MOST} guests at work".encode()))
                return
            try:
                self._joined(client)
            finally:
                self._places.release()

    def _joined(self, client: socket.socket) -> None:
        try:
            guest = self._guests.take()
        except NightshiftError as error:
            _say(client, part(ENDED, f"{UNAVAILABLE} {error}".encode()))
            return
        last = b""
        try:
            _say(client, part(CHANNEL, encode({"op": "ready"})))
            if _relay(client, guest) and guest.ran_out_of_memory():
                last = part(ENDED, f"{MEMORY} the run used more memory than a skill may".encode())
        finally:
            self._guests.give_back(guest)
            _say(client, last)


def _listening(path: str) -> socket.socket:
    if _answers(path):
        raise InvalidError(f"another sandboxd listens at {path}")
    listener = socket.socket(socket.AF_UNIX)
    try:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        Path(path).chmod(0o660)
        listener.listen(MOST)
    except OSError as error:
        listener.close()
        raise InvalidError(f"sandboxd cannot listen at {path}: {error.strerror or error}") from error
    return listener


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(path) == 0


def _say(client: socket.socket, data: bytes) -> bool:
    """False where nobody listens any more."""
    try:
        client.sendall(data)
    except OSError:
        return False
    return True


def _relay(client: socket.socket, guest: Guest) -> bool:
    """Bytes both ways until one side ends; True if it was the guest."""
    inwards = threading.Thread(target=_feed, args=(client, guest), name="sidecar-in", daemon=True)
    inwards.start()
    try:
        return _speak(client, guest.line.sources())
    finally:
        guest.kill()
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RD)
        inwards.join(SEND)


def _speak(client: socket.socket, kinds: dict[int, int]) -> bool:
    """What the guest says and prints, until its channel ends and all it printed is through."""
    channel = next(iter(kinds))
    poller = select.poll()
    for fd in kinds:
        poller.register(fd, select.POLLIN)
    poller.register(client, select.POLLRDHUP)  # a guest that neither reads nor speaks would not notice
    end = time.monotonic() + LIFE
    while ready := dict(poller.poll(max(0.0, end - time.monotonic()) * 1000)):
        if client.fileno() in ready:
            return False
        for fd in sorted(ready, key=lambda fd: fd == channel):  # prints first: the channel's end is the end
            data = _read(fd)
            if data and not _say(client, part(kinds[fd], data) if kinds[fd] else data):
                return False
            if data == b"":
                poller.unregister(fd)
                if fd == channel:
                    return True
    return False


def _feed(client: socket.socket, guest: Guest) -> None:
    """What the client says goes to the guest as it is; when it hangs up, the guest dies, and with it the other direction."""
    channel = next(iter(guest.line.sources()))
    said, heard = select.poll(), select.poll()
    said.register(client, select.POLLIN)
    heard.register(channel, select.POLLOUT)
    with contextlib.suppress(OSError):
        while said.poll() and (data := client.recv(1 << 16)):
            rest = memoryview(data)
            while rest and heard.poll():
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(channel, rest) :]
    guest.kill()


def _read(fd: int) -> bytes | None:
    """None if there was nothing after all."""
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return None
    except OSError:
        return b""
