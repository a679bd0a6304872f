# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["backup.age_hours"]
# capabilities = ["fs.list:{directory}", "fs.list:{directory}/*"]
# triggers = [
#   "which backups are missing", "a backup was skipped", "gap in the backups", "backup of one day is missing",
#   "no backup on some days", "did we lose a backup", "list missing dumps", "snapshot dates with holes",
#   "哪些备份缺失", "备份漏了", "备份缺了哪几天", "备份不连续", "有没有漏备份", "哪天没有备份", "备份文件少了",
#   "备份断档",
# ]
# ///
"""Finds the days of which no backup lies below a directory, by the dates in the names, for the kind of which most are kept."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from core.skill import Host, Outcome

MOST_FOLDERS = 40
MOST_SHOWN = 10
MOST_DAYS = 400
DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def run(host: Host, directory: str) -> Outcome:
    entries = host.list(directory)
    for folder in [entry for entry in entries if entry.kind == "dir"][:MOST_FOLDERS]:
        entries += host.list(folder.path)
    kinds: dict[str, set[date]] = {}
    for entry in entries:
        found = DATE.search(entry.name)
        day = day_of(found) if found and entry.kind == "file" and entry.size else None
        if found and day:
            kinds.setdefault(DATE.sub("", entry.name, 1), set()).add(day)
    if not kinds:
        return Outcome(ok=False, summary=f"no file below {directory} has a date in its name")
    kind = max(sorted(kinds), key=lambda one: len(kinds[one]))
    days = kinds[kind]
    yesterday = datetime.fromtimestamp(host.now, UTC).date() - timedelta(days=1)
    span = min((max(yesterday, max(days)) - min(days)).days + 1, MOST_DAYS)
    missing = [day for n in range(span) if (day := min(days) + timedelta(days=n)) not in days]
    facts: dict[str, object] = {
        "backup_kind": kind,
        "backup_days": len(days),
        "backup_days_missing": len(missing),
        "backup_missing": [day.isoformat() for day in missing[-MOST_SHOWN:]],
        "backup_last_day": max(days).isoformat(),
    }
    said = f"{len(days)} days of {kind} are kept, the last is {max(days)}; {len(missing)} days are missing since {min(days)}"
    return Outcome(ok=True, summary=said, facts=facts)


def day_of(found: re.Match[str]) -> date | None:
    """The day; None where there is no such day."""
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


CASES = [
    {
        "name": "two days were skipped, and yesterday's is not there either",
        "params": {"directory": "/srv/kept"},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/srv/kept/shop/shop-2025-12-26.dump": {"size": 9},
                "/srv/kept/shop/shop-2025-12-27.dump": {"size": 9},
                "/srv/kept/shop/shop-2025-12-28.dump": {"size": 0},
                "/srv/kept/shop/shop-20251230.dump": {"size": 9},
                "/srv/kept/shop/shop-2025-02-30.dump": {"size": 9},
                "/srv/kept/shop/shop-2025-12-29.dump": {"kind": "link", "size": 9},
                "/srv/kept/mail-2025-12-31.tar": {"size": 9},
                "/srv/kept/readme": {"size": 9},
                "/srv/kept/ledger-120251230.tar": {"size": 9},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_kind": "shop-.dump",
                "backup_days": 3,
                "backup_days_missing": 3,
                "backup_missing": ["2025-12-28", "2025-12-29", "2025-12-31"],
                "backup_last_day": "2025-12-30",
            },
        },
    },
    {
        "name": "today's is there",
        "params": {"directory": "/srv/kept"},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/srv/kept/a.2025_12_31.tar": {"size": 1},
                "/srv/kept/a.2026_01_01.tar": {"size": 1},
                "/srv/kept/b.2026_01_01.tar": {"size": 1},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_kind": "a..tar",
                "backup_days": 2,
                "backup_days_missing": 0,
                "backup_missing": [],
                "backup_last_day": "2026-01-01",
            },
        },
    },
    {
        "name": "of many days the last ten are shown",
        "params": {"directory": "/srv/kept"},
        "world": {"now": 1767225600.0, "files": {"/srv/kept/a-2024-01-01.tar": {"size": 1}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_days_missing": 399,
                "backup_missing": [
                    "2025-01-25",
                    "2025-01-26",
                    "2025-01-27",
                    "2025-01-28",
                    "2025-01-29",
                    "2025-01-30",
                    "2025-01-31",
                    "2025-02-01",
                    "2025-02-02",
                    "2025-02-03",
                ],
            },
        },
    },
    {
        "name": "no dates",
        "params": {"directory": "/srv/kept"},
        "world": {"files": {"/srv/kept/shop.dump": {"size": 9}}},
        "expect": {"ok": False, "effects": []},
    },
]
