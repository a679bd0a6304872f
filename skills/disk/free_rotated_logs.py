# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 30
# settles = 2
# cures = ["disk.used_percent"]
# lookers = ["find_what_grows", "find_open_files"]
# when = ["rotated_bytes >= 1000000", "rotated_open_files == 0"]
# share = "rotated_share"
# fill = {directory = "rotated_directory"}
# capabilities = ["process.list", "fs.list:/proc/*/fd", "fs.list:{directory}", "fs.delete:{directory}/*;rotated"]
# triggers = [
#   "disk full", "no space left on device", "clean up logs", "delete old logs", "remove rotated logs",
#   "purge /var/log", "old log files take all the space", "syslog.1 messages-2024 .gz logs", "free disk space",
#   "disk is full, delete the old logs", "ENOSPC", "磁盘满了", "清理日志", "删除旧日志", "清理旧日志", "清一下日志",
#   "历史日志占满磁盘", "释放磁盘空间", "日志太多把磁盘占满", "设备上没有空间", "清理磁盘", "删掉轮转的日志",
#   "磁盘快满了清日志",
# ]
# ///
"""Deletes rotated logs in one directory, oldest first; none that a process is seen to hold, and never evidence such as auth.log."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, HostError, Outcome

MOST_FILES = 100
MOST_PROCESSES = 1000
ROTATED = re.compile(
    r"(?!auth|secure|audit|redo)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)(?:\.\d{1,3}|-\d{8}|\.old)(?:\.(?:gz|xz|bz2|zst))?",
    re.I,
)


def run(host: Host, directory: str = "/var/log", days: float = 0) -> Outcome:
    held, unseen = open_files(host)
    rotated = [
        file
        for file in host.list(directory)
        if file.kind == "file" and ROTATED.fullmatch(file.name) and file.age_days >= days
    ]
    free = sorted((file for file in rotated if file.path not in held), key=lambda file: -file.age_days)[:MOST_FILES]
    for file in free:
        host.delete(file.path)
    size = sum(file.size for file in free)
    kept = len(rotated) - len(free)
    return Outcome(
        ok=bool(free),
        summary=f"deleted {len(free)} rotated logs in {directory}, {size} bytes; kept {kept} that are open or over the limit; "
        f"{unseen} processes could not be looked into",
        facts={"bytes": size, "files": len(free), "unseen_processes": unseen},
    )


def open_files(host: Host) -> tuple[set[str], int]:
    """Paths that any process holds open, as far as we may look, and how many processes we may not; one that has ended holds none.

    A log deleted although somebody holds it frees nothing, which is measured. A user whose processes were refused twice is asked no more.
    """
    users = [process for process in host.process.list() if process.argv]
    if len(users) > MOST_PROCESSES:
        raise HostError("quota", f"{len(users)} processes are too many to prove that nothing is open")
    held: set[str] = set()
    refused: Counter[int] = Counter()
    for process in users:
        if refused[process.uid] >= 2:
            refused[process.uid] += 1
            continue
        try:
            held |= {entry.target for entry in host.list(f"/proc/{process.pid}/fd")}
        except HostError as error:
            if error.code not in {"missing", "denied"}:
                raise
            refused[process.uid] += error.code == "denied"
    return held, refused.total()


CASES = [
    {
        "name": "deletes rotated logs, oldest first, and nothing else",
        "params": {"directory": "/srv/shop/log"},
        "world": {
            "processes": [{"pid": 7, "name": "python3"}, {"pid": 2, "name": "kthreadd", "argv": []}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/shop/log/app.log"},
                "/srv/shop/log/app.log": {"size": 100},
                "/srv/shop/log/app.log.1": {"size": 3000, "age_days": 1.0},
                "/srv/shop/log/app.log.2.gz": {"size": 500, "age_days": 2.0},
                "/srv/shop/log/auth.log.1": {"size": 500, "age_days": 2.0},
                "/srv/shop/log/000003.log.1": {"size": 500, "age_days": 2.0},
                "/srv/shop/log/orders.1": {"size": 500, "age_days": 2.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": ["fs.delete /srv/shop/log/app.log.2.gz", "fs.delete /srv/shop/log/app.log.1"],
            "facts": {"bytes": 3500, "files": 2},
        },
    },
    {
        "name": "processes that are closed to us hinder nothing, and each user's are tried twice",
        "params": {"directory": "/srv/shop/log"},
        "world": {
            "processes": [
                {"pid": 7, "name": "shop", "uid": 33},
                {"pid": 8, "name": "shop", "uid": 33},
                {"pid": 9, "name": "shop", "uid": 33},
                {"pid": 10, "name": "ours", "uid": 34},
            ],
            "files": {
                "/proc/7/fd": {"kind": "closed"},
                "/proc/8/fd": {"kind": "closed"},
                "/proc/10/fd/3": {"kind": "link", "target": "/srv/shop/log/app.log.2"},
                "/srv/shop/log/app.log.1": {"size": 3000, "age_days": 1.0},
                "/srv/shop/log/app.log.2": {"size": 500, "age_days": 2.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": ["fs.delete /srv/shop/log/app.log.1"],
            "facts": {"bytes": 3000, "files": 1, "unseen_processes": 3},
        },
    },
    {
        "name": "a rotated log that is still open is kept: deleting it would free nothing",
        "params": {"directory": "/srv/shop/log"},
        "world": {
            "processes": [{"pid": 7, "name": "python3"}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/shop/log/app.log.1"},
                "/srv/shop/log/app.log.1": {"size": 3000, "age_days": 1.0},
            },
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a log younger than asked for is kept",
        "params": {"directory": "/var/log", "days": 7},
        "world": {"files": {"/var/log/app.log.1": {"size": 3000, "age_days": 1.0}, "/var/log/app.log": ""}},
        "expect": {"ok": False, "effects": []},
    },
]
