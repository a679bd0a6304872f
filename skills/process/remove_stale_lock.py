# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.down", "process.restarts"]
# lookers = ["look_at_service", "find_config_error", "find_stale_lock", "find_port_holder"]
# when = ["service_is_in_trouble", "stale_file_blocks", "not config_is_broken", "port_holder_pid == 0"]
# share = "service_share"
# fill = {service = "service", path = "stale_file"}
# capabilities = ["process.list", "fs.read:/proc/stat", "fs.stat:{path}", "fs.read:{path}", "fs.delete:{path}", "service.start:{service}"]
# triggers = [
#   "stale pid file", "lock file exists", "already running but it is not",
#   "pid file exists but process is not running", "could not create lock file", "remove the lock file",
#   "delete the stale pid", "refuses to start because of a pid file", "another instance is already running",
#   "残留的 pid 文件", "锁文件已存在", "pid 文件已存在", "删除锁文件", "提示已经在运行但没有进程",
#   "pid 文件没清掉启动不了", "删除残留 pid 文件", "锁没释放启动不了", "清理锁文件", "提示已有实例在运行",
#   "remove the old pid file and start", "陈旧的 pid 文件挡着启动", "删掉 pid 文件再起",
#   "worker 起不来说 pid 文件已存在",
# ]
# ///
"""Removes a pid or lock file whose owner is provably dead and starts the service; a live owner's file is never touched."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

TICKS = 100


def run(host: Host, service: str, path: str) -> Outcome:
    owner = host.read(path, 32).strip()
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    if not owner.isdigit() or not booted:
        return Outcome(
            ok=False, summary=f"{path} does not say whose it is, so nobody is provably dead; nothing was done"
        )
    written = host.now - host.stat(path).age_days * 86400
    process = next((one for one in host.process.list() if one.pid == int(owner)), None)
    if process and int(booted[1]) + process.started / TICKS <= written + 2:
        return Outcome(ok=False, summary=f"{path} belongs to the living {process.name} (pid {owner}); nothing was done")
    host.delete(path)
    host.service(service).start()
    return Outcome(ok=True, summary=f"removed {path} of the dead process {owner} and started {service}")


CASES = [
    {
        "name": "the owner is gone",
        "params": {"service": "shop", "path": "/run/shop.pid"},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 8, "name": "cron"}],
            "files": {"/run/shop.pid": {"text": "7\n", "age_days": 1.0}, "/proc/stat": "btime 1767000000\n"},
        },
        "expect": {
            "ok": True,
            "effects": ["fs.delete /run/shop.pid", "service.start shop"],
            "files": {"/run/shop.pid": None},
        },
    },
    {
        "name": "the pid is a later process now",
        "params": {"service": "shop", "path": "/run/lock/shop"},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 7, "name": "cron", "started": 22000000}],
            "files": {"/run/lock/shop": {"text": "7\n", "age_days": 1.0}, "/proc/stat": "btime 1767000000\n"},
        },
        "expect": {"ok": True, "effects": ["fs.delete /run/lock/shop", "service.start shop"]},
    },
    {
        "name": "a live lock is never removed",
        "params": {"service": "shop", "path": "/run/lock/shop"},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 7, "name": "shop-worker", "started": 1000}],
            "files": {"/run/lock/shop": {"text": "7\n", "age_days": 1.0}, "/proc/stat": "btime 1767000000\n"},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a lock that does not say whose it is, is never removed",
        "params": {"service": "shop", "path": "/run/lock/shop"},
        "world": {
            "services": {"shop": {"is_running": False}},
            "files": {"/run/lock/shop": {"text": "", "age_days": 9.0}, "/proc/stat": "btime 1767000000\n"},
        },
        "expect": {"ok": False, "effects": []},
    },
]
