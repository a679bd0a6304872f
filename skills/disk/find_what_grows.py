# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["disk.used_percent"]
# capabilities = ["exec:/usr/bin/df -Pkl", "fs.list:{mount}/**"]
# triggers = [
#   "what fills the disk", "biggest files", "what grows", "what is using up the disk", "which directory is largest",
#   "disk usage by directory", "du sort", "disk almost full, why", "DiskSpaceLow", "HostOutOfDiskSpace",
#   "filesystem almost out of space", "disk usage alert", "partition is full", "什么占满了磁盘", "最大的文件",
#   "磁盘被什么占了", "哪个目录最大", "谁占用了磁盘空间", "找大文件", "磁盘空间不足", "磁盘使用率告警", "磁盘告警",
#   "根分区满了", "看看什么占空间", "磁盘快满了是什么占的", "disk full, what is eating it", "what takes all the space",
#   "空间被啥占了", "磁盘满了是什么占的",
# ]
# ///
"""Walks a file system, likely growers first: the biggest file, the one growing now, rotated logs, package caches."""

from __future__ import annotations

import heapq
import re

from core.skill import File, Host, HostError, Outcome

MOST_DIRECTORIES = 120
MOST_UNREAD = 15
LIKELY = {"log", "logs", "cache", "apt", "dnf", "archives", "packages", "tmp", "spool", "var"}
NOT_FILES = {"/proc", "/sys", "/dev"}
ROTATED = re.compile(
    r"(?!auth|secure|audit|redo)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)(?:\.\d{1,3}|-\d{8}|\.old)(?:\.(?:gz|xz|bz2|zst))?",
    re.I,
)
PACKAGES = re.compile(r"/var/cache/(?:apt/archives/[^/]+\.deb|(?:dnf|yum)/.+\.rpm)")
ONE_MINUTE = 1 / 1440


def run(host: Host, mount: str) -> Outcome:
    used = used_bytes(host)
    if mount not in used:
        return Outcome(ok=False, summary=f"{mount} is not the mount point of a local file system")
    files, unread = walk(host, mount, {other for other in used if other != mount} | NOT_FILES)
    rotated = by_directory([file for file in files if ROTATED.fullmatch(file.name)])
    packages = by_directory([file for file in files if PACKAGES.fullmatch(file.path)])
    biggest = max(files, key=lambda file: file.size, default=None)
    growing = max((file for file in files if file.age_days < ONE_MINUTE), key=lambda file: file.size, default=None)
    facts: dict[str, object] = {"mount": mount, "used_bytes": used[mount], "unread_directories": unread}
    for name, (directory, count, size) in {"rotated": rotated, "package_cache": packages}.items():
        share = round(min(size / max(used[mount], 1), 1.0), 3)
        facts |= {f"{name}_files": count, f"{name}_bytes": size, f"{name}_share": share, f"{name}_directory": directory}
    for name, file in {"biggest": biggest, "growing": growing}.items():
        size = file.size if file else 0
        share = round(min(size / max(used[mount], 1), 1.0), 3)
        facts |= {f"{name}_bytes": size, f"{name}_share": share, f"{name}_path": file.path if file else ""}
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


def used_bytes(host: Host) -> dict[str, int]:
    """Bytes used by mount point, from df."""
    lines = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pkl"]).out.splitlines()[1:]]
    return {line[5]: int(line[2]) * 1024 for line in lines if len(line) == 6 and line[2].isdigit()}


def walk(host: Host, mount: str, not_into: set[str]) -> tuple[list[File], int]:
    """Plain files below the mount point, and how many directories were left out for want of time or permission."""
    queue, files, unread = [(0, mount)], [], 0
    for _ in range(MOST_DIRECTORIES):
        if not queue or unread >= MOST_UNREAD:
            break
        depth, directory = heapq.heappop(queue)
        try:
            entries = host.list(directory)
        except HostError as error:
            if error.code not in {"missing", "denied"}:
                raise
            unread += 1
            continue
        files += [entry for entry in entries if entry.kind == "file"]
        for entry in entries:
            if entry.kind == "dir" and entry.path not in not_into:
                heapq.heappush(queue, (depth if entry.name in LIKELY else depth + 1, entry.path))
    return files, unread + len(queue)


def by_directory(files: list[File]) -> tuple[str, int, int]:
    """The directory that holds most of them by bytes, with their number and bytes there."""
    sizes: dict[str, list[int]] = {}
    for file in files:
        sizes.setdefault(file.path.rpartition("/")[0], []).append(file.size)
    directory = max(sizes, key=lambda name: sum(sizes[name]), default="")
    return directory, len(sizes.get(directory, [])), sum(sizes.get(directory, []))


def in_words(facts: dict[str, object]) -> str:
    """One line of evidence."""
    said = [f"{facts['used_bytes']} bytes are used on {facts['mount']}"]
    if facts["biggest_path"]:
        said.append(f"the biggest file is {facts['biggest_path']} with {facts['biggest_bytes']}")
    if facts["rotated_files"]:
        said.append(
            f"{facts['rotated_files']} rotated logs in {facts['rotated_directory']} hold {facts['rotated_bytes']}"
        )
    if facts["package_cache_files"]:
        said.append(f"{facts['package_cache_files']} cached packages hold {facts['package_cache_bytes']}")
    if facts["unread_directories"]:
        said.append(f"{facts['unread_directories']} directories were not read")
    return "; ".join(said)


