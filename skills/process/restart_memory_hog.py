# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 20
# cures = ["memory.used_percent"]
# lookers = ["look_at_memory"]
# when = ["memory_hog_share >= 0.3", "memory_hog_may_restart"]
# share = "memory_hog_share"
# fill = {service = "memory_hog_service", pid = "memory_hog_pid", started = "memory_hog_started"}
# capabilities = ["process.list", "service.restart:{service}"]
# triggers = [
#   "memory leak", "out of memory", "restart what eats the memory", "service uses too much memory",
#   "process eats all the RAM", "restart the leaking process", "java uses 90% of memory",
#   "heap is growing, restart it", "free memory by restarting", "内存泄漏", "内存不足", "内存泄漏重启一下",
#   "重启吃内存的服务", "服务占内存太多", "进程把内存吃光了", "重启释放内存", "内存爆了重启", "java 占内存太高",
# ]
# ///
"""Restarts the service that holds a third of the memory or more, before the kernel kills a bystander; never a database."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

DATABASES = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite", re.I
)


def run(host: Host, service: str, pid: int, started: int) -> Outcome:
    processes = host.process.list()
    hog = next((one for one in processes if (one.pid, one.started) == (pid, started)), None)
    if hog is None:
        return Outcome(ok=False, summary=f"process {pid} of {service} has ended by itself; nothing was done")
    if hog.rss < max(one.rss for one in processes) or DATABASES.search(f"{service} {hog.name} {' '.join(hog.argv)}"):
        return Outcome(ok=False, summary=f"{hog.name} is a database or no longer the biggest; nothing was done")
    host.service(service).restart()
    return Outcome(ok=True, summary=f"restarted {service}, whose {hog.name} held {hog.rss} bytes of memory")


CASES = [
    {
        "name": "restarts the leaking service",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "shop", "rss": 600000000, "started": 50},
                {"pid": 8, "name": "cron", "rss": 4000000},
            ],
        },
        "expect": {"ok": True, "effects": ["service.restart shop"]},
    },
    {
        "name": "a database is never restarted for its memory",
        "params": {"service": "db", "pid": 7, "started": 50},
        "world": {
            "services": {"db": {"pid": 7}},
            "processes": [{"pid": 7, "name": "postgres", "rss": 600000000, "started": 50}],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "another process is the biggest by now",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "shop", "rss": 6000, "started": 50},
                {"pid": 8, "name": "batch", "rss": 4000000},
            ],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "the kernel was faster",
        "params": {"service": "shop", "pid": 7, "started": 50},
        "world": {
            "services": {"shop": {"pid": 9}},
            "processes": [{"pid": 9, "name": "shop", "rss": 6000, "started": 90}],
        },
        "expect": {"ok": False, "effects": []},
    },
]
