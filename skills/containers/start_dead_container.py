# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 15
# cures = ["container.down"]
# lookers = ["look_at_containers"]
# when = ["container_has_died"]
# share = "container_share"
# fill = {service = "container"}
# capabilities = ["service.status:{service}", "service.start:{service}"]
# triggers = [
#   "container crashed", "start the dead container", "container exited with an error", "container exited (137)",
#   "container was OOM killed", "docker container is down", "docker start", "container stopped by itself",
#   "bring the container back", "容器崩溃", "启动容器", "容器挂了", "容器退出了", "容器异常退出", "容器被 OOM 杀掉",
#   "把容器拉起来", "容器停了启动它",
# ]
# progress = ["health: starting"]
# ///
"""Starts a container that ended with an error or was killed for want of memory; never one that somebody stopped, or a crash loop."""

from __future__ import annotations

import re

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    ended = re.match(r"(?:exited|dead), exit code (\d+)", state.detail)
    if state.supervisor != "docker" or state.is_running or not ended:
        return Outcome(ok=False, summary=f"{service} is not a dead container ({state.detail}); nothing was done")
    if ended[1] in {"0", "137", "143"} and "killed for want of memory" not in state.detail:
        return Outcome(ok=False, summary=f"somebody stopped {service} ({state.detail}); nothing was done")
    host.service(service).start()
    return Outcome(ok=True, summary=f"started the container {service}; it was: {state.detail}")


CASES = [
    {
        "name": "starts what crashed",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "docker", "is_running": False, "detail": "exited, exit code 7"}}},
        "expect": {"ok": True, "effects": ["service.start shop"]},
    },
    {
        "name": "starts what was killed for want of memory",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "docker",
                    "is_running": False,
                    "detail": "exited, exit code 137, killed for want of memory",
                }
            }
        },
        "expect": {"ok": True, "effects": ["service.start shop"]},
    },
    {
        "name": "what somebody killed stays down",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "is_running": False, "detail": "exited, exit code 137"}}
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what somebody stopped stays down",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "is_running": False, "detail": "exited, exit code 143"}}
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what ended its work stays down",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "docker", "is_running": False, "detail": "exited, exit code 0"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what docker starts again itself is left to it",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "is_running": False, "detail": "restarting, exit code 7"}}
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what runs again is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "docker", "detail": "exited, exit code 7"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what is no container is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "none", "is_running": False, "detail": "exited, exit code 7"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a daemon that cannot do it is believed",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {"supervisor": "docker", "is_running": False, "detail": "exited, exit code 7", "fails": True}
            }
        },
        "expect": {"ok": False, "effects": []},
    },
]
