# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["postgres.failed"]
# capabilities = [
#   "process.list", "service.status:*", "exec:/usr/bin/df -Pkl",
#   "fs.list:/etc/postgresql", "fs.list:/etc/postgresql/*", "fs.read:/etc/postgresql/*/*/postgresql.conf",
#   "fs.list:/var/log/postgresql", "fs.read:/var/log/postgresql/*.log",
# ]
# quotes = ["postgres_last_end"]
# triggers = [
#   "why is PostgreSQL down", "does the database accept connections", "check PostgreSQL", "database status",
#   "cannot connect to the database", "psql: could not connect to server", "database system is starting up",
#   "is postgres ok", "postgres log", "FATAL the database system is in recovery mode", "数据库为什么起不来",
#   "PostgreSQL 是否正常", "检查数据库", "数据库状态", "数据库连不上", "连接数据库失败", "数据库怎么了", "pg 正常吗",
#   "排查数据库", "数据库报错",
# ]
# ///
"""Shows how a PostgreSQL cluster stands: who runs it, whether it lives, room on its disk, and the last thing that ended it."""

from __future__ import annotations

import re

from core.skill import File, Host, HostError, Outcome

LEAST_ROOM = 33554432
MOST_LOG = 262144
ENDED = re.compile(
    r"\b(?:PANIC|FATAL):  (?!role|password|no pg_hba|database \"|sorry|remaining|the database|terminating)"
)
NO_SPACE = re.compile(r"No space left on device|disk is full|Disk quota exceeded")
WRONG = re.compile(
    r"configuration file|unrecognized|could not (?:load|access|create any)|Permission denied|incompatible|invalid data"
)


def run(host: Host, port: int = 5432) -> Outcome:
    cluster = cluster_at(host, port)
    if cluster is None:
        return Outcome(ok=False, summary=f"no cluster below /etc/postgresql says that it listens on port {port}")
    name, directory = cluster
    postmaster = next(
        (one for one in host.process.list() if directory in one.argv and one.name.startswith("post")), None
    )
    service, is_running = supervised(host, name)
    room = room_at(host, directory)
    last = last_end(host, name)
    is_up = postmaster is not None or is_running
    facts: dict[str, object] = {
        "postgres_cluster": name,
        "postgres_service": service,
        "postgres_is_running": is_up,
        "postgres_pid": postmaster.pid if postmaster else 0,
        "postgres_directory": directory,
        "postgres_room_bytes": room,
        "postgres_last_end": last,
        "postgres_cause": cause_of(last, room, is_up=is_up),
    }
    facts["postgres_share"] = 1.0 if facts["postgres_cause"] in {"crashed", "stopped", "disk was full"} else 0.0
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


def cause_of(last: str, room: int, *, is_up: bool) -> str:
    """The one cause; a server that ended for want of room is only to be started once there is some."""
    if is_up:
        return "none"
    if room < LEAST_ROOM:
        return "disk full"
    if NO_SPACE.search(last):
        return "disk was full"
    if WRONG.search(last):
        return "configuration"
    return "crashed" if last else "stopped"


def cluster_at(host: Host, port: int) -> tuple[str, str] | None:
    """Name, as in `15-main`, and data directory of the cluster that listens there."""
    for version in listed(host, "/etc/postgresql"):
        for cluster in listed(host, version.path):
            try:
                text = host.read(f"{cluster.path}/postgresql.conf")
            except HostError as error:
                if error.code not in {"missing", "denied"}:
                    raise
                continue
            directory = re.search(r"^\s*data_directory\s*=\s*'([^']+)'", text, re.M)
            stated = re.findall(r"^\s*port\s*=\s*'?(\d+)", text, re.M)
            if directory and int(stated[-1] if stated else 5432) == port:
                return f"{version.name}-{cluster.name}", directory[1]
    return None


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there or not ours to see."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return []


def supervised(host: Host, name: str) -> tuple[str, bool]:
    """The service that runs this cluster, and whether its supervisor says that it runs."""
    for service in (f"postgresql@{name}", "postgresql"):
        state = host.service(service).status()
        if state.supervisor != "none":
            return service, state.is_running
    return "", False


def room_at(host: Host, directory: str) -> int:
    """Bytes free on the file system that a directory lies on."""
    rows = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pkl"]).out.splitlines()[1:]]
    free = {row[5]: int(row[3]) * 1024 for row in rows if len(row) == 6 and row[3].isdigit()}
    mounts = [mount for mount in free if mount == "/" or f"{directory}/".startswith(f"{mount}/")]
    return free[max(mounts, key=len)] if mounts else 0


def last_end(host: Host, name: str) -> str:
    """What its log says ended it last; empty where it was stopped in order, or the log is too long to see its end."""
    logs = [file for file in listed(host, "/var/log/postgresql") if file.name == f"postgresql-{name}.log"]
    if not logs or logs[0].size > MOST_LOG:
        return ""
    lines = host.read(logs[0].path, MOST_LOG).splitlines()
    started = [at for at, line in enumerate(lines) if "ready to accept connections" in line]
    ends = [line for line in lines[started[-1] if started else 0 :] if ENDED.search(line)]
    return ENDED.split(ends[-1])[-1][:300] if ends else ""


def in_words(facts: dict[str, object]) -> str:
    """One line of evidence."""
    state = "runs" if facts["postgres_is_running"] else "does not run"
    said = [f"PostgreSQL {facts['postgres_cluster']} {state} under {facts['postgres_service'] or 'no supervisor'}"]
    said.append(f"{facts['postgres_room_bytes']} bytes are free where {facts['postgres_directory']} lies")
    if facts["postgres_last_end"]:
        said.append(f"its log ends with: {facts['postgres_last_end']}")
    return "; ".join(said)


