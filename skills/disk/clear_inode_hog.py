# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 2
# cures = ["disk.inodes_percent"]
# lookers = ["find_inode_hogs"]
# when = ["hog_is_disposable", "hog_old_files >= 10"]
# share = "hog_share"
# fill = {directory = "hog_directory"}
# capabilities = ["process.list", "fs.list:/proc/*/fd", "fs.list:{directory}", "fs.delete:{directory}/*"]
# triggers = [
#   "no inodes left", "no space left on device but df shows free space", "df -i 100%", "inode usage 100%",
#   "delete tiny session files", "clean up temporary small files", "cannot create file although there is space",
#   "free inodes", "InodeUsageHigh", "inode 用完了", "清理临时小文件", "inode 满了", "inode 耗尽",
#   "磁盘有空间但无法创建文件", "有空间却报没有空间", "清理 session 文件", "inode 使用率告警",
#   "nuke old session files",
# ]
# ///
"""Deletes tiny old files from a directory for temporary files, oldest first and at most 100 a run; never one that is open."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome

MOST_FILES = 100
MOST_PROCESSES = 1000
DISPOSABLE = re.compile(r"/tmp|/var/tmp|/.+/(?:tmp|sessions?|cache)")  # noqa: S108 - named, not used
TINY = 64 * 1024


def run(host: Host, directory: str, hours: float = 1) -> Outcome:
    if not DISPOSABLE.fullmatch(directory):
        return Outcome(ok=False, summary=f"{directory} is not a place for temporary files; nothing was done")
    held = open_files(host)
    tiny = [
        file
        for file in host.list(directory)
        if file.kind == "file" and file.size <= TINY and file.age_days * 24 >= max(hours, 1)
    ]
    old = sorted((file for file in tiny if file.path not in held), key=lambda file: -file.age_days)
    for file in old[:MOST_FILES]:
        host.delete(file.path)
    gone = len(old[:MOST_FILES])
    return Outcome(
        ok=bool(gone),
        summary=f"deleted {gone} tiny old files in {directory}; {len(old) - gone} more are as old, {len(tiny) - len(old)} are open",
        facts={"files": gone, "left": len(old) - gone},
    )


def open_files(host: Host) -> set[str]:
    """Paths that any process holds open; a process that ended meanwhile holds none."""
    users = [process for process in host.process.list() if process.argv]
    if len(users) > MOST_PROCESSES:
        raise HostError("quota", f"{len(users)} processes are too many to prove that nothing is open")
    held: set[str] = set()
    for process in users:
        try:
            held |= {entry.target for entry in host.list(f"/proc/{process.pid}/fd")}
        except HostError as error:
            if error.code != "missing":
                raise
    return held


CASES = [
    {
        "name": "deletes tiny old files, oldest first; young, big and open ones stay",
        "params": {"directory": "/srv/sessions"},
        "world": {
            "processes": [{"pid": 7, "name": "php"}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/sessions/open"},
                "/srv/sessions/open": {"size": 5, "age_days": 9.0},
                "/srv/sessions/old": {"size": 5, "age_days": 2.0},
                "/srv/sessions/older": {"size": 5, "age_days": 3.0},
                "/srv/sessions/young": {"size": 5, "age_days": 0.0},
                "/srv/sessions/big": {"size": 900000, "age_days": 9.0},
                "/srv/sessions/link": {"kind": "link", "age_days": 9.0, "target": "/etc/passwd"},
            },
        },
        "expect": {
            "ok": True,
            "effects": ["fs.delete /srv/sessions/older", "fs.delete /srv/sessions/old"],
            "facts": {"files": 2, "left": 0},
        },
    },
    {
        "name": "data is never cleared away, however old and tiny it is",
        "params": {"directory": "/srv/data"},
        "world": {"files": {"/srv/data/one": {"size": 5, "age_days": 900.0}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "nothing old, nothing done",
        "params": {"directory": "/srv/tmp", "hours": 24},
        "world": {"files": {"/srv/tmp/one": {"size": 5, "age_days": 0.5}}},
        "expect": {"ok": False, "effects": [], "facts": {"files": 0, "left": 0}},
    },
    {
        "name": "exactly an hour old and of just the size goes, also beside a process that ended meanwhile and one of the kernel's",
        "params": {"directory": "/srv/tmp"},
        "world": {
            "processes": [{"pid": 7, "name": "gone"}, {"pid": 8, "name": "kthreadd", "argv": []}],
            "files": {"/proc/7/fd": None, "/srv/tmp/edge": {"size": 65536, "age_days": 0.0416666666666667}},
        },
        "expect": {"ok": True, "effects": ["fs.delete /srv/tmp/edge"], "facts": {"files": 1, "left": 0}},
    },
    {
        "name": "three hours are asked for",
        "params": {"directory": "/srv/tmp", "hours": 3},
        "world": {"files": {"/srv/tmp/a": {"size": 5, "age_days": 0.125}, "/srv/tmp/b": {"size": 5, "age_days": 0.1}}},
        "expect": {"ok": True, "effects": ["fs.delete /srv/tmp/a"], "facts": {"files": 1, "left": 0}},
    },
]
