# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["exec:/usr/bin/df -Pkl", "kv:disks"]
# triggers = [
#   "disk report", "when will the disks be full", "disk usage report", "how fast does the disk grow",
#   "forecast of disk space", "disk capacity planning", "DiskWillFillIn", "how long will the disk last",
#   "overview of all disks", "how much disk space is left", "磁盘报告", "磁盘什么时候会满", "磁盘使用情况报告",
#   "磁盘增长趋势", "磁盘还能用多久", "磁盘容量预测", "磁盘还剩多少空间", "所有磁盘使用情况", "磁盘还能撑几天",
#   "容量规划", "report on the disks of all hosts", "出一份磁盘使用报告", "各机器磁盘报告",
# ]
# ///
"""Makes a document of how full every local disk is, how it grew since the first time, and when it would be full; keeps what it saw."""

from __future__ import annotations

import json
import re

from core.skill import Host, Outcome

MOST_KEPT = 200
MOST_TEXT = 60000
MOST_MOUNTS = 8
DAY = 86400
NOT_DISKS = re.compile(r"tmpfs|devtmpfs|overlay|shm|none|udev|/dev/loop\d+")


def run(host: Host) -> Outcome:
    listing = host.run(["/usr/bin/df", "-Pkl"])
    disks = disks_in(listing.out)
    if listing.status != 0 or not disks:
        return Outcome(ok=False, summary=f"df names no local disk: {listing.err.strip()[:200]}")
    past = json.loads(host.recall("disks") or "[]")
    rows = [*past, [int(host.now), {mount: used for mount, (used, _) in disks.items()}]][-MOST_KEPT:]
    rows = rows[-max(1, MOST_TEXT // len(json.dumps(rows[-1]))) :]
    host.keep("disks", json.dumps(rows, separators=(",", ":")))
    table = [row_of(mount, used, size, rows) for mount, (used, size) in disks.items()]
    table.sort(key=lambda row: (row[5] == "", row[5] or 0.0, row[0]))
    lines = {
        mount: [[at, round(100 * used[mount] / disks[mount][1], 1)] for at, used in rows if mount in used]
        for mount in [str(row[0]) for row in table][:MOST_MOUNTS]
    }
    columns = ["file system", "size GB", "used GB", "used %", "GB a day", "full in days"]
    full = [row for row in table if row[5] != ""]
    facts: dict[str, object] = {
        "disks": len(disks),
        "measured": len(rows),
        "first_full": full[0][0] if full else "",
        "first_full_days": full[0][5] if full else 0.0,
        "document": {
            "title": "Disks",
            "sections": [
                {"heading": "How full they are", "table": {"columns": columns, "rows": table}},
                {"heading": "How they grew", "series": {"unit": "% used", "lines": lines}},
            ],
        },
    }
    said = f"{full[0][0]} would be full in {full[0][5]:g} days" if full else "none is growing as far as is known"
    return Outcome(ok=True, summary=f"{len(disks)} file systems, measured {len(rows)} times; {said}", facts=facts)


def disks_in(out: str) -> dict[str, tuple[int, int]]:
    """Bytes used and bytes in all by mount point."""
    lines = [line.split(None, 5) for line in out.splitlines()]
    found = [line for line in lines if len(line) == 6 and line[2].isdigit() and not NOT_DISKS.fullmatch(line[0])]
    return {line[5]: (int(line[2]) * 1024, int(line[1]) * 1024) for line in found if int(line[1]) > 0}


def row_of(mount: str, used: int, size: int, rows: list[tuple[int, dict[str, int]]]) -> list[str | float]:
    """One row of the table; the last two cells are blank where nothing is known or nothing grows."""
    at, first = next((at, was[mount]) for at, was in rows if mount in was)
    days = (rows[-1][0] - at) / DAY
    grows = (used - first) / days if days > 0 else 0.0
    left = round((size - used) / grows, 1) if grows > 0 else ""
    gigas = [round(number / 1e9, 2) for number in (size, used)]
    return [mount, *gigas, round(100 * used / size, 1), round(grows / 1e9, 2) if days > 0 else "", left]


CASES = [
    {
        "name": "the first time there is nothing to compare with",
        "world": {
            "now": 1767225600.0,
            "exec": {
                "/usr/bin/df -Pkl": "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 10000000 4000000 6000000 40% /\n"
                "tmpfs 100 1 99 1% /run\n/dev/loop3 100 100 0 100% /snap/x\n/dev/sdb1 0 0 0 - /empty\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": ["kv disks"],
            "facts": {
                "disks": 1,
                "measured": 1,
                "first_full": "",
                "first_full_days": 0.0,
                "document": {
                    "title": "Disks",
                    "sections": [
                        {
                            "heading": "How full they are",
                            "table": {
                                "columns": ["file system", "size GB", "used GB", "used %", "GB a day", "full in days"],
                                "rows": [["/", 10.24, 4.1, 40.0, "", ""]],
                            },
                        },
                        {
                            "heading": "How they grew",
                            "series": {"unit": "% used", "lines": {"/": [[1767225600, 40.0]]}},
                        },
                    ],
                },
            },
            "kept": {"disks": '[[1767225600,{"/":4096000000}]]'},
        },
    },
    {
        "name": "two days later one grows, one shrinks, one is new, and who is full first comes first",
        "world": {
            "now": 1767398400.0,
            "kept": {"disks": '[[1767225600,{"/":4096000000,"/old":5,"/srv":2048000000,"/z":1024000000}]]'},
            "exec": {
                "/usr/bin/df -Pkl": "/dev/sda1 10000000 3000000 6000000 30% /\n/dev/sdb1 10000000 6000000 4000000 60% /srv\n"
                "/dev/sdc1 4000000 1000 3000000 1% /new\n/dev/sdd1 10000000 2000000 8000000 20% /z\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": ["kv disks"],
            "facts": {
                "disks": 4,
                "measured": 2,
                "first_full": "/srv",
                "first_full_days": 2.0,
                "document": {
                    "title": "Disks",
                    "sections": [
                        {
                            "heading": "How full they are",
                            "table": {
                                "columns": ["file system", "size GB", "used GB", "used %", "GB a day", "full in days"],
                                "rows": [
                                    ["/srv", 10.24, 6.14, 60.0, 2.05, 2.0],
                                    ["/z", 10.24, 2.05, 20.0, 0.51, 16.0],
                                    ["/", 10.24, 3.07, 30.0, -0.51, ""],
                                    ["/new", 4.1, 0.0, 0.0, "", ""],
                                ],
                            },
                        },
                        {
                            "heading": "How they grew",
                            "series": {
                                "unit": "% used",
                                "lines": {
                                    "/srv": [[1767225600, 20.0], [1767398400, 60.0]],
                                    "/z": [[1767225600, 10.0], [1767398400, 20.0]],
                                    "/": [[1767225600, 40.0], [1767398400, 30.0]],
                                    "/new": [[1767398400, 0.0]],
                                },
                            },
                        },
                    ],
                },
            },
        },
    },
    {
        "name": "df does not answer",
        "world": {"exec": {"/usr/bin/df -Pkl": {"status": 1, "out": "/dev/sda1 9 1 8 1% /\n", "err": "no"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "no disk at all",
        "world": {"exec": {"/usr/bin/df -Pkl": "tmpfs 100 1 99 1% /run\n"}},
        "expect": {"ok": False, "effects": []},
    },
]
