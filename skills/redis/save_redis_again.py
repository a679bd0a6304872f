# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 30
# settles = 5
# cures = ["redis.failed"]
# lookers = ["look_at_redis"]
# when = ["redis_cause == \"save\"", "redis_has_room", "not redis_is_saving"]
# share = "redis_share"
# capabilities = ["exec:/usr/bin/redis-cli -p {port} info persistence", "exec:/usr/bin/redis-cli -p {port} bgsave"]
# triggers = [
#   "MISCONF Redis is configured to save RDB snapshots", "redis refuses writes", "redis cannot save", "bgsave failed",
#   "Background saving error", "redis snapshot failed", "stop-writes-on-bgsave-error",
#   "redis is read only because of a failed save", "rdb save failed", "unable to persist on disk", "Redis 快照失败",
#   "Redis 拒绝写入", "redis 写不进去", "redis 不能写", "redis 无法写入", "rdb 保存失败", "bgsave 失败",
#   "redis 持久化失败", "redis 报 MISCONF", "redis 不让写",
# ]
# progress = ["a new snapshot is being written"]
# ///
"""Has Redis write its snapshot again once there is room, after which it takes writes; its guard against losing data stays on."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

REFUSED = re.compile(r"ERR|NOAUTH|NOPERM|LOADING|\(error\)")


def run(host: Host, port: int = 6379) -> Outcome:
    cli = ["/usr/bin/redis-cli", "-p", str(port)]
    saved = dict(re.findall(r"^([a-z0-9_]+):(.*?)\r?$", host.run([*cli, "info", "persistence"]).out, re.M))
    if saved.get("rdb_last_bgsave_status") != "err" or saved.get("rdb_bgsave_in_progress") != "0":
        return Outcome(
            ok=False, summary="its last snapshot did not fail, or another is being written; nothing was done"
        )
    answer = host.run([*cli, "bgsave"])
    is_refused = answer.status != 0 or REFUSED.match(answer.out)
    return Outcome(
        ok=not is_refused, summary=f"Redis on port {port} was asked for a snapshot: {answer.out.strip()[:200]}"
    )


CASES = [
    {
        "name": "asks for a snapshot where the last one failed",
        "params": {"port": 6380},
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6380 info persistence": "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:err\r\n",
                "/usr/bin/redis-cli -p 6380 bgsave": "Background saving started\n",
            }
        },
        "expect": {"ok": True, "effects": ["exec /usr/bin/redis-cli -p 6380 bgsave"]},
    },
    {
        "name": "Redis refuses",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:err\r\n",
                "/usr/bin/redis-cli -p 6379 bgsave": "ERR Background save already in progress\n",
            }
        },
        "expect": {"ok": False, "effects": ["exec /usr/bin/redis-cli -p 6379 bgsave"]},
    },
    {
        "name": "Redis went away meanwhile",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:err\r\n",
                "/usr/bin/redis-cli -p 6379 bgsave": {"status": 1, "out": "Background saving started\n"},
            }
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "one is being written already",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": "rdb_bgsave_in_progress:1\r\nrdb_last_bgsave_status:err\r\n"
            }
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "the last one was good",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:ok\r\n"
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
