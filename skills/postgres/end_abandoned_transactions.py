# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 30
# settles = 5
# cures = ["postgres.failed"]
# lookers = ["find_idle_sessions", "look_at_postgres"]
# when = ["postgres_is_running", "sessions_are_many", "abandoned_share >= 0.5"]
# share = "abandoned_share"
# fill = {sessions = "abandoned_ended"}
# capabilities = ["process.list", "process.signal:postgres;TERM"]
# triggers = [
#   "idle in transaction", "abandoned transactions hold all connections", "kill idle in transaction sessions",
#   "end open transactions", "uncommitted transactions block everybody", "terminate hanging transactions",
#   "forgotten transaction", "空闲事务占满连接", "事务未提交", "杀掉空闲事务", "长事务占着连接", "事务一直不提交",
#   "清理未提交的事务", "结束空闲事务", "悬挂事务",
# ]
# ///
"""Ends half of the sessions that one client left inside a transaction, oldest first, which rolls those back; never one that works."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

MOST = 40
ABANDONED = re.compile(r"postgres: (?:\S+: )?\S+ \S+ (?:\[local\]|\S+\(\d+\)) idle in transaction(?: \(aborted\))? *")


def run(host: Host, sessions: tuple[str, ...]) -> Outcome:
    ended = 0
    for wanted in sessions[:MOST]:
        # Looked at again before each one: what works by now is not ended for what it did a minute ago.
        one = next((it for it in host.process.list() if f"{it.pid}:{it.started}" == wanted), None)
        if one is not None and ABANDONED.fullmatch(" ".join(one.argv)):
            host.process.signal(one, "TERM")
            ended += 1
    kept = len(sessions) - ended
    return Outcome(
        ok=ended > 0,
        summary=f"ended {ended} abandoned sessions; {kept} had gone or were at work again",
        facts={"ended": ended},
    )


CASES = [
    {
        "name": "ends what was abandoned and still is",
        "params": {"sessions": ["11:30", "12:20"]},
        "world": {
            "processes": [
                {"pid": 10, "name": "postgres", "argv": ["postgres: app shop [local] idle in transaction"]},
                {
                    "pid": 11,
                    "name": "postgres",
                    "started": 30,
                    "argv": ["postgres: app shop 10.0.0.5(401) idle in transaction "],
                },
                {
                    "pid": 12,
                    "name": "postgres",
                    "started": 20,
                    "argv": ["postgres: 15/main: app shop [local] idle in transaction"],
                },
            ]
        },
        "expect": {
            "ok": True,
            "effects": ["process.signal TERM postgres 11", "process.signal TERM postgres 12"],
            "facts": {"ended": 2},
        },
    },
    {
        "name": "a failed transaction that nobody rolled back is abandoned too",
        "params": {"sessions": ["11:30"]},
        "world": {
            "processes": [
                {
                    "pid": 11,
                    "name": "postgres",
                    "started": 30,
                    "argv": ["postgres: app shop ::1(401) idle in transaction (aborted)"],
                },
            ]
        },
        "expect": {"ok": True, "effects": ["process.signal TERM postgres 11"], "facts": {"ended": 1}},
    },
    {
        "name": "what works by now, has gone, or is another process is left alone",
        "params": {"sessions": ["11:30", "12:20", "13:30", "14:30"]},
        "world": {
            "processes": [
                {"pid": 11, "name": "postgres", "started": 30, "argv": ["postgres: app shop 10.0.0.5(401) SELECT"]},
                {
                    "pid": 12,
                    "name": "postgres",
                    "started": 21,
                    "argv": ["postgres: app shop 10.0.0.5(402) idle in transaction"],
                },
                {"pid": 14, "name": "postgres", "started": 30, "argv": ["postgres: app shop 10.0.0.5(402) idle"]},
            ]
        },
        "expect": {"ok": False, "effects": [], "facts": {"ended": 0}},
    },
]
