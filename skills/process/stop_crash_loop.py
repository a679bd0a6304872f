# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.restarts"]
# lookers = ["look_at_service", "find_config_error", "find_stale_lock", "find_port_holder"]
# when = ["service_supervisor != \"none\"", "not config_is_broken", "not stale_file_blocks", "port_holder_pid == 0"]
# share = "service_share"
# fill = {service = "service", reason = "service_last_log"}
# capabilities = ["service.status:{service}", "service.stop:{service}"]
# triggers = [
#   "crash loop", "restarts again and again", "service keeps restarting", "start request repeated too quickly",
#   "flapping service", "restart counter is at", "restarted dozens of times", "service keeps crashing",
#   "start-limit-hit", "respawning too fast", "stop it from restarting", "反复重启", "崩溃循环", "服务一直重启",
#   "服务不停重启", "不断崩溃", "一直崩", "重启了几十次", "启动了就挂", "服务反复崩溃", "起来又挂", "循环重启",
#   "服务抖动",
# ]
# ///
"""Stops a service that crashes as often as it is started, and says why: another restart repairs nothing and hides the reason."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

LONG = 600
LOOPING = re.compile(r"BACKOFF|FATAL|auto-restart|start-limit-hit")


def run(host: Host, service: str, reason: str = "") -> Outcome:
    state = host.service(service).status()
    # A supervisor that keeps no count (-1) leaves it to the signal that woke us, unless the service has been up for long.
    is_looping = (
        state.restarts >= 3 or bool(LOOPING.search(state.detail)) or (state.restarts < 0 and state.since < LONG)
    )
    if not is_looping:
        return Outcome(ok=False, summary=f"{service} does not loop ({state.detail}); nothing was done")
    host.service(service).stop()
    why = reason or "its log says nothing about it"
    return Outcome(
        ok=True, summary=f"stopped {service}, which kept crashing ({state.detail}); the reason it gives: {why}"
    )


CASES = [
    {
        "name": "stops what systemd restarted six times, and says why",
        "params": {"service": "shop", "reason": "KeyError: DB_PASSWORD"},
        "world": {"services": {"shop": {"restarts": 6, "detail": "activating auto-restart exit-code"}}},
        "expect": {"ok": True, "effects": ["service.stop shop"]},
    },
    {
        "name": "stops what supervisord gives up on",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "supervisord",
                    "is_running": False,
                    "restarts": -1,
                    "detail": "BACKOFF Exited too quickly",
                }
            }
        },
        "expect": {"ok": True, "effects": ["service.stop shop"]},
    },
    {
        "name": "stops what runit starts every second and does not count",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "runit", "restarts": -1, "since": 1.0, "detail": "run since 1 s"}}
        },
        "expect": {"ok": True, "effects": ["service.stop shop"]},
    },
    {
        "name": "what has been up for an hour does not loop",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "restarts": -1, "since": 3600.0}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "one restart is no loop",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"restarts": 1, "detail": "active running"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "three restarts are a loop",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"restarts": 3, "detail": "active running"}}},
        "expect": {"ok": True, "effects": ["service.stop shop"]},
    },
    {
        "name": "a supervisor that counts no restart is believed",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"restarts": 0, "since": 5.0, "detail": "active running"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what has been up for ten minutes does not loop",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "restarts": -1, "since": 600.0, "detail": "run"}}},
        "expect": {"ok": False, "effects": []},
    },
]
