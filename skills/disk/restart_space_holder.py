# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 15
# cures = ["disk.used_percent"]
# lookers = ["find_open_files"]
# when = ["deleted_open_bytes >= 1000000", "deleted_open_needs_restart"]
# share = "deleted_open_share"
# fill = {service = "deleted_open_service", pid = "deleted_open_pid", path = "deleted_open_path"}
# capabilities = ["fs.list:/proc/{pid}/fd", "service.restart:{service}"]
# triggers = [
#   "deleted but open file that is no log", "restart to free space", "restart the service to release disk space",
#   "process holds a deleted file open", "deleted data file still takes space", "release the space of deleted files",
#   "重启服务释放空间", "已删除文件占用空间", "重启进程释放磁盘空间", "进程占着已删除的文件不放",
#   "删除的文件还占着磁盘", "文件已删但还被占用", "bounce the daemon that holds the deleted file",
#   "重启占着已删文件的服务",
# ]
# ///
"""Restarts the service that holds a deleted file which may not be emptied: the space comes back when it closes the file."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str, pid: int, path: str) -> Outcome:
    held = [entry for entry in host.list(f"/proc/{pid}/fd") if entry.target == f"{path} (deleted)" and entry.links == 0]
    if not held:
        return Outcome(ok=False, summary=f"process {pid} no longer holds the deleted {path}; nothing was done")
    host.service(service).restart()
    return Outcome(
        ok=True,
        summary=f"restarted {service}, which held the deleted {path} of {held[0].size} bytes",
        facts={"bytes": held[0].size},
    )


CASES = [
    {
        "name": "restarts the service that holds the deleted file",
        "params": {"service": "web", "pid": 11, "path": "/srv/spool/upload"},
        "world": {
            "services": {"web": {"pid": 11}},
            "files": {
                "/proc/11/fd/2": {"kind": "link", "size": 5000000, "links": 0, "target": "/srv/spool/upload (deleted)"}
            },
        },
        "expect": {"ok": True, "effects": ["service.restart web"], "facts": {"bytes": 5000000}},
    },
    {
        "name": "a file that is there again is no reason to restart",
        "params": {"service": "web", "pid": 11, "path": "/srv/spool/upload"},
        "world": {
            "services": {"web": {"pid": 11}},
            "files": {"/proc/11/fd/2": {"kind": "link", "size": 5000000, "target": "/srv/spool/upload"}},
        },
        "expect": {"ok": False, "effects": []},
    },
]