CASES = [
    {
        "name": "ended for want of room, and there is room again",
        "params": {"port": 5433},
        "world": {
            "files": {
                "/etc/postgresql/14/old/postgresql.conf": "data_directory = '/srv/old'\n",
                "/etc/postgresql/15/gone/postgresql.conf": None,
                "/etc/postgresql/15/main/postgresql.conf": "# main\ndata_directory = '/srv/db/main'\nport = 5433\n",
                "/var/log/postgresql/postgresql-15-main.log": (
                    '1 PANIC:  older\n2 LOG:  ready to accept connections\n3 FATAL:  role "x" does not exist\n'
                    '4 PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device\n5 LOG:  shut down\n'
                ),
            },
            "processes": [{"pid": 7, "name": "postgres", "argv": ["/bin/postgres", "-D", "/srv/old"]}],
            "services": {
                "postgresql@15-main": {"supervisor": "none", "is_running": False},
                "postgresql": {"supervisor": "pidfile", "is_running": False},
            },
            "exec": {
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 80000 2% /\n/dev/b 90000 1000 32768 2% /srv/db\n/dev/c 9 1 8 2% /srv/d\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "postgres_cluster": "15-main",
                "postgres_service": "postgresql",
                "postgres_is_running": False,
                "postgres_pid": 0,
                "postgres_directory": "/srv/db/main",
                "postgres_room_bytes": 33554432,
                "postgres_last_end": 'could not write to file "pg_wal/xlogtemp.7": No space left on device',
                "postgres_cause": "disk was full",
                "postgres_share": 1.0,
            },
        },
    },
    {
        "name": "its disk is full",
        "world": {
            "files": {
                "/etc/postgresql/15/main/postgresql.conf": "data_directory = '/srv/db/main'\n",
                "/var/log/postgresql": None,
            },
            "services": {"postgresql@15-main": {"supervisor": "systemd", "is_running": False}},
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 90000 80000 32767 99% /\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "postgres_cause": "disk full",
                "postgres_share": 0.0,
                "postgres_room_bytes": 33553408,
                "postgres_last_end": "",
                "postgres_service": "postgresql@15-main",
            },
        },
    },
    {
        "name": "it crashed",
        "params": {"port": 5433},
        "world": {
            "files": {
                "/etc/postgresql/15/main/postgresql.conf": "# main\ndata_directory = '/srv/db/main'\nport = 5433\n",
                "/var/log/postgresql/postgresql-15-main.log": "1 PANIC:  could not locate a valid checkpoint record\n",
            },
            "services": {"postgresql@15-main": {"is_running": False}},
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 900000 80000 800000 9% /\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "postgres_cause": "crashed",
                "postgres_share": 1.0,
                "postgres_last_end": "could not locate a valid checkpoint record",
            },
        },
    },
    {
        "name": "stopped in order; what ended it before it was started last is no reason",
        "params": {"port": 5433},
        "world": {
            "files": {
                "/etc/postgresql/15/main/postgresql.conf": "# main\ndata_directory = '/srv/db/main'\nport = 5433\n",
                "/var/log/postgresql/other.log": "9 PANIC:  of another\n",
                "/var/log/postgresql/postgresql-15-main.log": (
                    "1 PANIC:  older\n2 LOG:  ready to accept connections\n3 FATAL:  sorry, too many clients already\n"
                ),
            },
            "services": {"postgresql@15-main": {"is_running": False}},
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 900000 80000 800000 9% /\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"postgres_cause": "stopped", "postgres_last_end": "", "postgres_share": 1.0},
        },
    },
    {
        "name": "a wrong setting is for a person",
        "params": {"port": 5433},
        "world": {
            "files": {
                "/etc/postgresql/15/main/postgresql.conf": "# main\ndata_directory = '/srv/db/main'\nport = 5433\n",
                "/var/log/postgresql/postgresql-15-main.log": '1 FATAL:  configuration file "/etc/x" contains errors\n',
            },
            "services": {"postgresql@15-main": {"is_running": False}},
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 900000 80000 800000 9% /\n"},
        },
        "expect": {"ok": True, "effects": [], "facts": {"postgres_cause": "configuration", "postgres_share": 0.0}},
    },
    {
        "name": "it runs, whatever nobody knows of it; a log too long to see its end says nothing",
        "params": {"port": 5433},
        "world": {
            "files": {
                "/etc/postgresql/15/main/postgresql.conf": "# main\ndata_directory = '/srv/db/main'\nport = 5433\n",
                "/var/log/postgresql/postgresql-15-main.log": {"size": 262145},
            },
            "processes": [{"pid": 7, "name": "postgres", "argv": ["/bin/postgres", "-D", "/srv/db/main"]}],
            "services": {
                "postgresql@15-main": {"supervisor": "none", "is_running": False},
                "postgresql": {"supervisor": "none", "is_running": False},
            },
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 90000 80000 800000 9% /boot\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "postgres_cause": "none",
                "postgres_pid": 7,
                "postgres_is_running": True,
                "postgres_service": "",
                "postgres_room_bytes": 0,
                "postgres_last_end": "",
                "postgres_share": 0.0,
            },
        },
    },
    {
        "name": "no cluster there",
        "world": {"files": {"/etc/postgresql": None}},
        "expect": {"ok": False, "effects": []},
    },
]
