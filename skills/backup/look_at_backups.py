# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["backup.age_hours"]
# capabilities = ["fs.list:{directory}", "fs.list:{directory}/*", "fs.read:{directory}/*", "fs.read:{directory}/*/*"]
# triggers = [
#   "is the backup good", "check the backups", "did the backup run last night", "newest backup age",
#   "backup is too old", "BackupTooOld", "backup file is empty", "backup is suspiciously small",
#   "dump is truncated or corrupt", "last successful backup", "backup failed", "备份是否正常", "检查备份",
#   "昨晚备份成功了吗", "最新的备份是什么时候", "备份太旧", "备份文件太小", "备份文件是空的", "备份文件损坏",
#   "备份失败了", "备份做了没有", "数据库备份大小异常", "backup is days old", "no new backup for days",
#   "备份几天没更新了", "备份好久没更新",
# ]
# ///
"""Shows the newest backup below a directory: its age, its size against those before it, and whether it begins as its name promises."""

from __future__ import annotations

import re

from core.skill import File, Host, Outcome

MOST_FOLDERS = 40
SMALL = 0.5
BEGINS = {
    ".gz": "\x1f\ufffd",
    ".tgz": "\x1f\ufffd",
    ".zst": "(\ufffd/\ufffd",
    ".xz": "\ufffd7zXZ",
    ".bz2": "BZh",
    ".zip": "PK",
}
SUMS = re.compile(r".*\.(?:sha256|sha512|sha1|md5|asc|sig)|(?:SHA256|MD5)SUMS")


def run(host: Host, directory: str) -> Outcome:
    entries = host.list(directory)
    for folder in [entry for entry in entries if entry.kind == "dir"][:MOST_FOLDERS]:
        entries += host.list(folder.path)
    files = sorted(
        (it for it in entries if it.kind == "file" and not SUMS.fullmatch(it.name)), key=lambda it: it.age_days
    )
    if not files:
        return Outcome(ok=False, summary=f"there is no file below {directory}")
    newest, sums = files[0], {entry.path for entry in entries if SUMS.fullmatch(entry.name)}
    before = [it.size for it in files[1:] if stem(it.name) == stem(newest.name)]
    median = sorted(before)[len(before) // 2] if before else 0
    facts: dict[str, object] = {
        "backup_path": newest.path,
        "backup_age_hours": round(newest.age_days * 24, 1),
        "backup_bytes": newest.size,
        "backup_before_bytes": median,
        "backup_count": len(before) + 1,
        "backup_is_empty": newest.size == 0,
        "backup_is_small": newest.size < SMALL * median,
        "backup_begins_right": begins_right(host, newest),
        "backup_has_checksum": any(f"{newest.path}{end}" in sums for end in (".sha256", ".sha512", ".sha1", ".md5")),
    }
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


def stem(name: str) -> str:
    """A name without what changes from one backup to the next."""
    return re.sub(r"\d+", "", name)


def begins_right(host: Host, file: File) -> bool:
    """Whether it begins as a file of its kind does; True for kinds that begin anyhow."""
    magic = BEGINS.get(f".{file.name.rpartition('.')[2]}", "")
    return not magic or host.read(file.path, 8).startswith(magic)


def in_words(facts: dict[str, object]) -> str:
    """One line of evidence."""
    said = [
        f"the newest backup is {facts['backup_path']}, {facts['backup_age_hours']} hours old, {facts['backup_bytes']} bytes"
    ]
    if facts["backup_is_empty"]:
        said.append("it is empty")
    elif facts["backup_is_small"]:
        said.append(f"those before it have {facts['backup_before_bytes']}: something is missing in it")
    if not facts["backup_begins_right"]:
        said.append("it does not begin as its name promises: it cannot be read")
    return "; ".join(said)


CASES = [
    {
        "name": "a good one, with a checksum beside it",
        "params": {"directory": "/srv/kept"},
        "world": {
            "files": {
                "/srv/kept/daily/shop-2026-01-01.sql.gz": {"text": "BZ", "size": 2, "age_days": 0.51},
                "/srv/kept/daily/shop-2026-01-01.sql.gz.sha256": {"text": "00", "age_days": 0.5},
                "/srv/kept/daily/shop-2025-12-31.sql.gz": {"size": 4, "age_days": 1.5},
                "/srv/kept/daily/shop-2025-12-30.sql.gz": {"size": 3, "age_days": 2.5},
                "/srv/kept/daily/shop-2025-12-29.sql.gz": {"size": 9, "age_days": 3.5},
                "/srv/kept/daily/mail-2025-12-31.tar": {"size": 900000, "age_days": 1.5},
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_path": "/srv/kept/daily/shop-2026-01-01.sql.gz",
                "backup_age_hours": 12.2,
                "backup_bytes": 2,
                "backup_before_bytes": 4,
                "backup_count": 4,
                "backup_is_empty": False,
                "backup_is_small": False,
                "backup_begins_right": False,
                "backup_has_checksum": True,
            },
        },
    },
    {
        "name": "half of what those before it have",
        "params": {"directory": "/srv/kept"},
        "world": {
            "files": {
                "/srv/kept/shop-2.bz2": {"text": "BZh91AY", "age_days": 1.0},
                "/srv/kept/shop-1.bz2": {"size": 15, "age_days": 2.0},
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_is_small": True,
                "backup_begins_right": True,
                "backup_has_checksum": False,
                "backup_count": 2,
                "backup_age_hours": 24.0,
            },
        },
    },
    {
        "name": "the first one of its kind is compared with none, and may begin anyhow",
        "params": {"directory": "/srv/kept"},
        "world": {"files": {"/srv/kept/shop.dump": {"size": 0, "age_days": 1.0}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "backup_is_empty": True,
                "backup_is_small": False,
                "backup_before_bytes": 0,
                "backup_begins_right": True,
                "backup_count": 1,
            },
        },
    },
    {
        "name": "nothing but a checksum",
        "params": {"directory": "/srv/kept"},
        "world": {"files": {"/srv/kept/SHA256SUMS": "00"}},
        "expect": {"ok": False, "effects": []},
    },
]
