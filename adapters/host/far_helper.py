"""The hands on a far host, sent there as text and kept: one JSON line in, one out, until the line closes.

It knows no rule of ours: paths come as lists of components that were judged at home, here they are only walked safely. It and the parts it
is put together from run under the Python they find there, 3.7 or later, with its standard library alone; they import nothing else of ours.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.host.far_command import run
from adapters.host.far_files import do_delete, do_empty_deleted, do_list, do_move, do_read, do_truncate, do_write
from adapters.host.far_line import Line, Refused
from adapters.host.far_process import do_processes, do_signal
from adapters.host.far_walk import Walk

IDLE = 900.0
CODES = {
    errno.ENOENT: "missing", errno.EEXIST: "exists", errno.ENOSPC: "full", errno.EDQUOT: "full", errno.ELOOP: "denied",
    errno.EACCES: "denied", errno.EPERM: "denied", errno.ESRCH: "changed", errno.ETIMEDOUT: "timeout",
}  # fmt: skip


def do_identity(_walk: Walk) -> Any:
    """Which machine this is, and who we are on it."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return [boot, Path("/proc/self/ns/pid").stat().st_ino, os.geteuid(), list(sys.version_info[:3])]


VERBS: dict[str, Callable[..., Any]] = {
    "read": do_read, "list": do_list, "write": do_write, "delete": do_delete, "move": do_move, "truncate": do_truncate,
    "empty_deleted": do_empty_deleted, "signal": do_signal, "processes": do_processes, "identity": do_identity,
}  # fmt: skip


def answer(line: Line, woken: int, request: dict[str, Any]) -> Any:
    """What one request comes to."""
    arguments = request["arguments"]
    try:
        if request["operation"] == "run":
            return {"ok": run(line, woken, **arguments)}
        return {"ok": VERBS[request["operation"]](Walk(request), **arguments)}
    except Refused as refusal:
        return {"error": list(refusal.args)}
    except OSError as error:
        return {"error": ["host", CODES.get(error.errno or 0, "failed"), str(error.strerror or error)]}


def main() -> None:
    """Until the line closes, or nobody asks for long."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    os.chdir("/")
    line = Line()
    line.say({"ready": True})
    while True:
        request = line.next(IDLE)
        if request is None:
            return
        line.say(answer(line, woken, request))


if __name__ == "__main__":
    main()
