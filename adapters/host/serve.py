"""The kept child: host operations where it was started, one JSON line in, one out, until its owner goes away."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from adapters.host.execute import Owner, execute
from adapters.host.files import Files
from adapters.host.process_table import processes, send_signal
from adapters.host.syscalls import die_with_parent
from core.errors import InvalidError, NeverError
from core.host_change import Changed, FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.skill import HostError
from core.world import FileInfo, Process

Arguments = dict[str, Any]

CHANGES: dict[str, Callable[..., FileWrite | FileDelete | FileMove | FileTruncate | ProcessSignal]] = {
    kind.__name__: kind for kind in (FileWrite, FileDelete, FileMove, FileTruncate, ProcessSignal)
}
_LONGEST_LINE = 32 << 20


def bytes_out(data: bytes | None) -> str | None:
    """Bytes as they travel in a line."""
    return None if data is None else base64.b64encode(data).decode("ascii")


def bytes_in(text: str | None) -> bytes | None:
    """The reverse."""
    return None if text is None else base64.b64decode(text)


def _flat(noun: FileInfo | Process) -> Arguments:
    """The fields of a noun that holds no other; `asdict` copies them deeply, which is most of a long list's time."""
    return {name: getattr(noun, name) for name in noun.__slots__}


class Server:
    """Answers the lines of one owner."""

    def __init__(self, channel: socket.socket, hello: socket.socket) -> None:
        self._lines: BinaryIO = channel.makefile("rb")
        self._channel, self._hello = channel, hello

    def serve(self) -> None:
        """Says that it is ready, then answers until the owner closes its end."""
        self._send({"ready": True})
        while line := self._lines.readline(_LONGEST_LINE):
            self._send(self._answer(json.loads(line)))

    def _send(self, answer: Arguments) -> None:
        self._channel.sendall(json.dumps(answer).encode() + b"\n")

    def _answer(self, request: Arguments) -> Arguments:
        files = Files(frozenset((device, inode) for device, inode in request["protected"]))
        arguments = request["arguments"]
        try:
            return {"ok": getattr(self, f"_do_{request['operation']}")(files, **arguments)}
        except HostError as error:
            return {"error": ["host", error.code, str(error).removeprefix(f"{error.code}: ")]}
        except NeverError as error:
            return {"error": ["never", error.what, error.reason]}
        except InvalidError as error:
            return {"error": ["invalid", error.message]}
        except OSError as error:
            return {"error": ["host", "failed", str(error)]}

    @staticmethod
    def _do_read(files: Files, path: str, limit: int) -> Arguments:
        content = files.read(path, limit)
        return {"info": asdict(content.info), "data": bytes_out(content.data), "sha256": content.sha256}

    @staticmethod
    def _do_list(files: Files, path: str, limit: int) -> list[Arguments]:
        return [_flat(info) for info in files.list(path, limit)]

    @staticmethod
    def _do_change(files: Files, kind: str, fields: Arguments) -> Arguments:
        if "data" in fields:
            fields["data"] = bytes_in(fields["data"])
        change = CHANGES[kind](**fields)
        if isinstance(change, ProcessSignal):
            send_signal(change)
            return asdict(Changed(0))
        changed = files.change(change)
        return {**asdict(changed), "before": bytes_out(changed.before)}

    @staticmethod
    def _do_processes(_files: Files) -> list[Arguments]:
        return [_flat(process) for process in processes()]

    def _do_run(self, _files: Files, argv: list[str], timeout: float) -> Arguments:
        owner = Owner(self._hello, self._channel.fileno())
        return asdict(execute(tuple(argv), timeout, owner, self._may_go))

    def _may_go(self) -> bool:
        self._send({"hello": True})
        return self._lines.readline(_LONGEST_LINE) == b'"go"\n'


def main(arguments: list[str]) -> None:
    """`serve CHANNEL HELLO [entered]`: two inherited sockets; `entered` says that our parent is nsenter."""
    channel, hello = (socket.socket(fileno=int(number)) for number in arguments[:2])
    for end in (channel, hello):
        os.set_inheritable(end.fileno(), False)
    if "entered" in arguments[2:]:
        die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C in the terminal is for the owner; we end when its end closes
    Server(channel, hello).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
