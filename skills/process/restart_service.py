# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["process.down"]
# lookers = ["look_at_service", "find_config_error", "find_stale_lock", "find_port_holder"]
# when = ["service_cause == \"crashed\"", "not config_is_broken", "not stale_file_blocks", "port_holder_pid == 0"]
# share = "service_share"
# fill = {service = "service"}
# capabilities = ["service.status:{service}", "service.restart:{service}"]
# triggers = [
#   "service is down", "process crashed", "service crashed", "the app died", "process is dead", "daemon died",
#   "unit failed", "segfault", "core dumped", "code=exited status=1", "worker is down, restart",
#   "bring the service back up", "ServiceDown", "服务挂了", "进程崩溃", "服务崩了", "服务挂掉了", "进程挂了",
#   "进程没了", "进程崩了拉起来", "服务宕了", "拉起服务", "程序崩溃", "段错误", "服务不可用", "服务异常退出",
#   "拉起进程", "crashed, bring it up again", "worker died, restart it", "崩了拉起来", "崩溃后重新拉起",
# ]
# progress = ["starting", "activating"]
# ///
"""Restarts a service that crashed, through whoever supervises it: systemd, supervisord, runit, OpenRC or its init script."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    if state.is_running:
        return Outcome(ok=False, summary=f"{service} runs again (pid {state.pid}); nothing was done")
    host.service(service).restart()
    return Outcome(ok=True, summary=f"restarted {service} through {state.supervisor}; it was: {state.detail}")


CASES = [
    {
        "name": "restarts what is down",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}}
        },
        "expect": {"ok": True, "effects": ["service.restart shop"]},
    },
    {
        "name": "what runs again is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "is_running": True, "pid": 7}}},
        "expect": {"ok": False, "effects": []},
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
        "world": {"services": {"shop": {"is_running": False, "fails": True}}},
        "expect": {"ok": False, "effects": []},
    },
]
