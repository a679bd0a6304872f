# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 30
# settles = 10
# cures = ["disk.used_percent"]
# lookers = ["find_open_files"]
# when = ["rotated_open_bytes >= 1000000", "rotated_open_service != \"\""]
# share = "rotated_open_share"
# fill = {service = "rotated_open_service", pid = "rotated_open_pid", path = "rotated_open_path"}
# capabilities = ["fs.list:/proc/{pid}/fd", "service.reload:{service}"]
# triggers = [
#   "log rotated but still written", "logrotate postrotate failed",
#   "service keeps writing to the old log after rotation", "new log file stays empty after logrotate",
#   "writes into app.log.1", "reopen the log file", "log handle not reopened", "日志轮转后仍写旧文件",
#   "日志切割后还写旧文件", "logrotate 后新日志为空", "日志轮转没有生效", "切割后进程还往老日志写",
#   "重新打开日志文件", "日志句柄没有重开",
# ]
# ///
"""Has a service reopen its log after a rotation that it missed; then the rotated file can be freed without losing a line."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

ROTATED = re.compile(r"/.+(?:\.log|\.out|\.err|syslog|messages)(?:\.\d{1,3}|-\d{8}|\.old)", re.I)


def run(host: Host, service: str, pid: int, path: str) -> Outcome:
    if not ROTATED.fullmatch(path):
        return Outcome(ok=False, summary=f"{path} is not a rotated log; nothing was done")
    if path not in {entry.target for entry in host.list(f"/proc/{pid}/fd")}:
        return Outcome(ok=False, summary=f"{service} no longer writes to {path}; nothing was done")
    host.service(service).reload()
    return Outcome(ok=True, summary=f"reloaded {service}, which still wrote to the rotated {path}")


CASES = [
    {
        "name": "reloads the service that still writes to the rotated log",
        "params": {"service": "web", "pid": 11, "path": "/var/log/web/web.log.1"},
        "world": {
            "services": {"web": {"pid": 11}},
            "files": {"/proc/11/fd/2": {"kind": "link", "target": "/var/log/web/web.log.1"}},
        },
        "expect": {"ok": True, "effects": ["service.reload web"]},
    },
    {
        "name": "a service that has moved on is left alone",
        "params": {"service": "web", "pid": 11, "path": "/var/log/web/web.log.1"},
        "world": {
            "services": {"web": {"pid": 11}},
            "files": {"/proc/11/fd/2": {"kind": "link", "target": "/var/log/web/web.log"}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a file that is no rotated log is no reason to reload",
        "params": {"service": "web", "pid": 11, "path": "/srv/web/data.1"},
        "world": {
            "services": {"web": {"pid": 11}},
            "files": {"/proc/11/fd/2": {"kind": "link", "target": "/srv/web/data.1"}},
        },
        "expect": {"ok": False, "effects": []},
    },
]
