# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 5
# cures = ["redis.failed"]
# lookers = ["look_at_redis"]
# when = ["redis_cause == \"down\"", "redis_has_room", "redis_service != \"\""]
# share = "redis_share"
# fill = {service = "redis_service"}
# capabilities = ["service.status:{service}", "service.start:{service}", "process.list"]
# triggers = [
#   "Redis is down", "start Redis", "redis is not running", "redis crashed", "could not connect to redis",
#   "connection refused on port 6379", "redis connection refused", "bring redis up", "cache server is down",
#   "ECONNREFUSED 127.0.0.1:6379", "Redis 宕机", "启动 Redis", "redis 挂了", "redis 连不上", "redis 没启动",
#   "redis 停了", "6379 连接被拒绝", "连不上 redis", "把 redis 拉起来", "缓存挂了", "缓存连不上", "redis 崩了",
# ]
# progress = ["LOADING"]
# ///
"""Starts a Redis that is down, once there is room where it saves and no other serves that port; its loading is waited for."""

from __future__ import annotations

import re

from core.skill import Host, Outcome


def run(host: Host, service: str, port: int = 6379) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none" or state.is_running:
        return Outcome(ok=False, summary=f"{service} is {state.detail or 'not there to be started'}; nothing was done")
    if any(re.search(rf"redis-server .*:{port}\b", " ".join(one.argv)) for one in host.process.list()):
        return Outcome(ok=False, summary=f"another Redis serves port {port}; nothing was done")
    host.service(service).start()
    return Outcome(ok=True, summary=f"started {service} through {state.supervisor}; it was: {state.detail}")


CASES = [
    {
        "name": "starts what is down; a Redis on another port is not in the way",
        "params": {"service": "redis-server"},
        "world": {
            "services": {"redis-server": {"is_running": False, "detail": "failed"}},
            "processes": [{"pid": 9, "name": "redis-server", "argv": ["redis-server 127.0.0.1:63790"]}],
        },
        "expect": {"ok": True, "effects": ["service.start redis-server"]},
    },
    {
        "name": "another one serves that port",
        "params": {"service": "redis-server", "port": 6380},
        "world": {
            "services": {"redis-server": {"is_running": False, "detail": "failed"}},
            "processes": [{"pid": 9, "name": "redis-server", "argv": ["redis-server", "*:6380"]}],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what runs is left alone",
        "params": {"service": "redis-server"},
        "world": {"services": {"redis-server": {"is_running": True}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "redis"},
        "world": {"services": {"redis": {"supervisor": "none", "is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
]
