# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["fd.used_percent"]
# lookers = ["look_at_service"]
# when = ["service_supervisor != \"none\"", "not service_is_down"]
# fill = {service = "service"}
# capabilities = ["service.status:{service}", "process.list", "fs.list:/proc/*/fd", "service.restart:{service}"]
# triggers = [
#   "too many open files", "file descriptor leak", "Too many open files (24)", "EMFILE", "file handles exhausted",
#   "fd usage is high", "ulimit nofile reached", "socket: too many open files", "accept4 failed 24",
#   "leaking file descriptors", "打开的文件过多", "文件描述符泄漏", "句柄泄漏", "句柄用完了", "句柄不够",
#   "文件句柄耗尽", "打开文件数太多", "fd 用满了", "文件描述符用尽", "句柄数告警",
# ]
# ///
"""Restarts a service that leaks open files before it can open no more; never a database, whose many files are its work."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

DATABASES = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|oracle|etcd|clickhouse|influx|cassandra|elastic|kafka|sqlite",
    re.IGNORECASE,
)


def run(host: Host, service: str, many: int = 200) -> Outcome:
    pid = host.service(service).status().pid
    process = next((one for one in host.process.list() if one.pid == pid), None)
    if process is None:
        return Outcome(ok=False, summary=f"{service} does not run; nothing was done")
    if DATABASES.search(f"{service} {process.name} {' '.join(process.argv)}"):
        return Outcome(ok=False, summary=f"{service} is a database; nothing was done")
    files = len(host.list(f"/proc/{pid}/fd"))
    if files < many:
        return Outcome(ok=False, summary=f"{service} has {files} files open, which is no leak; nothing was done")
    host.service(service).restart()
    return Outcome(ok=True, summary=f"restarted {service}, which had {files} files open", facts={"files": files})


CASES = [
    {
        "name": "restarts what holds too many files",
        "params": {"service": "shop", "many": 2},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [{"pid": 7, "name": "shop"}],
            "files": {
                "/proc/7/fd/3": {"kind": "link", "target": "/srv/shop/a"},
                "/proc/7/fd/4": {"kind": "link", "target": "/srv/shop/b"},
            },
        },
        "expect": {"ok": True, "effects": ["service.restart shop"], "facts": {"files": 2}},
    },
    {
        "name": "few open files are no leak",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"pid": 7}},
            "processes": [{"pid": 7, "name": "shop"}],
            "files": {"/proc/7/fd/0": {"kind": "link", "target": "/dev/null"}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a database is left alone",
        "params": {"service": "db"},
        "world": {"services": {"db": {"pid": 7}}, "processes": [{"pid": 7, "name": "postgres"}]},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it is down already",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
]
