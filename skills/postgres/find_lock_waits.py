# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["postgres.failed"]
# capabilities = ["process.list"]
# quotes = ["lock_oldest_holder", "oldest_working"]
# triggers = [
#   "queries hang in PostgreSQL", "who holds the lock", "long queries", "slow query", "query is blocked",
#   "table is locked", "waiting for a lock", "deadlock detected", "lock wait timeout",
#   "which query blocks the others", "long running query", "update hangs", "database is slow", "数据库查询卡住",
#   "谁持有锁", "慢查询", "锁表了", "表被锁住", "等待锁", "死锁", "锁等待", "SQL 卡住不动", "SQL 很慢", "数据库很慢",
#   "长时间运行的查询", "更新语句卡住", "查询阻塞",
# ]
# ///
"""Counts a PostgreSQL's sessions that work and those that wait for a lock, and names who may hold it: a transaction left open."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

SESSION = re.compile(r"postgres: (?:\S+: )?(?P<who>\S+ \S+) (?:\[local\]|\S+\(\d+\)) (?P<does>\S.*?) *")
RESTING = {"idle", "authentication", "startup"}


def run(host: Host) -> Outcome:
    processes = sorted(host.process.list(), key=lambda one: one.started)
    sessions = [(one, seen) for one in processes if (seen := SESSION.fullmatch(" ".join(one.argv)))]
    waiting = [one for one, seen in sessions if seen["does"].endswith(" waiting")]
    holders = [(one, seen["who"]) for one, seen in sessions if seen["does"].startswith("idle in transaction")]
    working = [
        (one, seen)
        for one, seen in sessions
        if seen["does"] not in RESTING and not seen["does"].startswith("idle in") and one not in waiting
    ]
    facts: dict[str, object] = {
        "lock_waits": len(waiting),
        "lock_first_waiting_pid": waiting[0].pid if waiting else 0,
        "lock_holders": len(holders),
        "lock_oldest_holder_pid": holders[0][0].pid if holders else 0,
        "lock_oldest_holder": holders[0][1] if holders else "",
        "working_sessions": len(working),
        "oldest_working_pid": working[0][0].pid if working else 0,
        "oldest_working": f"{working[0][1]['who']} {working[0][1]['does']}" if working else "",
    }
    said = f"{len(working)} sessions work, {len(waiting)} wait for a lock, {len(holders)} left a transaction open"
    return Outcome(
        ok=True, summary=f"{said}; the longest connected that works: {facts['oldest_working'] or 'none'}", facts=facts
    )


CASES = [
    {
        "name": "two wait for what an open transaction may hold",
        "world": {
            "processes": [
                {"pid": 3, "name": "postgres", "argv": ["postgres: checkpointer "]},
                {
                    "pid": 11,
                    "name": "postgres",
                    "started": 50,
                    "argv": ["postgres: app shop 10.0.0.5(401) UPDATE waiting"],
                },
                {
                    "pid": 12,
                    "name": "postgres",
                    "started": 40,
                    "argv": ["postgres: 15/main: app shop [local] DELETE waiting "],
                },
                {
                    "pid": 13,
                    "name": "postgres",
                    "started": 30,
                    "argv": ["postgres: bi shop [local] idle in transaction"],
                },
                {
                    "pid": 14,
                    "name": "postgres",
                    "started": 20,
                    "argv": ["postgres: ci shop [local] idle in transaction (aborted)"],
                },
                {"pid": 15, "name": "postgres", "started": 90, "argv": ["postgres: app shop [local] SELECT"]},
                {"pid": 16, "name": "postgres", "started": 80, "argv": ["postgres: etl shop [local] COPY"]},
                {"pid": 17, "name": "postgres", "started": 10, "argv": ["postgres: app shop [local] idle"]},
                {"pid": 18, "name": "postgres", "started": 10, "argv": ["postgres: app shop [local] authentication"]},
                {"pid": 19, "name": "postgres", "started": 10, "argv": ["postgres: app shop [local] startup"]},
            ]
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "lock_waits": 2,
                "lock_first_waiting_pid": 12,
                "lock_holders": 2,
                "lock_oldest_holder_pid": 14,
                "lock_oldest_holder": "ci shop",
                "working_sessions": 2,
                "oldest_working_pid": 16,
                "oldest_working": "etl shop COPY",
            },
        },
    },
    {
        "name": "nothing works and nothing waits",
        "world": {"processes": [{"pid": 3, "name": "cron"}]},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "lock_waits": 0,
                "lock_first_waiting_pid": 0,
                "lock_holders": 0,
                "lock_oldest_holder_pid": 0,
                "lock_oldest_holder": "",
                "working_sessions": 0,
                "oldest_working_pid": 0,
                "oldest_working": "",
            },
        },
    },
]
