# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# on_request = true
# capabilities = ["service.status:{service}", "service.restart:{service}"]
# triggers = [
#   "restart this service now", "restart nginx on that host", "please restart redis", "bounce the app", "kick the service",
#   "systemctl restart php-fpm", "cycle the daemon", "restart it although it runs", "重启一下 nginx",
#   "把 redis 重启一下", "帮我重启这个服务", "重启 web-2 上的服务", "服务重启下", "手动重启", "restart the service",
#   "systemctl restart", "restart the worker", "restart the daemon on that host", "重启服务", "重启一下服务",
#   "把服务重启一下", "麻烦重启下", "重启某个服务", "restart redis", "restart mysql", "restart the exporter",
#   "restart haproxy on lb-1", "give postgres a restart", "重启 redis", "重启下 mysql", "重启 exporter", "nginx 重启下",
#   "重启 postgres",
# ]
# ///
"""Restarts one service because a person asked for it, running or not, through whoever supervises it; refuses what nobody supervises."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    host.service(service).restart()
    was = f"it ran with pid {state.pid}" if state.is_running else f"it was down: {state.detail}"
    return Outcome(
        ok=True,
        summary=f"restarted {service} through {state.supervisor}; {was}",
        facts={"service_ran_before": state.is_running},
    )


CASES = [
    {
        "name": "what runs is restarted",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "is_running": True, "pid": 7}}},
        "expect": {"ok": True, "effects": ["service.restart shop"], "facts": {"service_ran_before": True}},
    },
    {
        "name": "what is down is started by it",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}}
        },
        "expect": {"ok": True, "effects": ["service.restart shop"], "facts": {"service_ran_before": False}},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "none", "is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a supervisor that cannot do it is believed",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"is_running": True, "fails": True}}},
        "expect": {"ok": False, "effects": []},
    },
]
