# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 5
# on_request = true
# capabilities = ["service.status:{service}", "service.reload:{service}"]
# triggers = [
#   "reload this service", "reload nginx on web-1", "make haproxy read its config again", "send it a SIGHUP",
#   "systemctl reload", "reread the configuration", "让 nginx 重新加载配置", "重载一下服务", "热加载配置", "平滑重载",
#   "reload the service on that host", "service reload", "服务 reload 一下", "重新加载服务配置", "不重启让它重读配置",
# ]
# ///
"""Lets one running service read its configuration again because a person asked for it; starts nothing that is down."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    if not state.is_running:
        return Outcome(ok=False, summary=f"{service} is down: {state.detail}; nothing was done")
    host.service(service).reload()
    return Outcome(ok=True, summary=f"reloaded {service} (pid {state.pid}) through {state.supervisor}")


CASES = [
    {
        "name": "what runs is reloaded",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "is_running": True, "pid": 7}}},
        "expect": {"ok": True, "effects": ["service.reload shop"]},
    },
    {
        "name": "what is down is not started by it",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}}
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "none", "is_running": True}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a supervisor that cannot do it is believed",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"is_running": True, "fails": True}}},
        "expect": {"ok": False, "effects": []},
    },
]
