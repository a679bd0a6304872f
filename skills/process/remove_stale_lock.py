# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.down", "process.restarts"]
# lookers = ["look_at_service"]
# when = ["service_cause == \"stale file\""]
# share = "service_share"
# fill = {service = "service", path = "stale_file"}
# capabilities = ["process.list", "fs.read:/proc/stat", "fs.stat:{path}", "fs.read:{path}", "fs.delete:{path}", "service.start:{service}"]
# triggers = ["stale pid file", "lock file exists", "already running but it is not", "残留的 pid 文件", "锁文件已存在"]
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
        return Outcome(ok=False, summary=f"{path} does not say whose it is, so nobody is provably dead; nothing was done")
    written = host.now - host.stat(path).age_days * 86400
    process = next((one for one in host.process.list() if one.pid == int(owner)), None)
    if process and int(booted[1]) + process.started / TICKS <= written + 2:
        return Outcome(ok=False, summary=f"{path} belongs to the living {process.name} (pid {owner}); nothing was done")
    host.delete(path)
    host.service(service).start()
    return Outcome(ok=True, summary=f"removed {path} of the dead process {owner} and started {service}")
