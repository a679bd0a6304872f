# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts", "fd.used_percent"]
# capabilities = [
#   "service.status:{service}", "process.list", "exec:/usr/bin/ss -Hltnp", "exec:/usr/sbin/nginx -t", "exec:/usr/sbin/apachectl -t",
#   "exec:/usr/sbin/named-checkconf", "exec:/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg",
#   "fs.read:/proc/stat", "fs.read:/proc/*/cgroup",
#   "fs.list:/run", "fs.list:/run/lock", "fs.list:/run/{service}", "fs.list:/var/log", "fs.list:/var/log/{service}",
#   "fs.read:/run/*.pid", "fs.read:/run/{service}/*.pid", "fs.read:/run/lock/*",
#   "fs.read:/var/log/{service}*", "fs.read:/var/log/{service}/*",
# ]
# triggers = ["is the service running", "why did the service stop", "服务是否在运行", "服务为什么停了"]
# ///
"""Shows how a service stands: its supervisor, restarts, last log line, a pid or lock file of a dead owner, who holds its port."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome, Process, ServiceState

TICKS = 100
MOST_LOG = 262144
LOOPING = re.compile(r"BACKOFF|FATAL|auto-restart|start-limit-hit")
STOPPED = re.compile(r"there is no pid file|STOPPED|inactive dead|normally|disabled")
BUSY_PORT = re.compile(r"address already in use", re.I)
PORT = re.compile(r"(?:[:\s(,]|port )(\d{2,5})\b(?!\.)")
TESTS = {
    "nginx": ["/usr/sbin/nginx", "-t"],
    "apache2": ["/usr/sbin/apachectl", "-t"],
    "named": ["/usr/sbin/named-checkconf"],
    "haproxy": ["/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"],
}
MISTAKE_AT = re.compile(r"(?:in |on line (?P<before>\d+) of |: )?(?P<file>/etc/[\w./@+-]+)(?::(?P<line>\d+))?")
STRAY = re.compile(r"/sites-enabled/[^/]+(?:\.(?:bak|orig|old|save|swp|dpkg-\w+|ucf-\w+|rpm\w+|\d{8})|~)$")
BLOCKED = re.compile(
    r"already running|(?:pid|lock) ?file.*exist|exist.*(?:pid|lock) ?file|(?:could not|cannot|failed to) (?:obtain|get|acquire).*lock",
    re.I,
)


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    processes = host.process.list()
    log = last_lines(host, service)
    stale = stale_owner_files(host, service, processes)
    is_looping = state.restarts >= 3 or bool(LOOPING.search(state.detail))
    facts: dict[str, object] = {
        "service": service if state.supervisor != "none" else "",
        "service_supervisor": state.supervisor,
        "service_is_down": state.supervisor != "none" and not state.is_running,
        "service_was_stopped": not state.is_running and bool(STOPPED.search(state.detail)),
        "service_restarts": state.restarts,
        "service_is_looping": is_looping,
        "service_last_log": log[-1] if log else "",
    }
    facts |= of_files(stale, blocked=any(BLOCKED.search(line) for line in log))
    facts |= of_port(host, log, processes)
    facts |= of_configuration(host, state, is_wanted=is_looping or not state.is_running)
    facts["service_cause"] = cause_of(facts)
    facts["service_share"] = 0.0 if facts["service_cause"] == "none" else 1.0
    return Outcome(ok=True, summary=in_words(state, facts), facts=facts)


def cause_of(facts: dict[str, object]) -> str:
    """The one cause that explains the trouble, so that a cure for a symptom is never proposed beside the cure for its cause."""
    if not facts["service_is_down"] and not facts["service_is_looping"]:
        return "none"
    if facts["config_is_broken"]:
        return "configuration"
    if facts["port_holder_pid"]:
        return "port"
    if facts["stale_file_blocks"]:
        return "stale file"
    if facts["service_is_looping"]:
        return "crash loop"
    return "stopped" if facts["service_was_stopped"] else "crashed"


def of_configuration(host: Host, state: ServiceState, *, is_wanted: bool) -> dict[str, object]:
    """What the program itself says of its configuration; a test that lacked the rights to read it says nothing."""
    test = TESTS.get(state.name) if is_wanted and state.supervisor != "none" else None
    fine: dict[str, object] = {"config_service": state.name, "config_is_broken": False, "config_share": 0.0}
    if test is None:
        return fine
    tested = host.run(test)
    said = tested.err + tested.out
    if tested.status in {0, 127} or "Permission denied" in said:
        return fine
    where = MISTAKE_AT.search(said)
    return fine | {
        "config_is_broken": True,
        "config_share": 1.0,
        "config_error": said.strip()[:300],
        "broken_config_file": where["file"] if where else "",
        "broken_config_is_stray": bool(where and STRAY.search(where["file"])),
        "broken_config_line": int(where["line"] or where["before"] or 0) if where else 0,
    }


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


def stale_owner_files(host: Host, service: str, processes: list[Process]) -> list[tuple[File, int]]:
    """Pid and lock files by the service's name whose owner is provably dead: no such pid, or a process younger than the file."""
    names = {f"{service}.pid", f"{service}.lock", service}
    files = [
        file for place in ("/run", "/run/lock", f"/run/{service}") for file in listed(host, place) if file.name in names
    ]
    files = [file for file in files if file.kind == "file" and (file.name != service or "/lock/" in file.path)]
    if not files:
        return []
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", MOST_LOG), re.M)
    started = {process.pid: int(booted[1]) + process.started / TICKS for process in processes} if booted else {}
    stale = []
    for file in files:
        pid = host.read(file.path, 32).strip()
        written = host.now - file.age_days * 86400
        if pid.isdigit() and booted and (int(pid) not in started or started[int(pid)] > written + 2):
            stale.append((file, int(pid)))
    return stale


