# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["process.down"]
# lookers = ["look_at_service", "find_config_error", "find_stale_lock", "find_port_holder"]
# when = ["service_cause == \"stopped\"", "not config_is_broken", "not stale_file_blocks", "port_holder_pid == 0"]
# share = "service_share"
# fill = {service = "service"}
# capabilities = ["service.status:{service}", "service.start:{service}"]
# triggers = [
#   "service is stopped", "start the service", "service was stopped by somebody", "inactive (dead)",
#   "somebody stopped it", "systemctl start", "service is not started", "start it again", "enable and start the unit",
#   "it was shut down by hand", "turn the service on", "服务已停止", "启动服务", "服务停了", "服务被停了",
#   "有人停了服务", "服务没启动", "开启服务", "把服务开起来", "服务被关了", "启动一下服务", "服务被人停掉",
#   "service is not running", "服务没在运行", "被人停掉的服务起起来", "有人把它停了再起起来",
# ]
# progress = ["starting", "activating"]
# ///
"""Starts a service that was stopped in order and is watched all the same; somebody may have meant it, so look who was here."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    if state.is_running:
        return Outcome(ok=False, summary=f"{service} runs again (pid {state.pid}); nothing was done")
    host.service(service).start()
    return Outcome(ok=True, summary=f"started {service} through {state.supervisor}; it was: {state.detail}")


CASES = [
    {
        "name": "starts what is down",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}}
        },
        "expect": {"ok": True, "effects": ["service.start shop"]},
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
