# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["postgres.failed"]
# capabilities = ["process.list"]
# quotes = ["idle_who", "abandoned_who"]
# triggers = [
#   "too many clients", "who holds the database connections", "count the database sessions",
#   "which app uses most connections", "connections per client", "pg_stat_activity",
#   "how many connections does the database have", "idle sessions", "连接数耗尽", "谁占用了数据库连接",
#   "数据库连接是谁的", "哪个应用占用连接最多", "统计数据库连接", "数据库有多少连接", "空闲会话", "查看数据库会话",
# ]
# ///
"""Counts a PostgreSQL's sessions by what their processes say they do, and names the client that holds most of them without using them."""

from __future__ import annotations

import re

from core.skill import Host, Outcome, Process

SESSION = re.compile(r"postgres: (?:\S+: )?(?P<who>\S+ \S+) (?P<peer>\[local\]|\S+\(\d+\)) (?P<does>\S.*?) *")
IDLE = "idle"
ABANDONED = ("idle in transaction", "idle in transaction (aborted)")
MOST_ENDED = 40
CROWD = 10


def run(host: Host) -> Outcome:
    sessions = [(one, seen) for one in host.process.list() if (seen := SESSION.fullmatch(" ".join(one.argv)))]
    total = len(sessions)
    facts: dict[str, object] = {"sessions": total, "sessions_are_many": total >= CROWD}
    said = [f"PostgreSQL has {total} sessions"]
    for name, states in (("idle", (IDLE,)), ("abandoned", ABANDONED)):
        by_who: dict[str, list[Process]] = {}
        for one, seen in sessions:
            if seen["does"] in states:
                by_who.setdefault(seen["who"], []).append(one)
        who = max(by_who, key=lambda key: len(by_who[key]), default="")
        oldest = sorted(by_who.get(who, []), key=lambda one: one.started)
        count = sum(map(len, by_who.values()))
        facts |= {
            f"{name}_sessions": count,
            f"{name}_share": round(count / total, 3) if total else 0.0,
            f"{name}_who": who,
            f"{name}_ended": [f"{one.pid}:{one.started}" for one in oldest[: min((len(oldest) + 1) // 2, MOST_ENDED)]],
        }
        said.append(f"{count} {name}, most of them of {who}" if who else f"none {name}")
    return Outcome(ok=True, summary="; ".join(said), facts=facts)


CASES = [
    {
        "name": "a pool leaks: half of what its client leaves idle would be ended, the oldest first",
        "world": {
            "processes": [
                {"pid": 2, "name": "postgres", "argv": ["/usr/lib/postgresql/15/bin/postgres", "-D", "/srv/db/main"]},
                {"pid": 3, "name": "postgres", "argv": ["postgres: checkpointer "]},
                {"pid": 4, "name": "postgres", "argv": ["postgres: walsender repl 10.0.0.9(44) streaming 0/1"]},
                {"pid": 11, "name": "postgres", "started": 30, "argv": ["postgres: app shop 10.0.0.5(401) idle "]},
                {"pid": 12, "name": "postgres", "started": 20, "argv": ["postgres: 15/main: app shop [local] idle"]},
                {"pid": 13, "name": "postgres", "started": 40, "argv": ["postgres: app shop 10.0.0.5(403) idle"]},
                {"pid": 14, "name": "postgres", "started": 10, "argv": ["postgres: bi shop 10.0.0.6(404) idle"]},
                {"pid": 15, "name": "postgres", "argv": ["postgres: app shop 10.0.0.5(405) SELECT"]},
                {"pid": 16, "name": "postgres", "argv": ["postgres: app shop 10.0.0.5(406) idle in transaction"]},
                {"pid": 17, "name": "postgres", "argv": ["postgres: app shop 10.0.0.5(407) UPDATE waiting"]},
                {"pid": 18, "name": "postgres", "argv": ["postgres: bi s ::1(408) idle in transaction (aborted)"]},
            ]
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "sessions": 9,
                "sessions_are_many": False,
                "idle_sessions": 4,
                "idle_share": 0.444,
                "idle_who": "app shop",
                "idle_ended": ["12:20", "11:30"],
                "abandoned_sessions": 2,
                "abandoned_share": 0.222,
                "abandoned_who": "app shop",
                "abandoned_ended": ["16:100"],
            },
        },
    },
    {
        "name": "ten are many",
        "world": {
            "processes": [
                {"pid": 11, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 12, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 13, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 14, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 15, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 16, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 17, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 18, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 19, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
                {"pid": 20, "name": "postgres", "argv": ["postgres: a b [local] SELECT"]},
            ]
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"sessions": 10, "sessions_are_many": True, "idle_share": 0.0, "idle_who": "", "idle_ended": []},
        },
    },
    {
        "name": "no PostgreSQL, no sessions",
        "world": {"processes": [{"pid": 2, "name": "cron"}]},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "sessions": 0,
                "sessions_are_many": False,
                "idle_sessions": 0,
                "idle_share": 0.0,
                "abandoned_share": 0.0,
            },
        },
    },
]
