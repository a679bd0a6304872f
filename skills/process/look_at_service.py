# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts", "fd.used_percent"]
# capabilities = [
#   "service.status:{service}", "fs.list:/var/log", "fs.list:/var/log/{service}",
#   "fs.read:/var/log/{service}*", "fs.read:/var/log/{service}/*",
# ]
# quotes = ["service_last_log"]
# triggers = [
#   "is the service running", "why did the service stop", "service status", "why did it crash", "systemctl status",
#   "unit entered failed state", "Main process exited", "why does the service not start", "service failed to start",
#   "what happened to the service", "look at the service", "is the daemon alive", "服务是否在运行", "服务为什么停了",
#   "服务状态", "服务为什么挂了", "服务起不来", "服务启动失败", "服务怎么了", "看看服务", "服务正常吗",
#   "服务为什么崩溃", "服务在不在", "why is the service dead", "服务挂了怎么回事", "某个服务没在运行",
# ]
# ///
"""Shows how a service stands: its supervisor, its restarts, and how its log ends: what it says, a busy port, a lock in its way."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome, ServiceState

MOST_LOG = 262144
LOOPING = re.compile(r"BACKOFF|FATAL|auto-restart|start-limit-hit")
STOPPED = re.compile(r"there is no pid file|STOPPED|inactive dead|normally|disabled")
BUSY_PORT = re.compile(r"address already in use", re.I)
PORT = re.compile(r"(?:[:\s(,]|port )(\d{2,5})\b(?!\.)")
BLOCKED = re.compile(
    r"already running|(?:pid|lock) ?file.*exist|exist.*(?:pid|lock) ?file|(?:could not|cannot|failed to) (?:obtain|get|acquire).*lock",
    re.I,
)


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    log = last_lines(host, service)
    cause = cause_of(state)
    facts = {
        "service": service if state.supervisor != "none" else "",
        "service_supervisor": state.supervisor,
        "service_is_down": state.supervisor != "none" and not state.is_running,
        "service_restarts": state.restarts,
        "service_last_log": log[-1] if log else "",
        "service_says_blocked": any(BLOCKED.search(line) for line in log),
        "port_in_conflict": busy_port(log),
        "service_cause": cause,
        "service_is_in_trouble": cause != "none",
        "service_share": 0.0 if cause == "none" else 1.0,
    }
    return Outcome(ok=True, summary=in_words(state, log), facts=facts)


def cause_of(state: ServiceState) -> str:
    """What its supervisor makes of it; whether something keeps it from starting is for the other lookers."""
    if state.restarts >= 3 or LOOPING.search(state.detail):
        return "crash loop"
    if state.supervisor == "none" or state.is_running:
        return "none"
    return "stopped" if STOPPED.search(state.detail) else "crashed"


def busy_port(log: list[str]) -> int:
    """The port that it could not have, by the last line that complains of one."""
    line = next((line for line in reversed(log) if BUSY_PORT.search(line)), "")
    ports = PORT.findall(line)
    return int(ports[-1]) if ports else 0


def last_lines(host: Host, service: str) -> list[str]:
    """The last lines of its newest log, where it keeps one by its own name and the file is small enough to see its end."""
    logs = [file for file in listed(host, "/var/log") if file.name in {f"{service}.log", f"{service}.err"}]
    logs += [
        file for file in listed(host, f"/var/log/{service}") if re.fullmatch(r"current|[\w.-]+\.(?:log|err)", file.name)
    ]
    logs = [file for file in logs if file.kind == "file" and 0 < file.size <= MOST_LOG]
    if not logs:
        return []
    newest = min(logs, key=lambda file: file.age_days)
    return [line[:300] for line in host.read(newest.path, MOST_LOG).splitlines() if line.strip()][-10:]


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there or not ours to see."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return []


def in_words(state: ServiceState, log: list[str]) -> str:
    """One line of evidence."""
    stands = "running" if state.is_running else "not running"
    said = f"; its log ends with: {log[-1]}" if log else ""
    return f"{state.name} is {stands} under {state.supervisor}: {state.detail}{said}"


CASES = [
    {
        "name": "crashed under its init script",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "pidfile",
                    "is_running": False,
                    "restarts": -1,
                    "since": -1.0,
                    "detail": "/run/shop.pid names pid 7, which is not running",
                }
            },
            "files": {"/var/log": None, "/var/log/shop": None},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "pidfile",
                "service_is_down": True,
                "service_restarts": -1,
                "service_last_log": "",
                "service_says_blocked": False,
                "port_in_conflict": 0,
                "service_cause": "crashed",
                "service_is_in_trouble": True,
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "stopped in order",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": False, "detail": "inactive dead success"}},
            "files": {"/var/log": None, "/var/log/shop": None},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": True,
                "service_restarts": 0,
                "service_last_log": "",
                "service_says_blocked": False,
                "port_in_conflict": 0,
                "service_cause": "stopped",
                "service_is_in_trouble": True,
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "it runs, and its log has an end that is its own",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"pid": 7, "restarts": 2}},
            "files": {
                "/var/log/shop/current": {"text": "listening on 0.0.0.0:8080\n", "age_days": 1.0},
                "/var/log/shop.log": {"text": "started\n\nready\n  \n", "age_days": 0.1},
                "/var/log/shop.log.1": "gone\n",
                "/var/log/shop/notes.txt": "no log\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": False,
                "service_restarts": 2,
                "service_last_log": "ready",
                "service_says_blocked": False,
                "port_in_conflict": 0,
                "service_cause": "none",
                "service_is_in_trouble": False,
                "service_share": 0.0,
            },
        },
    },
    {
        "name": "its log says that a lock is in its way",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": False, "detail": "failed failed exit-code"}},
            "files": {
                "/var/log/shop": None,
                "/var/log/shop.log": "starting\nlock file /run/lock/shop exists, giving up\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": True,
                "service_restarts": 0,
                "service_last_log": "lock file /run/lock/shop exists, giving up",
                "service_says_blocked": True,
                "port_in_conflict": 0,
                "service_cause": "crashed",
                "service_is_in_trouble": True,
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "somebody has its port",
        "params": {"service": "shop"},
        "world": {
            "services": {
                "shop": {
                    "supervisor": "supervisord",
                    "is_running": False,
                    "restarts": -1,
                    "detail": "FATAL Exited too quickly (process log may have details)",
                }
            },
            "files": {
                "/var/log/shop/shop.err": "OSError: [Errno 98] Address already in use: ('0.0.0.0', 8080)\ngiving up\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "supervisord",
                "service_is_down": True,
                "service_restarts": -1,
                "service_last_log": "giving up",
                "service_says_blocked": False,
                "port_in_conflict": 8080,
                "service_cause": "crash loop",
                "service_is_in_trouble": True,
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "three starts in ten minutes are a loop, also while it runs",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"restarts": 3, "detail": "active running"}},
            "files": {"/var/log/shop": None, "/var/log/shop.log": "KeyError: DB_PASSWORD\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": False,
                "service_restarts": 3,
                "service_last_log": "KeyError: DB_PASSWORD",
                "service_says_blocked": False,
                "port_in_conflict": 0,
                "service_cause": "crash loop",
                "service_is_in_trouble": True,
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "nobody supervises it, and its log is too long to be read to its end",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "none", "is_running": False, "detail": "not found"}},
            "files": {"/var/log/shop": None, "/var/log/shop.log": {"size": 262145}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "",
                "service_supervisor": "none",
                "service_is_down": False,
                "service_restarts": 0,
                "service_last_log": "",
                "service_says_blocked": False,
                "port_in_conflict": 0,
                "service_cause": "none",
                "service_is_in_trouble": False,
                "service_share": 0.0,
            },
        },
    },
]
