# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["memory.used_percent"]
# capabilities = ["process.list", "fs.read:/proc/stat", "fs.read:/proc/*/status"]
# quotes = ["growth_process"]
# triggers = [
#   "what leaks memory", "which process grows", "memory grows slowly over days", "RSS keeps growing",
#   "suspected memory leak", "memory usage creeps up", "is there a memory leak", "process memory growth",
#   "哪个进程内存在增长", "内存泄漏在哪里", "内存一直涨", "内存一天比一天高", "怀疑内存泄漏", "进程内存持续增长",
#   "RSS 不断增长", "内存慢慢涨",
# ]
# ///
"""Shows which of the biggest processes has grown fastest since it started, and whether each is at its peak now, as a leak is."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome, Process

TICKS = 100
BIGGEST = 5
NEAR_PEAK = 0.95
YOUNG = 60.0


def run(host: Host) -> Outcome:
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    if not booted:
        return Outcome(ok=False, summary="/proc/stat does not say when this host was booted")
    up = host.now - int(booted[1])
    biggest = sorted(host.process.list(), key=lambda one: -one.rss)[:BIGGEST]
    ages = {one.pid: up - one.started / TICKS for one in biggest}
    old = [one for one in biggest if ages[one.pid] >= YOUNG and one.rss]
    if not old:
        return Outcome(ok=False, summary="all of the biggest processes have just been started")
    fastest = max(old, key=lambda one: one.rss / ages[one.pid])
    peak = peak_of(host, fastest)
    facts: dict[str, object] = {
        "growth_pid": fastest.pid,
        "growth_process": fastest.name,
        "growth_bytes": fastest.rss,
        "growth_hours": round(ages[fastest.pid] / 3600, 1),
        "growth_bytes_per_hour": round(fastest.rss / ages[fastest.pid] * 3600),
        "growth_peak_bytes": peak,
        "growth_is_at_peak": bool(peak) and fastest.rss >= NEAR_PEAK * peak,
    }
    said = f"{fastest.name} (pid {fastest.pid}) has grown to {fastest.rss} bytes in {facts['growth_hours']} hours"
    return Outcome(ok=True, summary=said + ("; it is at its peak" if facts["growth_is_at_peak"] else ""), facts=facts)


def peak_of(host: Host, process: Process) -> int:
    """The most it ever had, in bytes; 0 where it has ended meanwhile or that is not told."""
    try:
        text = host.read(f"/proc/{process.pid}/status", 4096)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", text, re.M)
    return int(found[1]) * 1024 if found else 0


CASES = [
    {
        "name": "a young leak is faster than a big old cache; what has just been started is not judged",
        "world": {
            "now": 1767225600.0,
            "processes": [
                {"pid": 5, "name": "cache", "rss": 5000000, "started": 100},
                {"pid": 7, "name": "shop", "rss": 2048000, "started": 640000},
                {"pid": 8, "name": "new", "rss": 8000000, "started": 994001},
                {"pid": 9, "name": "mid", "rss": 1000000, "started": 640000},
                {"pid": 10, "name": "mid", "rss": 1000001, "started": 640000},
                {"pid": 11, "name": "tiny", "rss": 900000, "started": 993999},
            ],
            "files": {"/proc/stat": "cpu 1\nbtime 1767215600\n", "/proc/7/status": "Name: shop\nVmHWM:\t    2105 kB\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "growth_pid": 7,
                "growth_process": "shop",
                "growth_bytes": 2048000,
                "growth_hours": 1.0,
                "growth_bytes_per_hour": 2048000,
                "growth_peak_bytes": 2155520,
                "growth_is_at_peak": True,
            },
        },
    },
    {
        "name": "it has had more, which no leak has",
        "world": {
            "now": 1767225600.0,
            "processes": [{"pid": 7, "name": "shop", "rss": 2048000, "started": 0}],
            "files": {"/proc/stat": "btime 1767225540\n", "/proc/7/status": "VmHWM:\t    2106 kB\n"},
        },
        "expect": {"ok": True, "effects": [], "facts": {"growth_is_at_peak": False, "growth_hours": 0.0}},
    },
    {
        "name": "it ended meanwhile",
        "world": {
            "now": 1767225600.0,
            "processes": [{"pid": 7, "name": "shop", "rss": 2048000, "started": 0}],
            "files": {"/proc/stat": "btime 1767215600\n", "/proc/7/status": None},
        },
        "expect": {"ok": True, "effects": [], "facts": {"growth_is_at_peak": False, "growth_peak_bytes": 0}},
    },
    {
        "name": "all of them have just been started",
        "world": {
            "now": 1767225600.0,
            "processes": [{"pid": 7, "name": "shop", "rss": 2048000, "started": 100}],
            "files": {"/proc/stat": "btime 1767225540\n"},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a host that does not tell when it was booted",
        "world": {"files": {"/proc/stat": "cpu 1\n"}},
        "expect": {"ok": False, "effects": []},
    },
]
