# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["postgres.failed"]
# fill = {directory = "postgres_directory"}
# capabilities = [
#   "fs.list:{directory}", "fs.list:{directory}/pg_wal", "fs.list:{directory}/pg_wal/archive_status", "fs.list:{directory}/pg_replslot",
# ]
# quotes = ["wal_slots"]
# triggers = [
#   "pg_wal grows", "WAL fills the disk", "pg_wal is huge", "replication slot keeps WAL", "archive_command failed",
#   "write-ahead log takes all space", "inactive replication slot", "pg_xlog", "wal not removed",
#   "archiving is behind", "pg_wal 增长", "WAL 占满磁盘", "pg_wal 太大", "pg_wal 目录很大", "WAL 日志堆积",
#   "复制槽没有消费", "归档失败", "wal 不清理", "wal 一直涨", "预写日志占空间",
# ]
# ///
"""Shows how much write-ahead log a PostgreSQL keeps, and what keeps it: an archive that does not keep up, or replication slots."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome

MUCH = 1073741824
MANY = 16
SEGMENT = re.compile(r"[0-9A-F]{24}")


def run(host: Host, directory: str) -> Outcome:
    names = {entry.name for entry in host.list(directory)}
    if "PG_VERSION" not in names:
        return Outcome(ok=False, summary=f"{directory} is no PostgreSQL's data directory")
    segments = [file for file in listed(host, f"{directory}/pg_wal") if SEGMENT.fullmatch(file.name)]
    waiting = [file for file in listed(host, f"{directory}/pg_wal/archive_status") if file.name.endswith(".ready")]
    slots = sorted(entry.name for entry in listed(host, f"{directory}/pg_replslot") if entry.kind == "dir")
    size = sum(file.size for file in segments)
    facts: dict[str, object] = {
        "wal_bytes": size,
        "wal_segments": len(segments),
        "wal_oldest_hours": round(max((file.age_days for file in segments), default=0.0) * 24, 1),
        "wal_waiting_for_archive": len(waiting),
        "wal_slots": slots,
        "wal_kept_by": "archive" if len(waiting) >= MANY else "slots" if slots and size >= MUCH else "none",
    }
    said = f"{len(segments)} segments of write-ahead log hold {size} bytes; {len(waiting)} wait for the archive"
    kept = f"slots: {', '.join(slots) or 'none'}; never delete any of them by hand"
    return Outcome(ok=True, summary=f"{said}; {kept}", facts=facts)


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there or not ours to see."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return []


CASES = [
    {
        "name": "the archive does not keep up",
        "params": {"directory": "/srv/db/main"},
        "world": {
            "files": {
                "/srv/db/main/PG_VERSION": "15\n",
                "/srv/db/main/pg_wal/000000010000000000000008": {"size": 500, "age_days": 0.5},
                "/srv/db/main/pg_wal/00000001000000000000000F": {"size": 500, "age_days": 0.1},
                "/srv/db/main/pg_wal/00000002.history": {"size": 41, "age_days": 9.0},
                "/srv/db/main/pg_wal/archive_status/000000010000000000000007.done": "",
                "/srv/db/main/pg_replslot": None,
                "/srv/db/main/pg_wal/archive_status/00.ready": "",
                "/srv/db/main/pg_wal/archive_status/01.ready": "",
                "/srv/db/main/pg_wal/archive_status/02.ready": "",
                "/srv/db/main/pg_wal/archive_status/03.ready": "",
                "/srv/db/main/pg_wal/archive_status/04.ready": "",
                "/srv/db/main/pg_wal/archive_status/05.ready": "",
                "/srv/db/main/pg_wal/archive_status/06.ready": "",
                "/srv/db/main/pg_wal/archive_status/07.ready": "",
                "/srv/db/main/pg_wal/archive_status/08.ready": "",
                "/srv/db/main/pg_wal/archive_status/09.ready": "",
                "/srv/db/main/pg_wal/archive_status/10.ready": "",
                "/srv/db/main/pg_wal/archive_status/11.ready": "",
                "/srv/db/main/pg_wal/archive_status/12.ready": "",
                "/srv/db/main/pg_wal/archive_status/13.ready": "",
                "/srv/db/main/pg_wal/archive_status/14.ready": "",
                "/srv/db/main/pg_wal/archive_status/15.ready": "",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "wal_bytes": 1000,
                "wal_segments": 2,
                "wal_oldest_hours": 12.0,
                "wal_waiting_for_archive": 16,
                "wal_slots": [],
                "wal_kept_by": "archive",
            },
        },
    },
    {
        "name": "a slot that nobody reads from keeps it all",
        "params": {"directory": "/srv/db/main"},
        "world": {
            "files": {
                "/srv/db/main/PG_VERSION": "15\n",
                "/srv/db/main/pg_wal/000000010000000000000008": {"size": 1073741824},
                "/srv/db/main/pg_replslot/old_replica": {"kind": "dir"},
                "/srv/db/main/pg_replslot/notes": "",
                "/srv/db/main/pg_wal/archive_status/00.ready": "",
                "/srv/db/main/pg_wal/archive_status/01.ready": "",
                "/srv/db/main/pg_wal/archive_status/02.ready": "",
                "/srv/db/main/pg_wal/archive_status/03.ready": "",
                "/srv/db/main/pg_wal/archive_status/04.ready": "",
                "/srv/db/main/pg_wal/archive_status/05.ready": "",
                "/srv/db/main/pg_wal/archive_status/06.ready": "",
                "/srv/db/main/pg_wal/archive_status/07.ready": "",
                "/srv/db/main/pg_wal/archive_status/08.ready": "",
                "/srv/db/main/pg_wal/archive_status/09.ready": "",
                "/srv/db/main/pg_wal/archive_status/10.ready": "",
                "/srv/db/main/pg_wal/archive_status/11.ready": "",
                "/srv/db/main/pg_wal/archive_status/12.ready": "",
                "/srv/db/main/pg_wal/archive_status/13.ready": "",
                "/srv/db/main/pg_wal/archive_status/14.ready": "",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"wal_slots": ["old_replica"], "wal_kept_by": "slots", "wal_waiting_for_archive": 15},
        },
    },
    {
        "name": "as it should be: a slot keeps little, and nothing is waiting",
        "params": {"directory": "/srv/db/main"},
        "world": {
            "files": {
                "/srv/db/main/PG_VERSION": "15\n",
                "/srv/db/main/pg_wal/archive_status": {"kind": "dir"},
                "/srv/db/main/pg_wal/000000010000000000000008": {"size": 1073741823},
                "/srv/db/main/pg_replslot/replica": {"kind": "dir"},
            }
        },
        "expect": {"ok": True, "effects": [], "facts": {"wal_kept_by": "none", "wal_oldest_hours": 0.0}},
    },
    {
        "name": "no data directory",
        "params": {"directory": "/srv/db/main"},
        "world": {"files": {"/srv/db/main/notes": ""}},
        "expect": {"ok": False, "effects": []},
    },
]