CASES = [
    {
        "name": "rotated logs, cached packages and a growing file are told apart; another mount and evidence are left out",
        "params": {"mount": "/"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": "head\n/dev/sda1 90000 10000 80000 12% /\n/dev/sdb1 90000 10000 80000 12% /srv\n"
            },
            "files": {
                "/var/log/app.log": {"size": 3000000, "age_days": 0.0},
                "/var/log/app.log.1": {"size": 2000000, "age_days": 1.0},
                "/var/log/app.log.2.gz": {"size": 1000000, "age_days": 2.0},
                "/var/log/auth.log.1": {"size": 8000000, "age_days": 2.0},
                "/var/log/mysql-bin.log.1": {"size": 4000000, "age_days": 2.0},
                "/var/cache/apt/archives/vim_9.0_amd64.deb": {"size": 500000, "age_days": 9.0},
                "/srv/other.log.1": {"size": 99000000, "age_days": 1.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/",
                "used_bytes": 10240000,
                "unread_directories": 0,
                "rotated_files": 2,
                "rotated_bytes": 3000000,
                "rotated_share": 0.293,
                "rotated_directory": "/var/log",
                "package_cache_files": 1,
                "package_cache_bytes": 500000,
                "package_cache_share": 0.049,
                "package_cache_directory": "/var/cache/apt/archives",
                "biggest_bytes": 8000000,
                "biggest_share": 0.781,
                "biggest_path": "/var/log/auth.log.1",
                "growing_bytes": 3000000,
                "growing_share": 0.293,
                "growing_path": "/var/log/app.log",
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
        "name": "another mount below is left out; a link is no file",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/df -Pkl": (
                    "/dev/x 9 9 9 9% /nowhere\n/dev/sda1 90000 1 80000 12% /srv\nshort line\n"
                    "/dev/sdb1 1 - 1 1% /srv/bad\n/dev/sdc1 90000 10000 80000 12% /srv/other disk\n"
                )
            },
            "files": {
                "/srv/other disk/big.log.1": {"size": 99000, "age_days": 1.0},
                "/srv/l": {"kind": "link", "size": 900000, "target": "/x"},
                "/srv/a/app.log": {"size": 4000, "age_days": 0.00069444444444},
                "/srv/a/b.log": {"size": 50, "age_days": 0.0},
                "/srv/a/c.log": {"size": 70, "age_days": 0.0001},
                "/srv/one/x.log.1": {"size": 5, "age_days": 2.0},
                "/srv/two/x.log.1": {"size": 9, "age_days": 2.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 1024,
                "unread_directories": 0,
                "rotated_files": 1,
                "rotated_bytes": 9,
                "rotated_share": 0.009,
                "rotated_directory": "/srv/two",
                "package_cache_files": 0,
                "package_cache_bytes": 0,
                "package_cache_share": 0.0,
                "package_cache_directory": "",
                "biggest_bytes": 4000,
                "biggest_share": 1.0,
                "biggest_path": "/srv/a/app.log",
                "growing_bytes": 70,
                "growing_share": 0.068,
                "growing_path": "/srv/a/c.log",
            },
        },
    },
    {
        "name": "an empty file system",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 900 0 500 45% /srv\n"},
            "files": {"/srv": {"kind": "dir"}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 0,
                "unread_directories": 0,
                "rotated_files": 0,
                "rotated_bytes": 0,
                "rotated_share": 0.0,
                "rotated_directory": "",
                "package_cache_files": 0,
                "package_cache_bytes": 0,
                "package_cache_share": 0.0,
                "package_cache_directory": "",
                "biggest_bytes": 0,
                "biggest_share": 0.0,
                "biggest_path": "",
                "growing_bytes": 0,
                "growing_share": 0.0,
                "growing_path": "",
            },
        },
    },
    {
        "name": "a folder that went away meanwhile is counted",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 900 5 500 45% /srv\n"}, "files": {"/srv": None}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 5120,
                "unread_directories": 1,
                "rotated_files": 0,
                "rotated_bytes": 0,
                "rotated_share": 0.0,
                "rotated_directory": "",
                "package_cache_files": 0,
                "package_cache_bytes": 0,
                "package_cache_share": 0.0,
                "package_cache_directory": "",
                "biggest_bytes": 0,
                "biggest_share": 0.0,
                "biggest_path": "",
                "growing_bytes": 0,
                "growing_share": 0.0,
                "growing_path": "",
            },
        },
    },
    {
        "name": "df knows of no byte yet",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 900 0 500 45% /srv\n"},
            "files": {"/srv/x.log.1": {"size": 1, "age_days": 1.0}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 0,
                "unread_directories": 0,
                "rotated_files": 1,
                "rotated_bytes": 1,
                "rotated_share": 1.0,
                "rotated_directory": "/srv",
                "package_cache_files": 0,
                "package_cache_bytes": 0,
                "package_cache_share": 0.0,
                "package_cache_directory": "",
                "biggest_bytes": 1,
                "biggest_share": 1.0,
                "biggest_path": "/srv/x.log.1",
                "growing_bytes": 0,
                "growing_share": 0.0,
                "growing_path": "",
            },
        },
    },
    {
        "name": "more bytes than df knows of are all of them, and the heavier folder is named",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/sda1 900 1 500 45% /srv\n"},
            "files": {
                "/srv/a/x.log.1": {"size": 5000, "age_days": 1.0},
                "/srv/z/x.log.1": {"size": 9, "age_days": 1.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_bytes": 1024,
                "unread_directories": 0,
                "rotated_files": 1,
                "rotated_bytes": 5000,
                "rotated_share": 1.0,
                "rotated_directory": "/srv/a",
                "package_cache_files": 0,
                "package_cache_bytes": 0,
                "package_cache_share": 0.0,
                "package_cache_directory": "",
                "biggest_bytes": 5000,
                "biggest_share": 1.0,
                "biggest_path": "/srv/a/x.log.1",
                "growing_bytes": 0,
                "growing_share": 0.0,
                "growing_path": "",
            },
        },
    },
]
