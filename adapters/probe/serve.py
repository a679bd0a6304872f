"""The probe's end of a kept child: one JSON line per look, until its owner goes away."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.probe.local import LocalProbe
from adapters.probe.logins import Logins
from adapters.probe.raw_system import CannotTell
from adapters.probe.recent_changes import RecentChanges
from core.alert import Signal
from core.errors import InvalidError, UnavailableError, UnknownError

_LONGEST_LINE = 1 << 20
_PR_SET_PDEATHSIG = 1


class _Now:
    """Clock of this process; readings are stamped by whoever asked, so this only dates certificates."""

    @staticmethod
    def now() -> datetime:
        """See `core.ports.Clock`."""
        return datetime.now(UTC)


def answer(probe: LocalProbe, request: dict[str, Any]) -> dict[str, Any]:
    """What one request comes to."""
    try:
        return {"ok": _looks(probe)[request["operation"]](request["arguments"])}
    except UnavailableError as error:
        return {"error": ["unavailable", error.message]}
    except CannotTell as error:
        return {"error": ["unavailable", str(error)]}
    except UnknownError as error:
        return {"error": ["unknown", error.what, error.name, *error.known]}
    except InvalidError as error:
        return {"error": ["invalid", error.message]}


def _looks(probe: LocalProbe) -> dict[str, Callable[[dict[str, Any]], object]]:
    def measure(arguments: dict[str, Any]) -> object:
        reading = probe.read(Signal.parse(arguments["signal"]))
        return {"value": reading.value, "detail": reading.detail}

    def changes(arguments: dict[str, Any]) -> object:
        pids = [pid for name in arguments["services"] for pid in probe.pids(name)]
        return [[*event] for event in RecentChanges().read(arguments["since"], pids)]

    return {"measure": measure, "changes": changes, "logins": lambda _: Logins().read()}


def main(arguments: list[str]) -> None:
    """`serve CHANNEL HELLO [entered]`, as every kept child; only the channel is used."""
    channel, hello = (socket.socket(fileno=int(number)) for number in arguments[:2])
    os.set_inheritable(channel.fileno(), False)
    hello.close()
    if "entered" in arguments[2:]:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C in the terminal is for the owner; we end when its end closes
    probe = LocalProbe(_Now())
    channel.sendall(b'{"ready": true}\n')
    with channel.makefile("rb") as lines:
        while line := lines.readline(_LONGEST_LINE):
            channel.sendall(json.dumps(answer(probe, json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
