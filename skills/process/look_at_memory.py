# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# looks_at = ["memory.used_percent", "load.per_core"]
# capabilities = [
#   "fs.read:/proc/meminfo", "fs.read:/proc/vmstat", "process.list", "fs.list:/run", "fs.read:/run/*.pid", "fs.read:/proc/*/cgroup",
# ]
# quotes = ["memory_hog_process"]
# triggers = [
#   "out of memory", "who uses the memory", "memory usage is high", "memory almost full", "HostOutOfMemory",
#   "what eats the RAM", "low memory", "swap is full", "swapping", "Cannot allocate memory", "memory pressure",
#   "free -m", "which process uses most memory", "内存不足", "谁占用内存", "内存快满了", "内存使用率高", "内存告警",
#   "内存不够", "哪个进程占内存最多", "内存吃光了", "swap 用满了", "无法分配内存", "内存爆了", "查内存",
#   "top memory consumer", "mem usage by process", "内存被哪个进程吃了",
# ]
# ///
"""Shows who uses the memory, which service that is, and whether the kernel has already killed something for want of it."""

from __future__ import annotations

import re

from core.skill import Host, Outcome, Process

DATABASES = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite", re.I
)


def run(host: Host) -> Outcome:
    memory = {
        name: int(value) * 1024 for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", host.read("/proc/meminfo"), re.M)
    }
    if not memory.get("MemTotal"):
        return Outcome(ok=False, summary="/proc/meminfo does not say how much memory there is")
    killed = re.search(r"^oom_kill (\d+)$", host.read("/proc/vmstat", 262144), re.M)
    processes = host.process.list()
    hog = max(processes, key=lambda one: one.rss)
    service = service_of(host, hog, {one.pid: one for one in processes})
    share = round(min(hog.rss / memory["MemTotal"], 1.0), 3)
    is_database = bool(DATABASES.search(f"{hog.name} {' '.join(hog.argv)}"))
    facts: dict[str, object] = {
        "memory_total_bytes": memory["MemTotal"],
        "memory_available_bytes": memory.get("MemAvailable", 0),
        "swap_free_bytes": memory.get("SwapFree", 0),
        "oom_kills_since_boot": int(killed[1]) if killed else -1,
        "memory_hog_pid": hog.pid,
        "memory_hog_started": hog.started,
        "memory_hog_process": hog.name,
        "memory_hog_bytes": hog.rss,
        "memory_hog_share": share,
        "memory_hog_service": service,
        "memory_hog_may_restart": bool(service) and not is_database,
    }
    said = f"{hog.name} (pid {hog.pid}, {service or 'no service'}) uses {hog.rss} of {memory['MemTotal']} bytes of memory, {share:.0%}"
    kills = (
        f"; the kernel has killed {killed[1]} processes for memory since boot" if killed and killed[1] != "0" else ""
    )
    return Outcome(ok=True, summary=said + kills, facts=facts)


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
        "name": "a service leaks, and the kernel has killed once",
        "world": {
            "processes": [
                {"pid": 7, "name": "shop", "rss": 600000000, "started": 50},
                {"pid": 8, "name": "cron", "rss": 4000000},
            ],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nMemAvailable:    90000 kB\nSwapFree:        0 kB\n",
                "/proc/vmstat": "pgfault 5\noom_kill 1\n",
                "/run/shop.pid": "7\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 92160000,
                "swap_free_bytes": 0,
                "oom_kills_since_boot": 1,
                "memory_hog_pid": 7,
                "memory_hog_started": 50,
                "memory_hog_process": "shop",
                "memory_hog_bytes": 600000000,
                "memory_hog_share": 0.586,
                "memory_hog_service": "shop",
                "memory_hog_may_restart": True,
            },
        },
    },
    {
        "name": "a database uses its memory as it should",
        "world": {
            "processes": [{"pid": 7, "name": "mysqld", "rss": 600000000}],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\n",
                "/proc/vmstat": "pgfault 5\n",
                "/run/mysqld.pid": "7\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 0,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "mysqld",
                "memory_hog_bytes": 600000000,
                "memory_hog_share": 0.586,
                "memory_hog_service": "mysqld",
                "memory_hog_may_restart": False,
            },
        },
    },
    {
        "name": "a host that does not tell",
        "world": {"files": {"/proc/meminfo": ""}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "under runit, two processes above it",
        "world": {
            "processes": [
                {"pid": 5, "name": "runsv", "argv": ["runsv", "/etc/sv/web"]},
                {"pid": 6, "name": "sh", "parent": 5},
                {"pid": 7, "name": "python3", "parent": 6, "rss": 700000000},
            ],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nSwapFree:        9 kB\n",
                "/proc/vmstat": "pgfault 5\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 9216,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "python3",
                "memory_hog_bytes": 700000000,
                "memory_hog_share": 0.684,
                "memory_hog_service": "web",
                "memory_hog_may_restart": True,
            },
        },
    },
    {
        "name": "systemd says whose it is; a file that is no pid file does not",
        "world": {
            "processes": [
                {"pid": 1, "name": "init"},
                {"pid": 7, "name": "python3", "argv": ["python3", "-m", "web"], "rss": 2000000000, "parent": 1},
            ],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nSwapFree:        9 kB\n",
                "/proc/vmstat": "pgfault 5\n",
                "/run/web.txt": "7\n",
                "/run/no.pid": "8\n",
                "/run/one.pid": "1\n",
                "/proc/7/cgroup": "0::/system.slice/web.service\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 9216,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "python3",
                "memory_hog_bytes": 2000000000,
                "memory_hog_share": 1.0,
                "memory_hog_service": "web",
                "memory_hog_may_restart": True,
            },
        },
    },
    {
        "name": "nothing says whose it is",
        "world": {
            "processes": [{"pid": 7, "name": "python3", "rss": 700000000}],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nSwapFree:        9 kB\n",
                "/proc/vmstat": "pgfault 5\n",
                "/run/web.txt": "7\n",
                "/proc/7/cgroup": "0::/user.slice\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 9216,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "python3",
                "memory_hog_bytes": 700000000,
                "memory_hog_share": 0.684,
                "memory_hog_service": "",
                "memory_hog_may_restart": False,
            },
        },
    },
    {
        "name": "what only looks like runit is not asked",
        "world": {
            "processes": [
                {"pid": 5, "name": "runsv", "argv": ["runsv"]},
                {"pid": 4, "name": "sh", "argv": ["sh", "/etc/sv/no"], "parent": 5},
                {"pid": 7, "name": "python3", "parent": 4, "rss": 700000000},
            ],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nSwapFree:        9 kB\n",
                "/proc/vmstat": "pgfault 5\n",
                "/run/sh.pid": "4\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 9216,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "python3",
                "memory_hog_bytes": 700000000,
                "memory_hog_share": 0.684,
                "memory_hog_service": "sh",
                "memory_hog_may_restart": True,
            },
        },
    },
    {
        "name": "a parent that has gone",
        "world": {
            "processes": [{"pid": 7, "name": "python3", "parent": 3, "rss": 700000000}],
            "files": {
                "/proc/meminfo": "MemTotal:     1000000 kB\nSwapFree:        9 kB\n",
                "/proc/vmstat": "pgfault 5\n",
                "/run/web.pid": "7\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "memory_total_bytes": 1024000000,
                "memory_available_bytes": 0,
                "swap_free_bytes": 9216,
                "oom_kills_since_boot": -1,
                "memory_hog_pid": 7,
                "memory_hog_started": 100,
                "memory_hog_process": "python3",
                "memory_hog_bytes": 700000000,
                "memory_hog_share": 0.684,
                "memory_hog_service": "web",
                "memory_hog_may_restart": True,
            },
        },
    },
]
