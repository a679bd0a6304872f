# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["memory.used_percent", "process.restarts"]
# capabilities = [
#   "exec:/usr/bin/dmesg -T", "fs.read:/proc/vmstat",
#   "fs.list:/sys/fs/cgroup/system.slice", "fs.read:/sys/fs/cgroup/system.slice/*/memory.events",
# ]
# quotes = ["oom_last_victim"]
# triggers = [
#   "who was killed by the OOM killer", "OOM killer", "Out of memory: Killed process", "oom-kill in dmesg",
#   "process was killed for want of memory", "invoked oom-killer", "Memory cgroup out of memory",
#   "killed with signal 9 at night", "what did the kernel kill", "谁被 OOM 杀掉了", "内存不足被杀", "进程被 OOM 杀了",
#   "系统 OOM 了", "被系统杀掉了", "内核杀了哪个进程", "oom killer 干掉了进程", "半夜进程被杀", "OOM 日志",
# ]
# ///
"""Shows whom the kernel killed for want of memory: the last victims by its log, and the services whose own limit did it."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome

MOST_UNITS = 100
KILLED = re.compile(
    r"\[(?P<at>[^\]]+)\] (?P<limit>Memory cgroup o|O)ut of memory: Killed process (?P<pid>\d+) \((?P<who>[^)]*)\).*?anon-rss:(?P<kb>\d+)kB"
)


def run(host: Host) -> Outcome:
    counted = re.search(r"^oom_kill (\d+)$", host.read("/proc/vmstat", 262144), re.M)
    log = host.run(["/usr/bin/dmesg", "-T"])
    kills = list(KILLED.finditer(log.out))
    units = {unit.name: count for unit in units_of(host) if (count := kills_of(host, unit))}
    worst = max(sorted(units), key=lambda name: units[name], default="")
    last = kills[-1] if kills else None
    facts: dict[str, object] = {
        "oom_kills_since_boot": int(counted[1]) if counted else -1,
        "oom_log_is_readable": log.status == 0,
        "oom_kills_in_log": len(kills),
        "oom_last_victim": last["who"] if last else "",
        "oom_last_at": last["at"] if last else "",
        "oom_last_bytes": int(last["kb"]) * 1024 if last else 0,
        "oom_last_by_own_limit": last is not None and last["limit"] != "O",
        "oom_unit": worst.removesuffix(".service"),
        "oom_unit_kills": units.get(worst, 0),
    }
    said = [f"the kernel has killed {facts['oom_kills_since_boot']} times for want of memory since boot"]
    if last:
        said.append(
            f"last {last['who']} at {last['at']}, {last['limit']}ut of memory with {facts['oom_last_bytes']} bytes"
        )
    if worst:
        said.append(f"{worst} has reached its own limit {units[worst]} times")
    return Outcome(ok=True, summary="; ".join(said), facts=facts)


def units_of(host: Host) -> list[File]:
    """Services with a group of their own; none where the kernel keeps no such tree."""
    try:
        found = host.list("/sys/fs/cgroup/system.slice")
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return []
    return [entry for entry in found if entry.kind == "dir" and entry.name.endswith(".service")][:MOST_UNITS]


def kills_of(host: Host, unit: File) -> int:
    """How often a service's own limit killed one of its processes; 0 where it keeps no count or is gone."""
    try:
        text = host.read(f"{unit.path}/memory.events", 1024)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return 0
    found = re.search(r"^oom_kill (\d+)$", text, re.M)
    return int(found[1]) if found else 0


CASES = [
    {
        "name": "the machine ran out of memory, and a service reached its own limit twice",
        "world": {
            "exec": {
                "/usr/bin/dmesg -T": (
                    "[Mon Jan  1 02:00:00 2026] Memory cgroup out of memory: Killed process 7 (shop) total-vm:9kB, anon-rss:5kB, x\n"
                    "[Mon Jan  1 03:00:00 2026] eth0: link up\n"
                    "[Mon Jan  1 04:00:00 2026] Out of memory: Killed process 9 (mysqld) total-vm:9000kB, anon-rss:7000kB, file\n"
                )
            },
            "files": {
                "/proc/vmstat": "pgfault 5\noom_kill 3\n",
                "/sys/fs/cgroup/system.slice/shop.service/memory.events": "low 0\noom 2\noom_kill 2\n",
                "/sys/fs/cgroup/system.slice/zeta.service/memory.events": "low 0\noom_kill 1\n",
                "/sys/fs/cgroup/system.slice/ssh.service/memory.events": "low 0\noom_kill 0\n",
                "/sys/fs/cgroup/system.slice/old.service/memory.events": None,
                "/sys/fs/cgroup/system.slice/old.service/cgroup.procs": "",
                "/sys/fs/cgroup/system.slice/dev.mount/memory.events": "oom_kill 9\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "oom_kills_since_boot": 3,
                "oom_log_is_readable": True,
                "oom_kills_in_log": 2,
                "oom_last_victim": "mysqld",
                "oom_last_at": "Mon Jan  1 04:00:00 2026",
                "oom_last_bytes": 7168000,
                "oom_last_by_own_limit": False,
                "oom_unit": "shop",
                "oom_unit_kills": 2,
            },
        },
    },
    {
        "name": "the last one died of its own limit",
        "world": {
            "exec": {
                "/usr/bin/dmesg -T": "[now] Memory cgroup out of memory: Killed process 7 (shop) total-vm:9kB, anon-rss:5kB, x\n"
            },
            "files": {"/proc/vmstat": "pgfault 5\n", "/sys/fs/cgroup/system.slice": None},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "oom_kills_since_boot": -1,
                "oom_kills_in_log": 1,
                "oom_last_by_own_limit": True,
                "oom_last_bytes": 5120,
                "oom_unit": "",
                "oom_unit_kills": 0,
            },
        },
    },
    {
        "name": "nobody was killed, and the log is not ours to read",
        "world": {
            "exec": {"/usr/bin/dmesg -T": {"status": 1, "err": "Operation not permitted"}},
            "files": {
                "/proc/vmstat": "oom_kill 0\n",
                "/sys/fs/cgroup/system.slice/old.service/memory.events": None,
                "/sys/fs/cgroup/system.slice/old.service/cgroup.procs": "",
                "/sys/fs/cgroup/system.slice/odd.service/memory.events": "low 0\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "oom_kills_since_boot": 0,
                "oom_log_is_readable": False,
                "oom_kills_in_log": 0,
                "oom_last_victim": "",
                "oom_last_at": "",
                "oom_unit": "",
                "oom_last_bytes": 0,
                "oom_last_by_own_limit": False,
            },
        },
    },
]
