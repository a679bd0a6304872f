# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# looks_at = ["process.zombies"]
# capabilities = ["process.list", "fs.list:/run", "fs.read:/run/*.pid", "fs.read:/proc/*/cgroup"]
# quotes = ["zombie_parent_process"]
# triggers = [
#   "zombie processes", "defunct processes", "how many zombies", "who makes zombies", "parent of the zombies",
#   "Z state in ps", "count zombie processes", "僵尸进程", "有多少僵尸进程", "僵尸进程是谁产生的", "僵尸进程的父进程",
#   "查僵尸进程", "defunct 进程", "Z 状态进程", "where do the defunct processes come from", "僵尸进程谁生的",
# ]
# ///
"""Counts zombies by the parent that does not wait for them, and names that parent's service: only the parent can be cured."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, Outcome, Process


def run(host: Host) -> Outcome:
    processes = host.process.list()
    by_pid = {one.pid: one for one in processes}
    zombies = Counter(one.parent for one in processes if one.state == "Z" and one.parent in by_pid)
    total = sum(zombies.values())
    if not total:
        return Outcome(ok=True, summary="there are no zombies", facts={"zombies": 0, "zombie_share": 0.0})
    pid, count = zombies.most_common(1)[0]
    parent = by_pid[pid]
    service = service_of(host, parent, by_pid) if pid > 1 else ""
    facts: dict[str, object] = {
        "zombies": total,
        "zombie_share": round(count / total, 3),
        "zombie_parent_pid": pid,
        "zombie_parent_started": parent.started,
        "zombie_parent_process": parent.name,
        "zombie_parent_service": service,
        "zombie_parent_is_supervised": bool(service),
    }
    said = f"{count} of {total} zombies wait for {parent.name} (pid {pid}, {service or 'no service'}), which does not collect them"
    return Outcome(ok=True, summary=said, facts=facts)


def service_of(host: Host, process: Process, by_pid: dict[int, Process]) -> str:
    """The service that a process or one of its parents belongs to, by runit, pid file or cgroup; empty if nothing says so."""
    line = [process]
    while line[-1].parent > 1 and line[-1].parent in by_pid and len(line) < 20:
        line.append(by_pid[line[-1].parent])
    for one in line:
        if one.name == "runsv" and len(one.argv) == 2:
            return one.argv[1].rpartition("/")[2]
    pids = {str(one.pid) for one in line}
    for file in host.list("/run"):
        if file.kind == "file" and file.name.endswith(".pid") and host.read(file.path, 32).strip() in pids:
            return file.name.removesuffix(".pid")
    unit = re.search(r"/(?!user@)([\w@.-]+)\.service$", host.read(f"/proc/{process.pid}/cgroup"), re.M)
    return unit[1] if unit else ""


CASES = [
    {
        "name": "names the parent and its service",
        "world": {
            "processes": [
                {"pid": 7, "name": "shop", "started": 50},
                {"pid": 8, "name": "child", "parent": 7, "state": "Z", "argv": []},
                {"pid": 9, "name": "child", "parent": 7, "state": "Z", "argv": []},
                {"pid": 5, "name": "runsv", "argv": ["runsv", "web"]},
            ],
            "files": {"/run/shop.pid": "7\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 2,
                "zombie_share": 1.0,
                "zombie_parent_pid": 7,
                "zombie_parent_started": 50,
                "zombie_parent_process": "shop",
                "zombie_parent_service": "shop",
                "zombie_parent_is_supervised": True,
            },
        },
    },
    {
        "name": "under runit",
        "world": {
            "processes": [
                {"pid": 5, "name": "runsv", "argv": ["runsv", "web"]},
                {"pid": 7, "name": "python3", "parent": 5},
                {"pid": 8, "name": "child", "parent": 7, "state": "Z", "argv": []},
            ]
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 1,
                "zombie_share": 1.0,
                "zombie_parent_pid": 7,
                "zombie_parent_started": 100,
                "zombie_parent_process": "python3",
                "zombie_parent_service": "web",
                "zombie_parent_is_supervised": True,
            },
        },
    },
    {
        "name": "none",
        "world": {"processes": [{"pid": 7, "name": "shop"}]},
        "expect": {"ok": True, "effects": [], "facts": {"zombies": 0, "zombie_share": 0.0}},
    },
    {
        "name": "systemd says whose the parent is",
        "world": {
            "processes": [
                {"pid": 7, "name": "web", "parent": 1},
                {"pid": 1, "name": "init"},
                {"pid": 8, "name": "c", "parent": 7, "state": "Z", "argv": []},
                {"pid": 9, "name": "c", "parent": 7, "state": "Z", "argv": []},
                {"pid": 10, "name": "c", "parent": 1, "state": "Z", "argv": []},
            ],
            "files": {"/run/web.txt": "7\n", "/run/one.pid": "1\n", "/proc/7/cgroup": "0::/system.slice/web.service\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 3,
                "zombie_share": 0.667,
                "zombie_parent_pid": 7,
                "zombie_parent_started": 100,
                "zombie_parent_process": "web",
                "zombie_parent_service": "web",
                "zombie_parent_is_supervised": True,
            },
        },
    },
    {
        "name": "those of process 1 have no service",
        "world": {
            "processes": [
                {"pid": 1, "name": "init", "parent": 0},
                {"pid": 10, "name": "c", "parent": 1, "state": "Z", "argv": []},
            ],
            "files": {"/run/one.pid": "1\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 1,
                "zombie_share": 1.0,
                "zombie_parent_pid": 1,
                "zombie_parent_started": 100,
                "zombie_parent_process": "init",
                "zombie_parent_service": "",
                "zombie_parent_is_supervised": False,
            },
        },
    },
    {
        "name": "nothing says whose it is",
        "world": {
            "processes": [{"pid": 7, "name": "web"}, {"pid": 8, "name": "c", "parent": 7, "state": "Z", "argv": []}],
            "files": {"/run/web.txt": "7\n", "/proc/7/cgroup": "0::/user.slice\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 1,
                "zombie_share": 1.0,
                "zombie_parent_pid": 7,
                "zombie_parent_started": 100,
                "zombie_parent_process": "web",
                "zombie_parent_service": "",
                "zombie_parent_is_supervised": False,
            },
        },
    },
    {
        "name": "runit by its whole folder",
        "world": {
            "processes": [
                {"pid": 5, "name": "runsv", "argv": ["runsv", "/etc/sv/web"]},
                {"pid": 4, "name": "sh", "argv": ["sh", "/etc/sv/no"], "parent": 5},
                {"pid": 7, "name": "python3", "parent": 4},
                {"pid": 8, "name": "c", "parent": 7, "state": "Z", "argv": []},
            ]
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "zombies": 1,
                "zombie_share": 1.0,
                "zombie_parent_pid": 7,
                "zombie_parent_started": 100,
                "zombie_parent_process": "python3",
                "zombie_parent_service": "web",
                "zombie_parent_is_supervised": True,
            },
        },
    },
]
