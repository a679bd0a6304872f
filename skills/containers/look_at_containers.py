# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 30
# settles = 0
# looks_at = ["container.down"]
# capabilities = ["service.status:{service}", "exec:/usr/bin/docker ps -a"]
# triggers = [
#   "which containers are unhealthy", "why did the container stop", "list the containers and their state",
#   "docker ps shows exited", "container keeps restarting", "CrashLoopBackOff", "container status",
#   "which containers are down", "why does the container restart", "docker inspect", "哪些容器不健康",
#   "容器为什么停了", "容器状态", "哪些容器挂了", "容器状态不正常", "容器一直重启", "容器为什么重启",
#   "看看 docker 容器", "docker ps",
# ]
# ///
"""Shows how a docker container stands and names one cause; also which others are unhealthy, restarting, or ended with an error."""

from __future__ import annotations

import re

from core.skill import Host, Outcome, ServiceState

ENDED_ON_PURPOSE = ("0", "137", "143")
LOOP = 3


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    others = {name: status for name, status in listed(host.run(["/usr/bin/docker", "ps", "-a"]).out) if name != service}
    cause = cause_of(state)
    ill = {name: status for name, status in others.items() if is_ill(status)}
    facts: dict[str, object] = {
        "container": service if state.supervisor == "docker" else "",
        "container_cause": cause,
        "container_restarts": state.restarts,
        "container_has_died": cause in {"crashed", "out of memory"},
        "container_share": 0.0 if cause in {"none", "missing"} else 1.0,
        "containers_ill": len(ill),
        "containers_ill_names": ", ".join(sorted(ill))[:300],
    }
    said = [f"{service}: {state.detail}" if facts["container"] else f"docker has no container {service}"]
    said += [f"{name}: {status}" for name, status in sorted(ill.items())][:5]
    return Outcome(ok=True, summary="; ".join(said)[:600], facts=facts)


def listed(table: str) -> list[tuple[str, str]]:
    """Name and status of each container; the columns stand where the header says."""
    lines = table.splitlines()
    if not lines or "STATUS" not in lines[0] or "NAMES" not in lines[0]:
        return []
    status, ports, names = (lines[0].index(word) for word in ("STATUS", "PORTS", "NAMES"))
    return [(line[names:].strip(), line[status:ports].strip()) for line in lines[1:]]


def is_ill(status: str) -> bool:
    """Unhealthy, restarting, dead, or ended with an error that nobody meant."""
    ended = re.match(r"Exited \((\d+)\)", status)
    if ended:
        return ended[1] not in ENDED_ON_PURPOSE
    return "(unhealthy)" in status or status.startswith(("Restarting", "Dead"))


def cause_of(state: ServiceState) -> str:
    """One word for why it does not do its work."""
    if state.supervisor != "docker":
        return "missing"
    if state.detail.startswith("restarting") or state.restarts >= LOOP:
        return "crash loop"
    if state.is_running:
        return "unhealthy" if "health: unhealthy" in state.detail else "none"
    if "killed for want of memory" in state.detail:
        return "out of memory"
    code = re.match(r"(?:exited|dead), exit code (\d+)", state.detail)
    return "crashed" if code and code[1] not in ENDED_ON_PURPOSE else "stopped"


CASES = [
    {
        "name": "it runs and calls itself unhealthy; one beside it restarts, one ended with an error, two were stopped",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {"supervisor": "docker", "pid": 7, "restarts": 0, "detail": "running, health: unhealthy"}
            },
            "exec": {
                "/usr/bin/docker ps -a": (
                    "CONTAINER ID   IMAGE     COMMAND   CREATED       STATUS                     PORTS     NAMES\n"
                    '0123456789ab   shop:1    "run"     2 hours ago   Up 2 hours (unhealthy)     80/tcp    shop\n'
                    '1123456789ab   shop:1    "run"     2 hours ago   Restarting (1) 2s ago                worker\n'
                    '2123456789ab   shop:1    "run"     2 hours ago   Exited (2) 2 hours ago               batch\n'
                    '3123456789ab   shop:1    "run"     2 hours ago   Exited (0) 2 hours ago               done\n'
                    '4123456789ab   shop:1    "run"     2 hours ago   Exited (143) 2 hours ago             off\n'
                    '5123456789ab   shop:1    "run"     2 hours ago   Up 2 hours (unhealthy)     80/tcp    api\n'
                    '6123456789ab   shop:1    "run"     2 hours ago   Up 2 hours (healthy)       80/tcp    good\n'
                    '7123456789ab   shop:1    "run"     2 hours ago   Dead                                 old\n'
                )
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "container": "shop",
                "container_cause": "unhealthy",
                "container_restarts": 0,
                "container_has_died": False,
                "container_share": 1.0,
                "containers_ill": 4,
                "containers_ill_names": "api, batch, old, worker",
            },
        },
    },
    {
        "name": "it ended with an error of its own",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {"supervisor": "docker", "is_running": False, "restarts": 0, "detail": "exited, exit code 7"}
            },
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "container": "shop",
                "container_cause": "crashed",
                "container_has_died": True,
                "container_share": 1.0,
                "containers_ill": 0,
                "containers_ill_names": "",
            },
        },
    },
    {
        "name": "it was killed for want of memory",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "docker",
                    "is_running": False,
                    "restarts": 2,
                    "detail": "exited, exit code 137, killed for want of memory",
                }
            },
            "exec": {"/usr/bin/docker ps -a": "permission denied\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"container_cause": "out of memory", "container_has_died": True, "container_restarts": 2},
        },
    },
    {
        "name": "somebody stopped it",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {"supervisor": "docker", "is_running": False, "restarts": 0, "detail": "exited, exit code 143"}
            },
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"container_cause": "stopped", "container_has_died": False, "container_share": 1.0},
        },
    },
    {
        "name": "it crashes again and again, and runs for a moment",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "restarts": 3, "detail": "running, health: unhealthy"}},
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"container_cause": "crash loop", "container_has_died": False, "container_restarts": 3},
        },
    },
    {
        "name": "it waits to be started again",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "docker",
                    "is_running": False,
                    "restarts": 1,
                    "detail": "restarting, exit code 1",
                }
            },
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {"ok": True, "effects": [], "facts": {"container_cause": "crash loop"}},
    },
    {
        "name": "all is well",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "docker", "restarts": 2, "detail": "running, health: starting"}},
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {"ok": True, "effects": [], "facts": {"container_cause": "none", "container_share": 0.0}},
    },
    {
        "name": "docker does not know it",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "none", "is_running": False, "detail": "exited, exit code 7"}},
            "exec": {"/usr/bin/docker ps -a": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"container": "", "container_cause": "missing", "container_share": 0.0},
        },
    },
]
