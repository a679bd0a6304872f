# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 15
# cures = ["disk.used_percent"]
# lookers = ["find_open_files", "find_what_grows"]
# when = ["writer_service != \"\"", "growing_share >= 0.3", "writer_share >= 0.3"]
# share = "growing_share"
# fill = {service = "writer_service", path = "writer_path", growing = "growing_path"}
# capabilities = ["fs.truncate:{path}", "service.restart:{service}"]
# triggers = [
#   "log runaway", "log grows very fast", "log file explodes", "log spam fills the disk",
#   "debug log is filling up the disk right now", "a log grew many gigabytes within an hour", "stop the log flood",
#   "log growing out of control", "日志暴涨", "日志写满磁盘", "日志疯长", "日志疯狂增长", "日志刷屏把磁盘写满",
#   "日志增长太快", "日志一直在涨停不下来", "一小时写了几十 G 日志", "debug 日志打爆磁盘",
# ]
# ///
"""Empties a log that fills the disk right now and restarts the service that writes it; deleting the file would free nothing."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

LOG = re.compile(
    r"(?!redo|ib_|auth|secure|audit)(?=[^.]*[a-z])[\w.-]*(?<!bin)(?:\.log|\.out|\.err|syslog|messages)", re.I
)


def run(host: Host, service: str, path: str, growing: str) -> Outcome:
    if path != growing or not LOG.fullmatch(path.rpartition("/")[2]):
        return Outcome(ok=False, summary=f"{service} writes {path}, but {growing or 'nothing'} grows; nothing was done")
    host.truncate(path)
    host.service(service).restart()
    return Outcome(ok=True, summary=f"emptied {path} and restarted {service}, which was filling it")


CASES = [
    {
        "name": "empties the log in place and restarts its writer",
        "params": {"service": "web", "path": "/srv/log/web.log", "growing": "/srv/log/web.log"},
        "world": {"services": {"web": {"pid": 11}}, "files": {"/srv/log/web.log": {"size": 50000000}}},
        "expect": {"ok": True, "effects": ["fs.truncate /srv/log/web.log", "service.restart web"]},
    },
    {
        "name": "another file is the one that grows",
        "params": {"service": "web", "path": "/srv/log/web.log", "growing": "/srv/upload/film"},
        "world": {"services": {"web": {"pid": 11}}, "files": {"/srv/log/web.log": {"size": 50000000}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what grows is no log",
        "params": {"service": "web", "path": "/srv/upload/film", "growing": "/srv/upload/film"},
        "world": {"services": {"web": {"pid": 11}}, "files": {"/srv/upload/film": {"size": 50000000}}},
        "expect": {"ok": False, "effects": []},
    },
]
