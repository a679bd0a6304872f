# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# looks_at = ["disk.read_only", "disk.used_percent", "disk.inodes_percent"]
# capabilities = ["exec:/usr/bin/findmnt -J -M {mount:path}", "fs.read:/etc/fstab", "fs.read:/sys/fs/ext4/*/errors_count"]
# triggers = [
#   "read-only file system", "EROFS", "file system was remounted read-only", "cannot write: Read-only file system",
#   "EXT4-fs error", "I/O error on disk", "Buffer I/O error", "disk is broken", "bad blocks", "mount became ro",
#   "文件系统变为只读", "磁盘 I/O 错误", "文件系统只读", "磁盘只读了", "变成只读写不进去", "挂载变成只读", "磁盘坏了",
#   "坏道", "只读文件系统",
# ]
# ///
"""Says whether a file system turned read-only by itself, and what a person must do: it is never remounted without a check."""

from __future__ import annotations

import json

from core.skill import Host, HostError, Outcome

ADVICE = (
    "do not remount it read-write: stop what writes to {mount}, unmount it, run `e2fsck -f {source}`, look at the disk itself "
    "(`smartctl -a`, `dmesg`), then mount it and start the writers again"
)


def run(host: Host, mount: str) -> Outcome:
    shown = host.run(["/usr/bin/findmnt", "-J", "-M", mount])
    if shown.status != 0:
        return Outcome(ok=False, summary=f"{mount} is not a mount point")
    found = json.loads(shown.out)["filesystems"][-1]
    source, kind, options = found["source"], found["fstype"], found["options"].split(",")
    is_read_only = "ro" in options
    is_meant = is_read_only and is_stated_read_only(host, mount)
    errors = error_count(host, source) if kind == "ext4" else 0
    facts: dict[str, object] = {
        "mount": mount,
        "mount_is_read_only": is_read_only,
        "mount_is_meant_read_only": is_meant,
        "mount_errors": errors,
    }
    said = f"{mount} ({kind} on {source}) is writable with {errors} file system errors"
    if is_meant:
        said = f"{mount} is read-only because /etc/fstab says so; that is no fault"
    elif is_read_only:
        said = f"{mount} turned read-only by itself after {errors} errors; " + ADVICE.format(mount=mount, source=source)
    elif errors:
        said += "; plan a check before it turns read-only"
    return Outcome(ok=True, summary=said, facts=facts)


def is_stated_read_only(host: Host, mount: str) -> bool:
    """True if fstab mounts it read-only on purpose; a host without fstab states nothing."""
    try:
        lines = [line.split() for line in host.read("/etc/fstab").splitlines() if not line.lstrip().startswith("#")]
    except HostError as error:
        if error.code != "missing":
            raise
        return False
    return any(len(line) >= 4 and line[1] == mount and "ro" in line[3].split(",") for line in lines)


def error_count(host: Host, source: str) -> int:
    """Errors that ext4 has counted on this device; 0 where the kernel does not tell."""
    try:
        text = host.read(f"/sys/fs/ext4/{source.rpartition('/')[2]}/errors_count", 32).strip()
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return 0
    return int(text) if text.isdigit() else 0


CASES = [
    {
        "name": "turned read-only after errors: a person is told what to do",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/findmnt -J -M /srv": '{"filesystems":[{"source":"/dev/loop0","fstype":"ext4","options":"ro,relatime"}]}'
            },
            "files": {
                "/etc/fstab": "# disks\n/dev/loop0 /srv ext4 defaults,errors=remount-ro 0 2\n",
                "/sys/fs/ext4/loop0/errors_count": "3\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "mount": "/srv",
                "mount_is_read_only": True,
                "mount_is_meant_read_only": False,
                "mount_errors": 3,
            },
        },
    },
    {
        "name": "read-only on purpose is no fault",
        "params": {"mount": "/srv"},
        "world": {
            "exec": {
                "/usr/bin/findmnt -J -M /srv": '{"filesystems":[{"source":"/dev/sdb1","fstype":"xfs","options":"ro"}]}'
            },
            "files": {"/etc/fstab": "/dev/sdb1 /srv xfs ro,nofail 0 2\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"mount": "/srv", "mount_is_read_only": True, "mount_is_meant_read_only": True, "mount_errors": 0},
        },
    },
    {
        "name": "writable, on a host without fstab",
        "params": {"mount": "/"},
        "world": {
            "exec": {
                "/usr/bin/findmnt -J -M /": '{"filesystems":[{"source":"/dev/sda1","fstype":"ext4","options":"rw"}]}'
            },
            "files": {"/etc/fstab": None, "/sys/fs/ext4/sda1/errors_count": None},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"mount": "/", "mount_is_read_only": False, "mount_is_meant_read_only": False, "mount_errors": 0},
        },
    },
    {
        "name": "no mount point",
        "params": {"mount": "/srv"},
        "world": {"exec": {"/usr/bin/findmnt -J -M /srv": {"status": 1}}},
        "expect": {"ok": False, "effects": []},
    },
]