def of_files(stale: list[tuple[File, int]], *, blocked: bool) -> dict[str, object]:
    """The first stale file, and whether the log says that it keeps the service from starting."""
    file, pid = stale[0] if stale else (None, 0)
    return {"stale_file": file.path if file else "", "stale_file_pid": pid, "stale_file_blocks": bool(file) and blocked}


def of_port(host: Host, log: list[str], processes: list[Process]) -> dict[str, object]:
    """Who holds the port that the log complains about."""
    line = next((line for line in reversed(log) if BUSY_PORT.search(line)), "")
    ports = PORT.findall(line)
    nobody: dict[str, object] = {"port_in_conflict": int(ports[-1]) if ports else 0, "port_holder_pid": 0}
    if not ports:
        return nobody
    for listener in host.run(["/usr/bin/ss", "-Hltnp"]).out.splitlines():
        words = listener.split()
        holder = re.search(r"pid=(\d+)", listener)
        if len(words) > 4 and words[3].rpartition(":")[2] == ports[-1] and holder:
            found = next((one for one in processes if one.pid == int(holder[1])), None)
            if found:
                owner = service_of(host, found, {one.pid: one for one in processes})
                facts = {
                    "port_holder_pid": found.pid,
                    "port_holder_started": found.started,
                    "port_holder_process": found.name,
                }
                return nobody | facts | {"port_holder_service": owner, "port_holder_is_unsupervised": not owner}
    return nobody


def service_of(host: Host, process: Process, by_pid: dict[int, Process]) -> str:
    """The service that a process or one of its parents belongs to, by runit, pid file or cgroup; empty if nothing says so."""
    line = [process]
    while line[-1].parent > 1 and line[-1].parent in by_pid and len(line) < 20:
        line.append(by_pid[line[-1].parent])
    for one in line:
        if one.name == "runsv" and len(one.argv) == 2:
            return one.argv[1].rpartition("/")[2]
    pids = {str(one.pid) for one in line}
    for file in host.list("/run"):
        if file.kind == "file" and file.name.endswith(".pid") and host.read(file.path, 32).strip() in pids:
            return file.name.removesuffix(".pid")
    unit = re.search(r"/(?!user@)([\w@.-]+)\.service$", host.read(f"/proc/{process.pid}/cgroup"), re.M)
    return unit[1] if unit else ""


def in_words(state: ServiceState, facts: dict[str, object]) -> str:
    """One line of evidence."""
    said = [
        f"{state.name} is {'running' if state.is_running else 'not running'} under {state.supervisor}: {state.detail}"
    ]
    if facts["port_holder_pid"]:
        owner = facts["port_holder_service"] or "no service"
        said.append(
            f"its port {facts['port_in_conflict']} is held by {facts['port_holder_process']} (pid {facts['port_holder_pid']}, {owner})"
        )
    if facts["stale_file"]:
        said.append(f"{facts['stale_file']} names the dead process {facts['stale_file_pid']}")
    if facts["config_is_broken"]:
        said.append(f"its configuration fails its own test: {facts['config_error']}")
    if facts["service_last_log"]:
        said.append(f"its log ends with: {facts['service_last_log']}")
    return "; ".join(said)


