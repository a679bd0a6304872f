# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["load.per_core"]
# capabilities = ["process.list", "fs.read:/proc/loadavg", "fs.read:/proc/meminfo"]
# quotes = ["load_process"]
# triggers = [
#   "why is the load high", "what waits for the disk", "high CPU usage", "CPU at 100%", "what burns the CPU",
#   "load average is high", "HighCpuLoad", "server is slow", "machine is sluggish", "iowait is high",
#   "which process uses the cpu", "disk io saturated", "top", "everything is slow", "负载为什么高",
#   "哪些进程在等磁盘", "CPU 100%", "CPU 飙高", "CPU 占用高", "CPU 打满", "负载高", "负载飙升", "机器很卡",
#   "服务器很慢", "哪个进程占 CPU", "iowait 高", "磁盘 IO 高", "系统卡顿",
# ]
# ///
"""Says whether the load comes from programs that compute or from programs that wait for a disk, which ones, and how much is swapped out."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, Outcome


def run(host: Host) -> Outcome:
    processes = host.process.list()
    load = float(host.read("/proc/loadavg").split()[0])
    memory = dict(re.findall(r"(?m)^(\w+):\s+(\d+) kB$", host.read("/proc/meminfo")))
    computing = Counter(one.name for one in processes if one.state == "R")
    waiting = Counter(one.name for one in processes if one.state == "D")
    swap = int(memory.get("SwapTotal", 0))
    swapped = 1 - int(memory.get("SwapFree", 0)) / swap if swap else 0.0
    facts = {
        "load": load,
        "computing": computing.total(),
        "waiting_for_disk": waiting.total(),
        "load_is_waiting": waiting.total() > computing.total(),
        "load_process": next((name for name, _ in (waiting + computing).most_common(1)), ""),
        "swap_used_share": round(swapped, 3),
    }
    said = f"load {load}: computing {shown(computing)}; waiting for a disk {shown(waiting)}; {swapped:.0%} of the swap space used"
    return Outcome(ok=True, summary=said, facts=facts)


def shown(counted: Counter[str]) -> str:
    """The names, most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in counted.most_common(3)) or "none"


CASES = [
    {
        "name": "programs wait for a disk",
        "params": {},
        "world": {
            "processes": [
                {"pid": 1, "name": "init"},
                {"pid": 5, "name": "tar", "state": "D"},
                {"pid": 6, "name": "tar", "state": "D"},
                {"pid": 7, "name": "shop", "state": "R"},
            ],
            "files": {
                "/proc/loadavg": "3.50 2.00 1.00 1/100 77\n",
                "/proc/meminfo": "MemTotal: 1000 kB\nSwapTotal:    400 kB\nSwapFree:    300 kB\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "load": 3.5,
                "computing": 1,
                "waiting_for_disk": 2,
                "load_is_waiting": True,
                "load_process": "tar",
                "swap_used_share": 0.25,
            },
        },
    },
    {
        "name": "one program computes, and one waits",
        "params": {},
        "world": {
            "processes": [
                {"pid": 5, "name": "tar", "state": "D"},
                {"pid": 7, "name": "shop", "state": "R"},
                {"pid": 8, "name": "shop", "state": "R"},
            ],
            "files": {
                "/proc/loadavg": "2.00 2.00 1.00 1/100 77\n",
                "/proc/meminfo": "SwapTotal: 0 kB\nSwapFree: 0 kB\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "load": 2.0,
                "computing": 2,
                "waiting_for_disk": 1,
                "load_is_waiting": False,
                "load_process": "shop",
                "swap_used_share": 0.0,
            },
        },
    },
    {
        "name": "as many wait as compute",
        "params": {},
        "world": {
            "processes": [{"pid": 5, "name": "tar", "state": "D"}, {"pid": 7, "name": "shop", "state": "R"}],
            "files": {"/proc/loadavg": "2.00", "/proc/meminfo": "SwapTotal: 10 kB\n"},
        },
        "expect": {"ok": True, "effects": [], "facts": {"load_is_waiting": False, "swap_used_share": 1.0}},
    },
    {
        "name": "nothing does by now",
        "params": {},
        "world": {
            "processes": [{"pid": 1, "name": "init"}],
            "files": {"/proc/loadavg": "0.90 2.00 1.00 1/100 77\n", "/proc/meminfo": "MemTotal: 1000 kB\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "load": 0.9,
                "computing": 0,
                "waiting_for_disk": 0,
                "load_is_waiting": False,
                "load_process": "",
                "swap_used_share": 0.0,
            },
        },
    },
]
