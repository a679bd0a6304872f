# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["disk.used_percent"]
# capabilities = [
#   "exec:/usr/bin/df -Pkl", "process.list", "fs.list:/proc/*/fd",
#   "fs.list:/run", "fs.read:/run/*.pid", "fs.read:/proc/*/cgroup",
# ]
# quotes = ["deleted_open_process", "rotated_open_process", "writer_process"]
# triggers = [
#   "deleted but open files", "df and du disagree", "who writes to the disk", "lsof deleted",
#   "which process holds deleted files", "du shows less than df", "space not released after delete",
#   "which process writes so much", "已删除但仍占用空间的文件", "谁在写磁盘", "df 和 du 不一致", "df 与 du 对不上",
#   "哪个进程占着已删除的文件", "删了文件空间没释放", "哪个进程在写磁盘",
# ]
# ///
"""Shows which open files hold space on a file system: deleted ones, rotated ones still written to, and the biggest log being written."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import File, Host, HostError, Outcome, Process

MOST_PROCESSES = 1000
GONE = " (deleted)"
NOT_ON_DISK = ("/memfd:", "/SYSV", "/dev/", "/[aio]", "/anon_hugepage")
LOG = re.compile(
    r"(?!redo|ib_|auth|secure|audit)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)(?:[.-][\w.-]*)?",
    re.I,
)
ROTATED = re.compile(r".*(?:\.\d{1,3}|-\d{8}|\.old)")
DATABASES = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite", re.I
)

Held = tuple[File, Process]


def run(host: Host, mount: str) -> Outcome:
    used = used_bytes(host)
    if mount not in used:
        return Outcome(ok=False, summary=f"{mount} is not the mount point of a local file system")
    processes = host.process.list()
    users = [process for process in processes if process.argv]
    everywhere, unseen = open_files(host, users[:MOST_PROCESSES])
    here = [held for held in everywhere if mount_of(path_of(held[0]), used) == mount]
    unseen += len(users[MOST_PROCESSES:])
    facts = {"mount": mount, "used_bytes": used[mount], "unseen_processes": unseen}
    deleted = [held for held in here if held[0].target.endswith(GONE) and held[0].links == 0]
    logs = [
        held for held in here if held[0].mode & 0o200 and not held[0].target.endswith(GONE) and is_disposable(*held)
    ]
    rotated = [held for held in logs if ROTATED.fullmatch(held[0].target)]
    facts |= described(host, "deleted_open", deleted, used[mount], processes)
    facts |= described(host, "rotated_open", rotated, used[mount], processes)
    facts |= described(host, "writer", [held for held in logs if held not in rotated], used[mount], processes)
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


def open_files(host: Host, processes: list[Process]) -> tuple[list[Held], int]:
    """What these processes hold open, and how many could not be looked into; a user refused twice is not asked for again."""
    held: list[Held] = []
    refused: Counter[int] = Counter()
    allowed: set[int] = set()
    unseen = 0
    for process in processes:
        if refused[process.uid] >= 2 and process.uid not in allowed:
            unseen += 1
            continue
        try:
            held += [(entry, process) for entry in host.list(f"/proc/{process.pid}/fd")]
            allowed.add(process.uid)
        except HostError as error:
            if error.code not in {"missing", "denied"}:
                raise
            refused[process.uid] += error.code == "denied"
            unseen += 1
    return held, unseen


def used_bytes(host: Host) -> dict[str, int]:
    """Bytes used by mount point, from df."""
    lines = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pkl"]).out.splitlines()[1:]]
    return {line[5]: int(line[2]) * 1024 for line in lines if len(line) == 6 and line[2].isdigit()}


def mount_of(path: str, mounts: dict[str, int]) -> str:
    """The mount point a path lies below; empty for what is on no disk, such as a socket."""
    if not path.startswith("/") or path.startswith(NOT_ON_DISK):
        return ""
    over = [mount for mount in mounts if (path + "/").startswith(mount.rstrip("/") + "/")]
    return max(over, key=len, default="")


def path_of(entry: File) -> str:
    """Where the open file is, or was."""
    return entry.target.removesuffix(GONE)


def is_disposable(entry: File, process: Process) -> bool:
    """A log by its name, held by something that is no database: its bytes may go."""
    return bool(LOG.fullmatch(path_of(entry).rpartition("/")[2])) and not is_database(entry, process)


def is_database(entry: File, process: Process) -> bool:
    """Anything that names a database: its files are never ours to touch, whatever they are called."""
    return bool(DATABASES.search(f"{process.name} {' '.join(process.argv)} {entry.target}"))


def described(host: Host, prefix: str, held: list[Held], used: int, processes: list[Process]) -> dict[str, object]:
    """Facts of the biggest of them; one whose bytes may go is named before one whose bytes may not."""
    facts: dict[str, object] = {f"{prefix}_files": len(held), f"{prefix}_bytes": 0, f"{prefix}_share": 0.0}
    if not held:
        return facts
    entry, process = max(held, key=lambda one: (is_disposable(*one), one[0].size))
    service = service_of(host, process, {other.pid: other for other in processes})
    return facts | {
        f"{prefix}_bytes": entry.size,
        f"{prefix}_share": round(min(entry.size / max(used, 1), 1.0), 3),
        f"{prefix}_path": path_of(entry),
        f"{prefix}_pid": process.pid,
        f"{prefix}_started": process.started,
        f"{prefix}_fd": int(entry.name),
        f"{prefix}_process": process.name,
        f"{prefix}_service": service,
        f"{prefix}_is_disposable": is_disposable(entry, process),
        f"{prefix}_needs_restart": bool(service)
        and not is_disposable(entry, process)
        and not is_database(entry, process),
    }


def service_of(host: Host, process: Process, by_pid: dict[int, Process]) -> str:
    """The service that a process or one of its parents belongs to, by runit, pid file or cgroup; empty if nothing says so."""
    line = [process]
    while line[-1].parent > 1 and line[-1].parent in by_pid and len(line) < 20:
        line.append(by_pid[line[-1].parent])
    for one in line:
        if one.name == "runsv" and len(one.argv) == 2:
            return one.argv[1].rpartition("/")[2]
    pids = {str(one.pid) for one in line}
    for file in host.list("/run"):
        if file.kind == "file" and file.name.endswith(".pid") and host.read(file.path, 32).strip() in pids:
            return file.name.removesuffix(".pid")
    unit = re.search(r"/(?!user@)([\w@.-]+)\.service$", host.read(f"/proc/{process.pid}/cgroup"), re.M)
    return unit[1] if unit else ""


def in_words(facts: dict[str, object]) -> str:
    """One line of evidence."""
    said = [f"{facts['deleted_open_files']} deleted files are still open on {facts['mount']}"]
    for prefix, what in (
        ("deleted_open", "holds the deleted"),
        ("rotated_open", "still writes the rotated"),
        ("writer", "writes"),
    ):
        if facts[f"{prefix}_bytes"]:
            said.append(
                f"{facts[f'{prefix}_process']} {what} {facts[f'{prefix}_path']} of {facts[f'{prefix}_bytes']} bytes"
            )
    if facts["unseen_processes"]:
        said.append(f"{facts['unseen_processes']} processes could not be looked into")
    return "; ".join(said)


CASES = [
    {
        "name": "a deleted log is held, another log is being written",
        "params": {"mount": "/srv/shop"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": "head\n/dev/sda1 9000 4000 5000 45% /\n/dev/loop0 65536 51200 14336 79% /srv/shop\n"
            },
            "processes": [
                {"pid": 2, "name": "kthreadd", "argv": []},
                {"pid": 7, "name": "python3", "argv": ["python3", "shop.py"], "started": 500},
            ],
            "files": {
                "/proc/7/fd/3": {
                    "kind": "link",
                    "mode": 192,
                    "size": 40000000,
                    "links": 0,
                    "target": "/srv/shop/log/app.log (deleted)",
                },
                "/proc/7/fd/4": {"kind": "link", "mode": 192, "size": 2000000, "target": "/srv/shop/log/access.log"},
                "/proc/7/fd/5": {"kind": "link", "mode": 448, "size": 0, "links": 1, "target": "socket:[5]"},
                "/proc/7/fd/6": {
                    "kind": "link",
                    "mode": 448,
                    "size": 90000000,
                    "links": 0,
                    "target": "/memfd:x (deleted)",
                },
                "/run/shop.pid": "7\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv/shop",
                "used_bytes": 52428800,
                "unseen_processes": 0,
                "deleted_open_files": 1,
                "deleted_open_bytes": 40000000,
                "deleted_open_share": 0.763,
                "deleted_open_path": "/srv/shop/log/app.log",
                "deleted_open_pid": 7,
                "deleted_open_started": 500,
                "deleted_open_fd": 3,
                "deleted_open_process": "python3",
                "deleted_open_service": "shop",
                "deleted_open_is_disposable": True,
                "deleted_open_needs_restart": False,
                "rotated_open_files": 0,
                "rotated_open_bytes": 0,
                "rotated_open_share": 0.0,
                "writer_files": 1,
                "writer_bytes": 2000000,
                "writer_share": 0.038,
                "writer_path": "/srv/shop/log/access.log",
                "writer_pid": 7,
                "writer_started": 500,
                "writer_fd": 4,
                "writer_process": "python3",
                "writer_service": "shop",
                "writer_is_disposable": True,
                "writer_needs_restart": False,
            },
        },
    },
    {
        "name": "the deleted file of a database is never disposable, and its restart is never proposed",
        "params": {"mount": "/"},
        "world": {
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 90000 40000 50000 45% /\n"},
            "processes": [{"pid": 9, "name": "postgres"}],
            "files": {
                "/proc/9/fd/8": {
                    "kind": "link",
                    "mode": 448,
                    "size": 9000000,
                    "links": 0,
                    "target": "/var/lib/postgresql/redo.log (deleted)",
                },
                "/run/postgresql.pid": "9",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/",
                "used_bytes": 40960000,
                "unseen_processes": 0,
                "deleted_open_files": 1,
                "deleted_open_bytes": 9000000,
                "deleted_open_share": 0.22,
                "deleted_open_path": "/var/lib/postgresql/redo.log",
                "deleted_open_pid": 9,
                "deleted_open_started": 100,
                "deleted_open_fd": 8,
                "deleted_open_process": "postgres",
                "deleted_open_service": "postgresql",
                "deleted_open_is_disposable": False,
                "deleted_open_needs_restart": False,
                "rotated_open_files": 0,
                "rotated_open_bytes": 0,
                "rotated_open_share": 0.0,
                "writer_files": 0,
                "writer_bytes": 0,
                "writer_share": 0.0,
            },
        },
    },
    {
        "name": "a rotated log is still written to, under systemd",
        "params": {"mount": "/"},
        "world": {
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 90000 40000 50000 45% /\n"},
            "processes": [{"pid": 11, "name": "web"}],
            "files": {
                "/proc/11/fd/2": {"kind": "link", "mode": 192, "size": 7000000, "target": "/var/log/web/web.log.1"},
                "/proc/11/cgroup": "0::/system.slice/web.service\n",
                "/run": {"kind": "dir"},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/",
                "used_bytes": 40960000,
                "unseen_processes": 0,
                "deleted_open_files": 0,
                "deleted_open_bytes": 0,
                "deleted_open_share": 0.0,
                "rotated_open_files": 1,
                "rotated_open_bytes": 7000000,
                "rotated_open_share": 0.171,
                "rotated_open_path": "/var/log/web/web.log.1",
                "rotated_open_pid": 11,
                "rotated_open_started": 100,
                "rotated_open_fd": 2,
                "rotated_open_process": "web",
                "rotated_open_service": "web",
                "rotated_open_is_disposable": True,
                "rotated_open_needs_restart": False,
                "writer_files": 0,
                "writer_bytes": 0,
                "writer_share": 0.0,
            },
        },
    },
    {
        "name": "what is no mount point is not looked at",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 90000 40000 50000 45% /\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "under runit, two processes above it; the larger file is named, a socket and other mounts are not",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": (
                    "head\n/dev/sda1 900 7 500 45% /\n/dev/sdb1 900 1 500 45% /srv\nshort\n/dev/sdc1 1 "
                    "- 1 1% /srv/bad\n/dev/sdd1 9 9 9 9% /srv/other disk\n"
                )
            },
            "processes": [
                {"pid": 5, "name": "runsv", "argv": ["runsv", "/etc/sv/web"]},
                {"pid": 4, "name": "sh", "argv": ["sh", "/etc/sv/no"], "parent": 5},
                {"pid": 7, "name": "python3", "parent": 4},
            ],
            "files": {
                "/proc/5/fd/1": {"kind": "link", "target": "socket:[12]", "size": 1, "links": 1, "mode": 128},
                "/proc/4/fd/1": {"kind": "link", "target": "/srv/other disk/x.log", "size": 9, "links": 1, "mode": 128},
                "/proc/7/fd/3": {
                    "kind": "link",
                    "target": "/srv/a.log (deleted)",
                    "size": 900,
                    "links": 0,
                    "mode": 128,
                },
                "/proc/7/fd/4": {
                    "kind": "link",
                    "target": "/srv/b.log (deleted)",
                    "size": 5000,
                    "links": 0,
                    "mode": 128,
                },
                "/proc/7/fd/5": {"kind": "link", "target": "/elsewhere/c.log", "size": 70, "links": 1, "mode": 128},
                "/proc/7/fd/6": {"kind": "link", "target": "/srvx/d.log", "size": 70, "links": 1, "mode": 128},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 1024,
                "unseen_processes": 0,
                "deleted_open_files": 2,
                "deleted_open_bytes": 5000,
                "deleted_open_share": 1.0,
                "deleted_open_path": "/srv/b.log",
                "deleted_open_pid": 7,
                "deleted_open_started": 100,
                "deleted_open_fd": 4,
                "deleted_open_process": "python3",
                "deleted_open_service": "web",
                "deleted_open_is_disposable": True,
                "deleted_open_needs_restart": False,
                "rotated_open_files": 0,
                "rotated_open_bytes": 0,
                "rotated_open_share": 0.0,
                "writer_files": 0,
                "writer_bytes": 0,
                "writer_share": 0.0,
            },
        },
    },
    {
        "name": "systemd says whose it is; a process that has gone is counted, as is a file that is deleted and has another name",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": (
                    "head\n/dev/sda1 900 7 500 45% /\n/dev/sdb1 900 1 500 45% /srv\nshort\n/dev/sdc1 1 "
                    "- 1 1% /srv/bad\n/dev/sdd1 9 9 9 9% /srv/other disk\n"
                )
            },
            "processes": [
                {"pid": 3, "name": "gone"},
                {"pid": 1, "name": "init"},
                {"pid": 7, "name": "web", "parent": 1},
            ],
            "files": {
                "/proc/3/fd": None,
                "/proc/1/fd/1": {"kind": "link", "target": "pipe:[3]", "size": 1, "links": 1, "mode": 128},
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/a.log (deleted)", "size": 1, "links": 0, "mode": 128},
                "/proc/7/fd/4": {"kind": "link", "target": "/srv/c.log (deleted)", "size": 9, "links": 1, "mode": 128},
                "/run/web.txt": "7\n",
                "/run/one.pid": "1\n",
                "/proc/7/cgroup": "0::/system.slice/web.service\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 1024,
                "unseen_processes": 1,
                "deleted_open_files": 1,
                "deleted_open_bytes": 1,
                "deleted_open_share": 0.001,
                "deleted_open_path": "/srv/a.log",
                "deleted_open_pid": 7,
                "deleted_open_started": 100,
                "deleted_open_fd": 3,
                "deleted_open_process": "web",
                "deleted_open_service": "web",
                "deleted_open_is_disposable": True,
                "deleted_open_needs_restart": False,
                "rotated_open_files": 0,
                "rotated_open_bytes": 0,
                "rotated_open_share": 0.0,
                "writer_files": 0,
                "writer_bytes": 0,
                "writer_share": 0.0,
            },
        },
    },
    {
        "name": "nothing says whose it is",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": (
                    "head\n/dev/sda1 900 7 500 45% /\n/dev/sdb1 900 1 500 45% /srv\nshort\n/dev/sdc1 1 "
                    "- 1 1% /srv/bad\n/dev/sdd1 9 9 9 9% /srv/other disk\n"
                )
            },
            "processes": [{"pid": 7, "name": "web"}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/a.log", "size": 8000000, "links": 1, "mode": 128},
                "/proc/7/fd/4": {"kind": "link", "target": "/srv/zz.bin", "size": 9000000, "links": 1, "mode": 128},
                "/run/web.txt": "7\n",
                "/proc/7/cgroup": "0::/user.slice\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 1024,
                "unseen_processes": 0,
                "deleted_open_files": 0,
                "deleted_open_bytes": 0,
                "deleted_open_share": 0.0,
                "rotated_open_files": 0,
                "rotated_open_bytes": 0,
                "rotated_open_share": 0.0,
                "writer_files": 1,
                "writer_bytes": 8000000,
                "writer_share": 1.0,
                "writer_path": "/srv/a.log",
                "writer_pid": 7,
                "writer_started": 100,
                "writer_fd": 3,
                "writer_process": "web",
                "writer_service": "",
                "writer_is_disposable": True,
                "writer_needs_restart": False,
            },
        },
    },
]
