# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["disk.inodes_percent"]
# capabilities = ["exec:/usr/bin/df -Pil", "fs.list:{mount}/**"]
# triggers = [
#   "too many small files", "which directory uses up the inodes", "who eats the inodes",
#   "millions of files in one directory", "inode usage by directory", "count files per directory", "no inodes left",
#   "小文件太多", "哪个目录占用 inode 最多", "inode 被谁占用", "目录下文件数太多", "几百万个小文件", "统计目录文件数",
#   "inode 用完了", "HostOutOfInodes", "who used up the inodes", "inode 用光了是哪个目录",
# ]
# ///
"""Finds the directory that uses up the inodes of a file system, and whether its files are old, small and disposable."""

from __future__ import annotations

import heapq
import re

from core.skill import File, Host, HostError, Outcome

MOST_DIRECTORIES = 120
MOST_UNREAD = 15
LIKELY = {"tmp", "sessions", "session", "cache", "spool", "var", "lib"}
NOT_FILES = {"/proc", "/sys", "/dev"}
DISPOSABLE = re.compile(r"/tmp|/var/tmp|/.+/(?:tmp|sessions?|cache)")  # noqa: S108 - named, not used
TINY = 64 * 1024
ONE_HOUR = 1 / 24


def run(host: Host, mount: str) -> Outcome:
    used = used_inodes(host)
    if mount not in used:
        return Outcome(ok=False, summary=f"{mount} is not the mount point of a local file system")
    held, unread = walk(host, mount, {other for other in used if other != mount} | NOT_FILES)
    directory = max(held, key=lambda name: len(held[name]), default="")
    entries = held.get(directory, [])
    old = [file for file in entries if is_disposable(file)]
    is_in_place = bool(DISPOSABLE.fullmatch(directory))
    share = round(min(len(old if is_in_place else entries) / max(used[mount], 1), 1.0), 3)
    facts: dict[str, object] = {
        "mount": mount,
        "used_inodes": used[mount],
        "hog_directory": directory,
        "hog_entries": len(entries),
        "hog_old_files": len(old),
        "hog_share": share,
        "hog_is_disposable": is_in_place,
        "unread_directories": unread,
    }
    what = (
        f"{len(old)} of them old and tiny"
        if is_in_place
        else "which nothing here says may go: ask whose they are, or grow the file system"
    )
    left = f"; {unread} directories were not read" if unread else ""
    said = f"{used[mount]} inodes are used on {mount}; {directory or 'no directory'} has {len(entries)} entries, {what}{left}"
    return Outcome(ok=True, summary=said, facts=facts)


def used_inodes(host: Host) -> dict[str, int]:
    """Inodes used by mount point, from df."""
    lines = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pil"]).out.splitlines()[1:]]
    return {line[5]: int(line[2]) for line in lines if len(line) == 6 and line[2].isdigit()}


def is_disposable(file: File) -> bool:
    """A plain file that is tiny and was not touched for an hour."""
    return file.kind == "file" and file.size <= TINY and file.age_days >= ONE_HOUR


def walk(host: Host, mount: str, not_into: set[str]) -> tuple[dict[str, list[File]], int]:
    """Entries by directory below the mount point, and how many directories were left out for want of time or permission."""
    queue, held, unread = [(0, mount)], {}, 0
    for _ in range(MOST_DIRECTORIES):
        if not queue or unread >= MOST_UNREAD:
            break
        depth, directory = heapq.heappop(queue)
        try:
            held[directory] = host.list(directory)
        except HostError as error:
            if error.code not in {"missing", "denied"}:
                raise
            unread += 1
            continue
        for entry in held[directory]:
            if entry.kind == "dir" and entry.path not in not_into:
                heapq.heappush(queue, (depth if entry.name in LIKELY else depth + 1, entry.path))
    return held, unread + len(queue)


