# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.restarts"]
# lookers = ["look_at_service"]
# when = ["service_cause == \"crash loop\""]
# share = "service_share"
# fill = {service = "service", reason = "service_last_log"}
# capabilities = ["service.status:{service}", "service.stop:{service}"]
# triggers = ["crash loop", "restarts again and again", "反复重启", "崩溃循环"]
# ///
"""Stops a service that crashes as often as it is started, and says why: another restart repairs nothing and hides the reason."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

LOOPING = re.compile(r"BACKOFF|FATAL|auto-restart|start-limit-hit")


def run(host: Host, service: str, reason: str = "") -> Outcome:
    state = host.service(service).status()
    if state.restarts < 3 and not LOOPING.search(state.detail):
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
        "name": "one restart is no loop",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"restarts": 1, "detail": "active running"}}},
        "expect": {"ok": False, "effects": []},
    },
]
