# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["load.per_core"]
# capabilities = ["process.list", "fs.read:/proc/stat"]
# triggers = [
#   "jobs pile up", "the same job runs twice", "cron job still running from before", "overlapping cron jobs",
#   "several copies of one script at once", "job takes longer than its interval", "cron runs on top of itself",
#   "定时任务堆积", "任务重复运行", "定时任务叠加", "同一个脚本同时跑了好几个", "上一次还没跑完又启动了", "任务重叠",
#   "crontab 重复执行",
# ]
# ///
"""Finds scheduled jobs that run several times at once, because each run takes longer than the time to the next one."""

from __future__ import annotations

import re
from collections import defaultdict

from core.skill import Host, Outcome, Process

TICKS = 100


def run(host: Host) -> Outcome:
    processes = host.process.list()
    by_pid = {one.pid: one for one in processes}
    jobs: dict[str, list[Process]] = defaultdict(list)
    for one in processes:
        if is_job(one, by_pid):
            jobs[" ".join(one.argv)].append(one)
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    if not jobs or not booted:
        return Outcome(ok=True, summary="no scheduled job runs", facts={"jobs_running": 0, "job_overlaps": False})
    command = max(jobs, key=lambda name: len(jobs[name]))
    copies = jobs[command]
    hours = (host.now - int(booted[1]) - min(one.started for one in copies) / TICKS) / 3600
    facts: dict[str, object] = {
        "jobs_running": sum(map(len, jobs.values())),
        "job_copies": len(copies),
        "job_overlaps": len(copies) > 1,
        "job_oldest_hours": round(hours, 2),
    }
    said = f"{len(jobs)} scheduled jobs run; most often at once, {len(copies)} times, the oldest for {hours:.1f} hours: {command}"
    return Outcome(ok=True, summary=said[:500], facts=facts)


def is_job(process: Process, by_pid: dict[int, Process]) -> bool:
    """Cron's own child is a fork of it; what that started is the job."""
    parent = by_pid.get(process.parent)
    return (
        parent is not None
        and parent.name.lower() in {"cron", "crond"}
        and process.name.lower() not in {"cron", "crond"}
    )


CASES = [
    {
        "name": "three copies of one job",
        "world": {
            "now": 1767225600.0,
            "files": {"/proc/stat": "cpu 1\nbtime 1767200000\n"},
            "processes": [
                {"pid": 5, "name": "cron"},
                {"pid": 6, "name": "cron", "parent": 5},
                {"pid": 7, "name": "sh", "argv": ["/bin/sh", "-c", "/srv/sync"], "parent": 6, "started": 403600},
                {"pid": 8, "name": "sh", "argv": ["/bin/sh", "-c", "/srv/sync"], "parent": 6, "started": 900000},
                {"pid": 9, "name": "sh", "argv": ["/bin/sh", "-c", "/srv/sync"], "parent": 6, "started": 950000},
                {"pid": 10, "name": "sh", "argv": ["/bin/zsh", "-c", "/srv/other"], "parent": 6},
                {"pid": 11, "name": "sh", "argv": ["/bin/sh", "-c", "/srv/sync"], "parent": 1},
            ],
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"jobs_running": 4, "job_copies": 3, "job_overlaps": True, "job_oldest_hours": 5.99},
        },
    },
    {
        "name": "one job runs once",
        "world": {
            "files": {"/proc/stat": "btime 1767200000\n"},
            "processes": [
                {"pid": 5, "name": "crond"},
                {"pid": 6, "name": "crond", "parent": 5},
                {"pid": 7, "name": "sync", "parent": 6},
            ],
        },
        "expect": {"ok": True, "effects": [], "facts": {"jobs_running": 1, "job_copies": 1, "job_overlaps": False}},
    },
    {
        "name": "no job runs",
        "world": {"files": {"/proc/stat": "btime 1767200000\n"}, "processes": [{"pid": 7, "name": "vim", "parent": 6}]},
        "expect": {"ok": True, "effects": [], "facts": {"jobs_running": 0, "job_overlaps": False}},
    },
]
