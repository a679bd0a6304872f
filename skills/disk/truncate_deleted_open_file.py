# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 20
# settles = 2
# cures = ["disk.used_percent"]
# lookers = ["find_open_files"]
# when = ["deleted_open_bytes >= 1000000", "deleted_open_is_disposable"]
# share = "deleted_open_share"
# fill = {pid = "deleted_open_pid", started = "deleted_open_started", fd = "deleted_open_fd", path = "deleted_open_path"}
# capabilities = ["process.list", "fs.list:/proc/{pid}/fd", "fs.truncate:/proc/{pid}/fd/{fd};rotated"]
# triggers = [
#   "disk full but no files", "df is lying", "deleted but open", "deleted the log but the space did not come back",
#   "rm'ed log still takes space", "df still full after deleting", "removed a big log file, disk still full",
#   "(deleted) log held by a process", "磁盘满但找不到文件", "删除了日志空间没释放", "删了日志空间没回来",
#   "日志删了磁盘还是满的", "删了大文件 df 没变", "日志文件已删除但进程还占着", "rm 之后空间没有释放",
# ]
# ///
"""Empties a log that was deleted while a process still holds it open: the space comes back, the process goes on."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

LOG = re.compile(
    r"(?!redo|ib_|auth|secure|audit)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)(?:[.-][\w.-]*)?",
    re.I,
)
DATABASES = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite", re.I
)


def run(host: Host, pid: int, started: int, fd: int, path: str) -> Outcome:
    holder = next((one for one in host.process.list() if (one.pid, one.started) == (pid, started)), None)
    if holder is None:
        return Outcome(ok=False, summary=f"process {pid} that held {path} has ended; nothing was done")
    if not LOG.fullmatch(path.rpartition("/")[2]) or DATABASES.search(f"{holder.name} {' '.join(holder.argv)} {path}"):
        return Outcome(ok=False, summary=f"{path} of {holder.name} is not a log that may be emptied; nothing was done")
    entry = next((one for one in host.list(f"/proc/{pid}/fd") if one.name == str(fd)), None)
    if entry is None or entry.target != f"{path} (deleted)" or entry.links != 0:
        return Outcome(ok=False, summary=f"{holder.name} no longer holds the deleted {path}; nothing was done")
    host.truncate(entry.path)
    return Outcome(
        ok=True, summary=f"emptied {path}, {entry.size} bytes, still held by {holder.name}", facts={"bytes": entry.size}
    )


CASES = [
    {
        "name": "empties the deleted log that is still held",
        "params": {"pid": 7, "started": 500, "fd": 3, "path": "/srv/shop/log/app.log"},
        "world": {
            "processes": [{"pid": 7, "name": "python3", "started": 500}],
            "files": {
                "/proc/7/fd/3": {
                    "kind": "link",
                    "mode": 0o300,
                    "size": 40000000,
                    "links": 0,
                    "target": "/srv/shop/log/app.log (deleted)",
                }
            },
        },
        "expect": {"ok": True, "effects": ["fs.truncate /proc/7/fd/3"], "facts": {"bytes": 40000000}},
    },
    {
        "name": "a database's file is never emptied, whatever it is called",
        "params": {"pid": 7, "started": 500, "fd": 3, "path": "/srv/data/trace.log"},
        "world": {
            "processes": [{"pid": 7, "name": "redis-server", "started": 500}],
            "files": {
                "/proc/7/fd/3": {
                    "kind": "link",
                    "mode": 0o300,
                    "size": 40000000,
                    "links": 0,
                    "target": "/srv/data/trace.log (deleted)",
                }
            },
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a file that is no log is never emptied",
        "params": {"pid": 7, "started": 500, "fd": 3, "path": "/srv/shop/orders.csv"},
        "world": {"processes": [{"pid": 7, "name": "python3", "started": 500}]},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a pid that is another process now is left alone",
        "params": {"pid": 7, "started": 500, "fd": 3, "path": "/srv/shop/log/app.log"},
        "world": {"processes": [{"pid": 7, "name": "python3", "started": 900}]},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a descriptor that is another file now is left alone",
        "params": {"pid": 7, "started": 500, "fd": 3, "path": "/srv/shop/log/app.log"},
        "world": {
            "processes": [{"pid": 7, "name": "python3", "started": 500}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "mode": 0o300, "size": 40000000, "target": "/srv/shop/log/app.log"}
            },
        },
        "expect": {"ok": False, "effects": []},
    },
]