CASES = [
    {
        "name": "its own test says which line of its configuration keeps it down",
        "params": {"service": "nginx"},
        "world": {
            "services": {"nginx": {"supervisor": "pidfile", "is_running": False, "detail": "there is no pid file"}},
            "files": {"/run/nginx": None, "/run/lock": None, "/run": None, "/var/log/nginx": None, "/var/log": None},
            "exec": {
                "/usr/sbin/nginx -t": {
                    "status": 1,
                    "err": 'nginx: [emerg] unexpected ";" in /etc/nginx/sites-enabled/shop:1\n',
                }
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "nginx",
                "service_supervisor": "pidfile",
                "service_is_down": True,
                "service_was_stopped": True,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "nginx",
                "config_is_broken": True,
                "config_share": 1.0,
                "config_error": 'nginx: [emerg] unexpected ";" in /etc/nginx/sites-enabled/shop:1',
                "broken_config_file": "/etc/nginx/sites-enabled/shop",
                "broken_config_is_stray": False,
                "broken_config_line": 1,
                "service_cause": "configuration",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "who looks may not read all of it, so that the test says nothing",
        "params": {"service": "apache2"},
        "world": {
            "services": {"apache2": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}},
            "files": {
                "/run/apache2": None,
                "/run/lock": None,
                "/run": None,
                "/var/log/apache2": None,
                "/var/log": None,
            },
            "exec": {"/usr/sbin/apachectl -t": {"status": 1, "err": "AH: could not open: Permission denied"}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "apache2",
                "service_supervisor": "pidfile",
                "service_is_down": True,
                "service_was_stopped": False,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "apache2",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "crashed",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "crashed under its init script: its pid file names a dead process",
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
            "files": {
                "/run/shop.pid": {"text": "7\n", "age_days": 0.01},
                "/run/lock": None,
                "/run/shop": None,
                "/var/log/shop": None,
                "/var/log": None,
                "/proc/stat": "cpu 1\nbtime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "pidfile",
                "service_is_down": True,
                "service_was_stopped": False,
                "service_restarts": -1,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "/run/shop.pid",
                "stale_file_pid": 7,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "crashed",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "its lock file keeps it from starting, and its owner is a later process",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": False, "detail": "failed failed exit-code"}},
            "processes": [{"pid": 7, "name": "cron", "started": 22000000}],
            "files": {
                "/run/lock/shop": {"text": "7\n", "age_days": 0.1},
                "/run/shop": None,
                "/var/log/shop": None,
                "/var/log/shop.log": "starting\nlock file /run/lock/shop exists, giving up\n",
                "/proc/stat": "btime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": True,
                "service_was_stopped": False,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "lock file /run/lock/shop exists, giving up",
                "stale_file": "/run/lock/shop",
                "stale_file_pid": 7,
                "stale_file_blocks": True,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "stale file",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "a live owner's pid file is not stale",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": True, "pid": 7}},
            "processes": [{"pid": 7, "name": "shop", "started": 1000}],
            "files": {
                "/run/shop.pid": {"text": "7\n", "age_days": 0.1},
                "/run/lock": None,
                "/run/shop": None,
                "/var/log/shop": None,
                "/var/log": None,
                "/proc/stat": "btime 1767000000\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": False,
                "service_was_stopped": False,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "none",
                "service_share": 0.0,
            },
        },
    },
    {
        "name": "a stranger holds its port",
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
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'},
            "files": {
                "/var/log/shop/shop.log": "OSError: [Errno 98] Address already in use: ('0.0.0.0', 8080)\n",
                "/run/lock": {"kind": "dir"},
                "/run/shop": None,
                "/proc/9/cgroup": "0::/user.slice/user-0.slice/session-1.scope\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "supervisord",
                "service_is_down": True,
                "service_was_stopped": False,
                "service_restarts": -1,
                "service_is_looping": True,
                "service_last_log": "OSError: [Errno 98] Address already in use: ('0.0.0.0', 8080)",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 8080,
                "port_holder_pid": 9,
                "port_holder_started": 60,
                "port_holder_process": "python3",
                "port_holder_service": "",
                "port_holder_is_unsupervised": True,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "port",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "it crashes again and again",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": True, "restarts": 6, "detail": "active running"}},
            "files": {
                "/run": {"kind": "dir"},
                "/run/lock": None,
                "/run/shop": None,
                "/var/log/shop": None,
                "/var/log/shop.log": "KeyError: DB_PASSWORD\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": False,
                "service_was_stopped": False,
                "service_restarts": 6,
                "service_is_looping": True,
                "service_last_log": "KeyError: DB_PASSWORD",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "crash loop",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "stopped in order",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"is_running": False, "detail": "inactive dead success"}},
            "files": {
                "/run": {"kind": "dir"},
                "/run/lock": None,
                "/run/shop": None,
                "/var/log": None,
                "/var/log/shop": None,
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "shop",
                "service_supervisor": "systemd",
                "service_is_down": True,
                "service_was_stopped": True,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "stopped",
                "service_share": 1.0,
            },
        },
    },
    {
        "name": "nobody supervises it",
        "params": {"service": "shop"},
        "world": {
            "services": {"shop": {"supervisor": "none", "is_running": False}},
            "files": {"/run": None, "/run/lock": None, "/run/shop": None, "/var/log": None, "/var/log/shop": None},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "service": "",
                "service_supervisor": "none",
                "service_is_down": False,
                "service_was_stopped": False,
                "service_restarts": 0,
                "service_is_looping": False,
                "service_last_log": "",
                "stale_file": "",
                "stale_file_pid": 0,
                "stale_file_blocks": False,
                "port_in_conflict": 0,
                "port_holder_pid": 0,
                "config_service": "shop",
                "config_is_broken": False,
                "config_share": 0.0,
                "service_cause": "none",
                "service_share": 0.0,
            },
        },
    },
]
