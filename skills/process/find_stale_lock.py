# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts"]
# fill = {says_blocked = "service_says_blocked"}
# capabilities = [
#   "process.list", "fs.read:/proc/stat", "fs.list:/run", "fs.list:/run/lock", "fs.list:/run/{service}",
#   "fs.read:/run/*.pid", "fs.read:/run/*.lock", "fs.read:/run/{service}/*", "fs.read:/run/lock/*",
# ]
# triggers = [
#   "stale lock of a service", "whose pid file is it", "is the lock file stale", "who owns the pid file",
#   "check for old lock files", "left over lock", "lock of a dead process", "服务的残留锁文件", "pid 文件属于谁",
#   "锁文件是谁的", "有没有残留的锁", "pid 文件是不是旧的", "死掉进程的锁文件", "检查锁文件",
# ]
# ///
"""Finds a pid or lock file of a service whose owner is provably dead, and says whether the service's log blames it."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome

TICKS = 100


def run(host: Host, service: str, says_blocked: bool = False) -> Outcome:
    file, pid = next(iter(stale_files(host, service)), (None, 0))
    facts = {
        "stale_file": file.path if file else "",
        "stale_file_pid": pid,
        "stale_file_blocks": bool(file) and says_blocked,
    }
    found = (
        f"{file.path} names the dead process {pid}"
        if file
        else f"no pid or lock file of {service} names a dead process"
    )
    return Outcome(ok=True, summary=found, facts=facts)


def stale_files(host: Host, service: str) -> list[tuple[File, int]]:
    """Files by the service's name that name no process, or one that is younger than the file."""
    named = [file for place in ("/run", "/run/lock", f"/run/{service}") for file in listed(host, place)]
    locks = {f"/run/lock/{service}"} | {f"/run/{service}.{kind}" for kind in ("pid", "lock")}
    locks |= {f"/run/{place}/{service}.{kind}" for place in ("lock", service) for kind in ("pid", "lock")}
    files = [file for file in named if file.kind == "file" and file.path in locks]
    if not files:
        return []
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    started = {one.pid: int(booted[1]) + one.started / TICKS for one in host.process.list()} if booted else {}
    stale = []
    for file in files:
        pid = host.read(file.path, 32).strip()
        written = host.now - file.age_days * 86400
        if pid.isdigit() and booted and (int(pid) not in started or started[int(pid)] > written + 2):
            stale.append((file, int(pid)))
    return stale


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there or not ours to see."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return []


CASES = [
    {
        "name": "its pid file names a dead process",
        "params": {"service": "shop"},
        "world": {
            "processes": [{"pid": 8, "name": "cron"}],
            "files": {
                "/run/lock": None,
                "/run/shop": None,
                "/run/shop.pid": {"text": "7\n", "age_days": 0.01},
                "/proc/stat": "cpu 1\nbtime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "/run/shop.pid", "stale_file_pid": 7, "stale_file_blocks": False},
        },
    },
    {
        "name": "the owner of its lock is a later process, and its log blames the lock",
        "params": {"service": "shop", "says_blocked": True},
        "world": {
            "processes": [{"pid": 7, "name": "cron", "started": 22000000}],
            "files": {
                "/run/shop": None,
                "/run/lock/shop": {"text": "7\n", "age_days": 0.1},
                "/proc/stat": "btime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "/run/lock/shop", "stale_file_pid": 7, "stale_file_blocks": True},
        },
    },
    {
        "name": "a live owner's file is not stale, whatever the log says",
        "params": {"service": "shop", "says_blocked": True},
        "world": {
            "processes": [{"pid": 7, "name": "shop", "started": 1000}],
            "files": {
                "/run/lock": None,
                "/run/shop": None,
                "/run/shop.pid": {"text": "7\n", "age_days": 0.1},
                "/proc/stat": "btime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "", "stale_file_pid": 0, "stale_file_blocks": False},
        },
    },
    {
        "name": "a file written two seconds after its owner began is the owner's",
        "params": {"service": "shop"},
        "world": {
            "now": 1767225600.0,
            "processes": [{"pid": 7, "name": "shop", "started": 22559800}],
            "files": {
                "/run/lock": None,
                "/run/shop/shop.lock": {"text": "7\n"},
                "/run/shop/other.lock": "9\n",
                "/proc/stat": "btime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "", "stale_file_pid": 0, "stale_file_blocks": False},
        },
    },
    {
        "name": "one that was written three seconds before its owner began is another's",
        "params": {"service": "shop"},
        "world": {
            "now": 1767225600.0,
            "processes": [{"pid": 7, "name": "cron", "started": 22560300}],
            "files": {"/run/lock": None, "/run/shop/shop.lock": {"text": "7\n"}, "/proc/stat": "btime 1767000000\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "/run/shop/shop.lock", "stale_file_pid": 7, "stale_file_blocks": False},
        },
    },
    {
        "name": "a file that names nobody is nobody's",
        "params": {"service": "shop"},
        "world": {
            "files": {
                "/run/shop": None,
                "/run/lock/shop.lock": "locked\n",
                "/run/lock/shop.pid": {"kind": "dir"},
                "/proc/stat": "btime 1767000000\n",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "", "stale_file_pid": 0, "stale_file_blocks": False},
        },
    },
    {
        "name": "where nobody knows when the machine started, nobody is provably dead",
        "params": {"service": "shop"},
        "world": {"files": {"/run/lock": None, "/run/shop": None, "/run/shop.lock": "7\n", "/proc/stat": "cpu 1\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "", "stale_file_pid": 0, "stale_file_blocks": False},
        },
    },
    {
        "name": "there is none",
        "params": {"service": "shop", "says_blocked": True},
        "world": {"files": {"/run/lock": None, "/run/shop": None, "/run/web.pid": "7\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stale_file": "", "stale_file_pid": 0, "stale_file_blocks": False},
        },
    },
]
