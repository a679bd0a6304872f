# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 10
# settles = 0
# looks_at = ["redis.failed"]
# capabilities = ["exec:/usr/bin/redis-cli -p {port} info memory"]
# triggers = [
#   "Redis is out of memory", "OOM command not allowed", "OOM command not allowed when used memory > 'maxmemory'",
#   "redis maxmemory reached", "redis evicts keys", "redis memory usage", "redis fragmentation",
#   "how much memory does redis use", "evicted_keys", "Redis 内存用尽", "Redis 内存碎片", "redis 内存满了",
#   "redis 占用内存", "redis 内存多少", "redis 达到 maxmemory", "redis 淘汰 key", "redis OOM", "redis 内存使用率高",
# ]
# ///
"""Shows what a Redis holds against what it may hold, what it does at that limit, and how much is lost to fragmentation."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

FULL = 0.95
FRAGMENTED = 1.5
MUCH = 104857600


def run(host: Host, port: int = 6379) -> Outcome:
    shown = host.run(["/usr/bin/redis-cli", "-p", str(port), "info", "memory"])
    fields = dict(re.findall(r"^([a-z0-9_]+):(.*?)\r?$", shown.out, re.M))
    if shown.status != 0 or not fields.get("used_memory", "").isdigit():
        return Outcome(
            ok=False, summary=f"the Redis on port {port} does not tell: {(shown.err or shown.out).strip()[:200]}"
        )
    used, most = int(fields["used_memory"]), int(fields.get("maxmemory", "0"))
    resident = int(fields.get("used_memory_rss", "0"))
    policy = fields.get("maxmemory_policy", "")
    is_full = bool(most) and used >= FULL * most
    facts: dict[str, object] = {
        "redis_used_bytes": used,
        "redis_most_bytes": most,
        "redis_peak_bytes": int(fields.get("used_memory_peak", "0")),
        "redis_used_share": round(used / most, 3) if most else 0.0,
        "redis_policy": policy,
        "redis_is_full": is_full,
        "redis_refuses_writes_when_full": policy == "noeviction",
        "redis_is_fragmented": resident >= FRAGMENTED * used and resident - used >= MUCH,
        "redis_has_no_limit": not most,
    }
    limit = f"of {most} that it may hold, and at that limit {policy}" if most else "and has no limit"
    return Outcome(ok=True, summary=f"Redis holds {used} bytes {limit}; {resident} bytes are resident", facts=facts)


CASES = [
    {
        "name": "full, and it may evict nothing",
        "params": {"port": 6380},
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6380 info memory": (
                    "# Memory\r\nused_memory:950\r\nused_memory_rss:104858549\r\nused_memory_peak:960\r\n"
                    "maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "redis_used_bytes": 950,
                "redis_most_bytes": 1000,
                "redis_peak_bytes": 960,
                "redis_used_share": 0.95,
                "redis_policy": "noeviction",
                "redis_is_full": True,
                "redis_refuses_writes_when_full": True,
                "redis_is_fragmented": False,
                "redis_has_no_limit": False,
            },
        },
    },
    {
        "name": "fragmented, evicting, not yet full",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info memory": (
                    "used_memory:209715200\r\nused_memory_rss:314572800\r\nused_memory_peak:1\r\n"
                    "maxmemory:220753000\r\nmaxmemory_policy:allkeys-lru\r\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "redis_is_full": False,
                "redis_is_fragmented": True,
                "redis_refuses_writes_when_full": False,
                "redis_used_share": 0.95,
            },
        },
    },
    {
        "name": "no limit",
        "world": {"exec": {"/usr/bin/redis-cli -p 6379 info memory": "used_memory:950\r\nmaxmemory:0\r\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "redis_has_no_limit": True,
                "redis_is_full": False,
                "redis_used_share": 0.0,
                "redis_peak_bytes": 0,
                "redis_policy": "",
            },
        },
    },
    {
        "name": "it wants a password",
        "world": {"exec": {"/usr/bin/redis-cli -p 6379 info memory": "NOAUTH Authentication required.\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "nobody listens",
        "world": {
            "exec": {
                "/usr/bin/redis-cli -p 6379 info memory": {"status": 1, "out": "used_memory:1\n", "err": "refused"}
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
