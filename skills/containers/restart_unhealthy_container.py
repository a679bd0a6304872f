# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 15
# cures = ["container.down"]
# lookers = ["look_at_containers"]
# when = ["container_cause == \"unhealthy\""]
# share = "container_share"
# fill = {service = "container"}
# capabilities = ["service.status:{service}", "service.restart:{service}"]
# triggers = [
#   "container is unhealthy", "restart the unhealthy container", "health check of the container fails",
#   "docker health status unhealthy", "container runs but does not respond", "bounce the container", "docker restart",
#   "容器不健康", "重启容器", "容器健康检查失败", "容器 unhealthy", "容器没响应", "容器假死", "重启一下 docker 容器",
# ]
# progress = ["health: starting"]
# ///
"""Restarts a container that runs but calls itself unhealthy; never one that runs well, starts up, or ended."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor != "docker" or not state.is_running or "health: unhealthy" not in state.detail:
        return Outcome(ok=False, summary=f"{service} is not an unhealthy container ({state.detail}); nothing was done")
    host.service(service).restart()
    return Outcome(ok=True, summary=f"restarted the container {service}; it was: {state.detail}")


CASES = [
    {
        "name": "restarts what is unhealthy",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "docker", "pid": 7, "detail": "running, health: unhealthy"}}},
        "expect": {"ok": True, "effects": ["service.restart shop"]},
    },
    {
        "name": "what starts up is given its time",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "docker", "pid": 7, "detail": "running, health: starting"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what ended is not restarted by this",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "docker",
                    "is_running": False,
                    "detail": "exited, exit code 1, health: unhealthy",
                }
            }
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what is no container is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "systemd", "detail": "active running health: unhealthy"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a daemon that cannot do it is believed",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "detail": "running, health: unhealthy", "fails": True}}
        },
        "expect": {"ok": False, "effects": []},
    },
]
