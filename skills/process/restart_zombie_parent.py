# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["process.zombies"]
# lookers = ["look_at_zombies"]
# when = ["zombies >= 5", "zombie_parent_is_supervised"]
# share = "zombie_share"
# fill = {service = "zombie_parent_service", pid = "zombie_parent_pid", started = "zombie_parent_started"}
# capabilities = ["process.list", "service.restart:{service}"]
# triggers = [
#   "zombie processes", "defunct processes", "get rid of zombies", "clean up the zombies", "too many zombies",
#   "<defunct>", "kill zombie processes", "process table is full of zombies", "restart the parent of the zombies",
#   "僵尸进程", "清理僵尸进程", "一堆僵尸进程", "僵尸进程太多", "杀掉僵尸进程", "大量 defunct", "重启僵尸的父进程",
#   "僵尸进程告警",
# ]
# ///
"""Restarts the service whose process does not collect its dead children; killing zombies does nothing, they are dead already."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str, pid: int, started: int) -> Outcome:
    processes = host.process.list()
    zombies = [one for one in processes if one.state == "Z" and one.parent == pid]
    if not zombies or (pid, started) not in {(one.pid, one.started) for one in processes}:
        return Outcome(ok=False, summary=f"process {pid} of {service} has no zombies any more; nothing was done")
    host.service(service).restart()
    return Outcome(
        ok=True, summary=f"restarted {service}, which had left {len(zombies)} zombies", facts={"zombies": len(zombies)}
    )


CASES = [
    {
        "name": "restarts the parent, and signals no zombie",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "shop", "started": 50},
                {"pid": 8, "name": "child", "parent": 7, "state": "Z"},
            ],
        },
        "expect": {"ok": True, "effects": ["service.restart shop"], "facts": {"zombies": 1}},
    },
    {
        "name": "the zombies were collected meanwhile",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [{"pid": 7, "name": "shop", "started": 50}, {"pid": 8, "name": "child", "parent": 7}],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "the parent is another process now",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "other", "started": 90},
                {"pid": 8, "name": "child", "parent": 7, "state": "Z"},
            ],
        },
        "expect": {"ok": False, "effects": []},
    },
]
