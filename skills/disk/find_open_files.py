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
# triggers = ["deleted but open files", "df and du disagree", "who writes to the disk", "已删除但仍占用空间的文件", "谁在写磁盘"]
# ///
"""Shows which open files hold space on a file system: deleted ones, rotated ones still written to, and the biggest log being written."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome, Process

MOST_PROCESSES = 150
GONE = " (deleted)"
NOT_ON_DISK = ("/memfd:", "/SYSV", "/dev/", "/[aio]", "/anon_hugepage")
LOG = re.compile(r"(?!redo|ib_|auth|secure|audit)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)(?:[.-][\w.-]*)?", re.I)
ROTATED = re.compile(r".*(?:\.\d{1,3}|-\d{8}|\.old)")
DATABASES = re.compile(r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite", re.I)

Held = tuple[File, Process]


def run(host: Host, mount: str) -> Outcome:
    used = used_bytes(host)
    if mount not in used:
        return Outcome(ok=False, summary=f"{mount} is not the mount point of a local file system")
    processes = host.process.list()
    users = [process for process in processes if process.argv]
    here: list[Held] = []
    unseen = len(users[MOST_PROCESSES:])
    for process in users[:MOST_PROCESSES]:
        try:
            entries = host.list(f"/proc/{process.pid}/fd")
        except HostError as error:
            if error.code not in {"missing", "denied"}:
                raise
            unseen += 1
            continue
        here += [(entry, process) for entry in entries if mount_of(path_of(entry), used) == mount]
    facts = {"mount": mount, "used_bytes": used[mount], "unseen_processes": unseen}
    deleted = [held for held in here if held[0].target.endswith(GONE) and held[0].links == 0]
    logs = [held for held in here if held[0].mode & 0o200 and not held[0].target.endswith(GONE) and is_disposable(*held)]
    rotated = [held for held in logs if ROTATED.fullmatch(held[0].target)]
    facts |= described(host, "deleted_open", deleted, used[mount], processes)
    facts |= described(host, "rotated_open", rotated, used[mount], processes)
    facts |= described(host, "writer", [held for held in logs if held not in rotated], used[mount], processes)
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


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
        f"{prefix}_needs_restart": bool(service) and not is_disposable(entry, process) and not is_database(entry, process),
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
    for prefix, what in (("deleted_open", "holds the deleted"), ("rotated_open", "still writes the rotated"), ("writer", "writes")):
        if facts[f"{prefix}_bytes"]:
            said.append(f"{facts[f'{prefix}_process']} {what} {facts[f'{prefix}_path']} of {facts[f'{prefix}_bytes']} bytes")
    if facts["unseen_processes"]:
        said.append(f"{facts['unseen_processes']} processes could not be looked into")
    return "; ".join(said)
