# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 30
# settles = 5
# cures = ["postgres.failed"]
# lookers = ["find_idle_sessions", "look_at_postgres"]
# when = ["postgres_is_running", "sessions_are_many", "idle_share >= 0.5"]
# share = "idle_share"
# fill = {sessions = "idle_ended"}
# capabilities = ["process.list", "process.signal:postgres;TERM"]
# triggers = [
#   "too many clients already", "connection slots are used up", "FATAL: sorry, too many clients already",
#   "remaining connection slots are reserved", "too many connections", "max_connections reached",
#   "kill idle connections", "free database connections", "connection pool exhausted",
#   "database connections exhausted", "连接数已满", "清理空闲连接", "数据库连接数满了", "数据库连接数打满",
#   "连接池满了", "连接池耗尽", "杀掉空闲连接", "释放数据库连接", "pg 连接数满", "连接太多", "空闲连接太多",
#   "too many clients",
# ]
# ///
"""Ends half of the idle sessions of the client that holds most of them, oldest first; never one that works or is inside a transaction."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

MOST = 40
IDLE = re.compile(r"postgres: (?:\S+: )?\S+ \S+ (?:\[local\]|\S+\(\d+\)) idle *")


def run(host: Host, sessions: tuple[str, ...]) -> Outcome:
    ended = 0
    for wanted in sessions[:MOST]:
        # Looked at again before each one: what works by now is not ended for what it did a minute ago.
        one = next((it for it in host.process.list() if f"{it.pid}:{it.started}" == wanted), None)
        if one is not None and IDLE.fullmatch(" ".join(one.argv)):
            host.process.signal(one, "TERM")
            ended += 1
    kept = len(sessions) - ended
    return Outcome(
        ok=ended > 0,
        summary=f"ended {ended} idle sessions; {kept} had gone or were at work again",
        facts={"ended": ended},
    )


CASES = [
    {
        "name": "ends what was idle and still is",
        "params": {"sessions": ["11:30", "12:20"]},
        "world": {
            "processes": [
                {"pid": 10, "name": "postgres", "argv": ["postgres: app shop [local] idle"]},
                {"pid": 11, "name": "postgres", "started": 30, "argv": ["postgres: app shop 10.0.0.5(401) idle "]},
                {"pid": 12, "name": "postgres", "started": 20, "argv": ["postgres: 15/main: app shop [local] idle"]},
            ]
        },
        "expect": {
            "ok": True,
            "effects": ["process.signal TERM postgres 11", "process.signal TERM postgres 12"],
            "facts": {"ended": 2},
        },
    },
    {
        "name": "what works by now, has gone, or is another process is left alone",
        "params": {"sessions": ["11:30", "12:20", "13:30", "14:30"]},
        "world": {
            "processes": [
                {"pid": 11, "name": "postgres", "started": 30, "argv": ["postgres: app shop 10.0.0.5(401) SELECT"]},
                {"pid": 12, "name": "postgres", "started": 21, "argv": ["postgres: app shop 10.0.0.5(402) idle"]},
                {
                    "pid": 14,
                    "name": "postgres",
                    "started": 30,
                    "argv": ["postgres: app shop 10.0.0.5(402) idle in transaction"],
                },
            ]
        },
        "expect": {"ok": False, "effects": [], "facts": {"ended": 0}},
    },
]
