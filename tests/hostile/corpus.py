"""Hostile skills, as data: each tries one way out, and tells its host what it found. Run as a program it prints what got through."""

from __future__ import annotations

import json
import sys

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.guest import GuestResult, GuestRun
from core.ports import Sandbox
from tests.hostile.becoming import PROCESSES
from tests.hostile.flooding import FLOODS
from tests.hostile.lying import DEATHS, LIES, TRICKS
from tests.hostile.outside import Outside, outside
from tests.hostile.reaching import CONNECTS, READS, WRITES

HEAD = """
import ctypes, errno, json, os, signal, socket, struct, sys, time
from core.skill import Host, HostError, Outcome
libc = ctypes.CDLL(None, use_errno=True)
CHANNEL = next(fd for fd in range(3, 64) if libc.fcntl(fd, 1) >= 0)

def tries(host, *attempts):
    # Says what worked; whatever is caught here is what a careful attacker would catch too.
    for attempt in attempts:
        try:
            host.write("/loot", repr(attempt())[:500])
        except HostError:
            raise
        except BaseException:
            continue
    return Outcome(True, "tried")

def raw(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def frame(body):
    return len(body).to_bytes(4, "big") + body
"""

SKILLS = {**READS, **CONNECTS, **PROCESSES, **WRITES, **FLOODS, **LIES, **DEATHS, **TRICKS}


ENDLESS = {
    "hoards memory and goes on",
    "loops",
    "sleeps",
    "loops against signals",
    "thinks about a pattern",
    "calls without listening",
    "claims a frame and keeps silent",
    "runs itself anew",
    "closes everything and loops",
    "closes its channel",
    "duplicates descriptors",
    "maps everything",
    "reckons without end",
    "walks for ever",
    "blocks every signal and sleeps",
    "never lets an exception through",
    "works until its third call",
    "sends a frame of nothing",
    "dies a thousand deaths",
    "sends a crowd of nothings",
}


def source_of(body: str) -> str:
    """The skill with this body."""
    return f"{HEAD}\ndef run(host, place, port, pids):\n    {body.strip(chr(10)).lstrip()}\n"


def attack(sandbox: Sandbox, world: Outside, name: str) -> GuestResult:
    """Runs one of them; those that never end get little time."""
    timeout = 0.4 if name in ENDLESS else 5.0
    return sandbox.run(GuestRun("hostile", source_of(SKILLS[name]), world.names, timeout), world.answer)


def main() -> None:
    """Runs all, prints {name: [status, *breaches]} for what got through, and what the self-test says."""
    sandbox = BubblewrapSandbox()
    through: dict[str, list[str]] = {}
    with outside() as world:
        for name in SKILLS:
            result = attack(sandbox, world.fresh(), name)
            if found := world.breaches(repr(result)):
                through[name] = [result.status, *found]
    answer = {"skills": len(SKILLS), "through": through, "self_test": sandbox.self_test(), "backend": sandbox.backend}
    sandbox.close()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