CASES = [
    {
        "name": "a session directory holds most inodes",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 400 500 45% /\n/dev/loop0 128 8 120 6% /srv\n"},
            "files": {
                "/srv/sessions/a": {"size": 10, "age_days": 2.0},
                "/srv/sessions/b": {"size": 10, "age_days": 2.0},
                "/srv/sessions/c": {"size": 10, "age_days": 0.0},
                "/srv/data/keep": {"size": 10, "age_days": 9.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 8,
                "hog_directory": "/srv/sessions",
                "hog_entries": 3,
                "hog_old_files": 2,
                "hog_share": 0.25,
                "hog_is_disposable": True,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "a directory that is not for temporary files is only named",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pil": "head\n/dev/loop0 128 8 120 6% /srv\n"},
            "files": {"/srv/data/one": {"age_days": 9.0}, "/srv/data/two": {"age_days": 9.0}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 8,
                "hog_directory": "/srv/data",
                "hog_entries": 2,
                "hog_old_files": 2,
                "hog_share": 0.25,
                "hog_is_disposable": False,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "what is no mount point is not looked at",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 400 500 45% /\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "another mount below is left out, what cannot be read is counted, what is likely comes first",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/df -Pil": (
                    "/dev/x 9 9 9 9% /nowhere\n/dev/sda1 900 2 500 45% /srv\nshort line\n/dev/sdb1 "
                    "128 - 120 6% /srv/bad\n/dev/sdc1 128 8 120 6% /srv/other disk\n"
                )
            },
            "files": {
                "/srv/other disk/a": {"age_days": 2.0},
                "/srv/other disk/b": {"age_days": 2.0},
                "/srv/other disk/c": {"age_days": 2.0},
                "/srv/a/tmp/one": {"size": 65536, "age_days": 0.0416666666666667},
                "/srv/a/tmp/two": {"size": 70000, "age_days": 2.0},
                "/srv/a/tmp/three": {"size": 1, "age_days": 2.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 2,
                "hog_directory": "/srv/a/tmp",
                "hog_entries": 3,
                "hog_old_files": 2,
                "hog_share": 1.0,
                "hog_is_disposable": True,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "an empty file system",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 0 500 45% /srv\n"},
            "files": {"/srv": {"kind": "dir"}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 0,
                "hog_directory": "/srv",
                "hog_entries": 0,
                "hog_old_files": 0,
                "hog_share": 0.0,
                "hog_is_disposable": False,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "a folder that went away meanwhile is counted",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 5 500 45% /srv\n"}, "files": {"/srv": None}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 5,
                "hog_directory": "",
                "hog_entries": 0,
                "hog_old_files": 0,
                "hog_share": 0.0,
                "hog_is_disposable": False,
                "unread_directories": 1,
            },
        },
    },
    {
        "name": "more entries than df knows of are all of them",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 1 500 45% /srv\n"},
            "files": {"/srv/a/1": "", "/srv/a/2": "", "/srv/a/3": "", "/srv/z/1": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 1,
                "hog_directory": "/srv/a",
                "hog_entries": 3,
                "hog_old_files": 0,
                "hog_share": 1.0,
                "hog_is_disposable": False,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "df knows of none yet",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 0 500 45% /srv\n"}, "files": {"/srv/only": ""}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 0,
                "hog_directory": "/srv",
                "hog_entries": 1,
                "hog_old_files": 0,
                "hog_share": 1.0,
                "hog_is_disposable": False,
                "unread_directories": 0,
            },
        },
    },
    {
        "name": "of a place for temporary files only the old count",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {"/usr/bin/df -Pil": "head\n/dev/sda1 900 7 500 45% /srv\n"},
            "files": {
                "/srv/tmp/1": {"age_days": 2.0},
                "/srv/tmp/2": {"age_days": 2.0},
                "/srv/tmp/3": {"age_days": 0.0},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "used_inodes": 7,
                "hog_directory": "/srv/tmp",
                "hog_entries": 3,
                "hog_old_files": 2,
                "hog_share": 0.286,
                "hog_is_disposable": True,
                "unread_directories": 0,
            },
        },
    },
]
