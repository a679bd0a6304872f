# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["fs.read:/proc/loadavg", "fs.read:/proc/meminfo", "process.list", "kv:host"]
# triggers = [
#   "host report", "how did the machine do this week", "weekly report of the server", "server health report",
#   "load and memory over time", "performance report", "history of load and memory", "summary of this machine",
#   "machine trends", "主机报告", "收集主机指标", "服务器周报", "机器周报", "主机运行报告", "主机巡检报告",
#   "性能报告", "负载和内存趋势", "这周机器运行怎么样", "服务器健康报告", "出一份主机报告",
# ]
# ///
"""Collects load, memory and number of processes, keeps them, and makes a document of how they went; asked hourly, it shows two weeks."""

from __future__ import annotations

import json
import re

from core.skill import Host, Outcome

MOST_KEPT = 336
MOST_PROCESSES = 10
NAMES = ("load", "memory used %", "swap used %", "processes")


def run(host: Host) -> Outcome:
    processes = host.process.list()
    memory = {name: int(size) for name, size in re.findall(r"(?m)^(\w+):\s+(\d+) kB$", host.read("/proc/meminfo"))}
    load = re.match(r"\d+\.\d+", host.read("/proc/loadavg"))
    if not load or not memory.get("MemTotal"):
        return Outcome(ok=False, summary="/proc does not say how the host is")
    used = share(memory["MemTotal"] - memory.get("MemAvailable", 0), memory["MemTotal"])
    swap = share(memory.get("SwapTotal", 0) - memory.get("SwapFree", 0), memory.get("SwapTotal", 0))
    row = [int(host.now), float(load[0]), used, swap, len(processes)]
    rows = [*json.loads(host.recall("host") or "[]"), row][-MOST_KEPT:]
    host.keep("host", json.dumps(rows, separators=(",", ":")))
    table = [[name, *spread([past[at] for past in rows])] for at, name in enumerate(NAMES, 1)]
    biggest = sorted(processes, key=lambda process: (-process.rss, process.pid))[:MOST_PROCESSES]
    lines = {name: [[past[0], past[at]] for past in rows] for at, name in enumerate(NAMES, 1)}
    sections = [
        {"heading": "In short", "table": {"columns": ["", "now", "least", "median", "most"], "rows": table}},
        {"heading": "Load", "series": {"unit": "load", "lines": {"load": lines["load"]}}},
        {"heading": "Memory", "series": {"unit": "%", "lines": {name: lines[name] for name in NAMES[1:3]}}},
        {
            "heading": "Biggest processes",
            "table": {
                "columns": ["pid", "name", "MB"],
                "rows": [[one.pid, one.name, round(one.rss / 1e6, 1)] for one in biggest],
            },
        },
    ]
    facts: dict[str, object] = {
        "measured": len(rows),
        "load": row[1],
        "memory_percent": used,
        "swap_percent": swap,
        "processes": len(processes),
        "document": {"title": "Host", "sections": sections},
    }
    said = f"load {row[1]:g}, memory {used:g} % used, {len(processes)} processes; measured {len(rows)} times"
    return Outcome(ok=True, summary=said, facts=facts)


def share(part: int, whole: int) -> float:
    """In percent; 0 of nothing."""
    return round(100 * part / whole, 1) if whole > 0 else 0.0


def spread(values: list[float]) -> list[float]:
    """The last, the least, the middle and the greatest one."""
    ordered = sorted(values)
    return [values[-1], ordered[0], ordered[len(ordered) // 2], ordered[-1]]


CASES = [
    {
        "name": "what was kept and what is now",
        "world": {
            "now": 1767229200.0,
            "kept": {"host": "[[1767222000,3.0,10.0,0.0,5],[1767225600,1.5,90.0,50.0,9]]"},
            "files": {
                "/proc/loadavg": "2.25 1.00 0.50 1/100 999\n",
                "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 400 kB\nSwapFree: 300 kB\nHugePages: 0\n",
            },
            "processes": [{"pid": 7, "name": "app", "rss": 5000000}, {"pid": 9, "name": "db", "rss": 70000000}],
        },
        "expect": {
            "ok": True,
            "effects": ["kv host"],
            "kept": {
                "host": "[[1767222000,3.0,10.0,0.0,5],[1767225600,1.5,90.0,50.0,9],[1767229200,2.25,75.0,25.0,2]]"
            },
            "facts": {
                "measured": 3,
                "load": 2.25,
                "memory_percent": 75.0,
                "swap_percent": 25.0,
                "processes": 2,
                "document": {
                    "title": "Host",
                    "sections": [
                        {
                            "heading": "In short",
                            "table": {
                                "columns": ["", "now", "least", "median", "most"],
                                "rows": [
                                    ["load", 2.25, 1.5, 2.25, 3.0],
                                    ["memory used %", 75.0, 10.0, 75.0, 90.0],
                                    ["swap used %", 25.0, 0.0, 25.0, 50.0],
                                    ["processes", 2, 2, 5, 9],
                                ],
                            },
                        },
                        {
                            "heading": "Load",
                            "series": {
                                "unit": "load",
                                "lines": {"load": [[1767222000, 3.0], [1767225600, 1.5], [1767229200, 2.25]]},
                            },
                        },
                        {
                            "heading": "Memory",
                            "series": {
                                "unit": "%",
                                "lines": {
                                    "memory used %": [[1767222000, 10.0], [1767225600, 90.0], [1767229200, 75.0]],
                                    "swap used %": [[1767222000, 0.0], [1767225600, 50.0], [1767229200, 25.0]],
                                },
                            },
                        },
                        {
                            "heading": "Biggest processes",
                            "table": {"columns": ["pid", "name", "MB"], "rows": [[9, "db", 70.0], [7, "app", 5.0]]},
                        },
                    ],
                },
            },
        },
    },
    {
        "name": "the first time, on a host without swap",
        "world": {
            "now": 1767229200.0,
            "files": {"/proc/loadavg": "0.10 0 0\n", "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 900 kB\n"},
            "processes": [],
        },
        "expect": {
            "ok": True,
            "effects": ["kv host"],
            "kept": {"host": "[[1767229200,0.1,10.0,0.0,0]]"},
            "facts": {"measured": 1, "swap_percent": 0.0, "processes": 0},
        },
    },
    {
        "name": "a host that does not say how it is",
        "world": {"files": {"/proc/loadavg": "\n", "/proc/meminfo": "MemTotal: 1000 kB\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "nor how much memory it has",
        "world": {"files": {"/proc/loadavg": "0.10 0 0\n", "/proc/meminfo": "MemTotal: 0 kB\n"}},
        "expect": {"ok": False, "effects": []},
    },
]
