"""How one docker container stands, read from the daemon's socket with one GET. Also sent to far hosts as text.

Only the standard library of Python 3.7, and of ours only its siblings `raw_*`.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from typing import Any

from adapters.probe.raw_system import CannotTell

_SOCKET = "/run/docker.sock"
_SECONDS = 5.0
_MOST = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def container(called: str) -> list[Any]:
    """[status or '' where there is none of this name, health or '', exit code, whether it was killed for want of memory, its restarts]."""
    if not _NAME.fullmatch(called):
        raise CannotTell("the signal names no container; write it after a colon, as in container.down:shop")
    line = http.client.HTTPConnection("docker", timeout=_SECONDS)
    with socket.socket(socket.AF_UNIX) as line.sock:
        line.sock.settimeout(_SECONDS)
        try:
            line.sock.connect(_SOCKET)
            line.request("GET", f"/containers/{called}/json")
            answer = line.getresponse()
            said = json.loads(answer.read(_MOST))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise CannotTell(f"docker cannot be asked: {getattr(error, 'strerror', None) or error}") from error
    if answer.status == 404:
        return ["", "", 0, False, 0]
    if answer.status != 200:
        raise CannotTell(f"docker answers with status {answer.status}")
    return _state_of(called, said)


def _state_of(called: str, said: dict[str, Any]) -> list[Any]:
    if said.get("Name") != f"/{called}":
        return ["", "", 0, False, 0]  # docker takes the beginning of an id for a name too
    state = said["State"]
    health = (state.get("Health") or {}).get("Status", "")
    return [state["Status"], health, state["ExitCode"], state["OOMKilled"], said.get("RestartCount", 0)]
