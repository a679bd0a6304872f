# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 120
# settles = 5
# cures = ["postgres.failed"]
# lookers = ["look_at_postgres"]
# when = ["postgres_share == 1", "postgres_service != \"\"", "postgres_room_bytes >= 33554432"]
# share = "postgres_share"
# fill = {service = "postgres_service", directory = "postgres_directory"}
# capabilities = ["process.list", "exec:/usr/bin/df -Pkl", "service.status:{service}", "service.start:{service}"]
# triggers = [
#   "PostgreSQL is down", "start the database", "postgres is not running", "database is down", "database crashed",
#   "connection refused on port 5432", "start postgres", "bring the database up", "postmaster died",
#   "could not connect to server: Connection refused", "the database system is shut down", "数据库宕机", "启动数据库",
#   "数据库挂了", "数据库没启动", "数据库起不来", "postgres 挂了", "pg 挂了", "连不上数据库", "5432 连接被拒绝",
#   "把数据库拉起来", "数据库停了", "数据库崩溃", "pg 没起来",
# ]
# progress = ["the database system is starting up", "not yet accepting connections", "in recovery mode"]
# ///
"""Starts a PostgreSQL that is down, once its disk has room and nobody works in its data directory; its recovery is waited for."""

from __future__ import annotations

from core.skill import Host, Outcome

LEAST_ROOM = 33554432


def run(host: Host, service: str, directory: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none" or state.is_running:
        return Outcome(ok=False, summary=f"{service} is {state.detail or 'not there to be started'}; nothing was done")
    if any(directory in process.argv for process in host.process.list()):
        return Outcome(ok=False, summary=f"somebody works in {directory} already; nothing was done")
    room = room_at(host, directory)
    if room < LEAST_ROOM:
        return Outcome(ok=False, summary=f"only {room} bytes are free where {directory} lies; it would end again")
    host.service(service).start()
    return Outcome(
        ok=True, summary=f"started {service} through {state.supervisor} with {room} bytes free; it was: {state.detail}"
    )


def room_at(host: Host, directory: str) -> int:
    """Bytes free on the file system that a directory lies on."""
    rows = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pkl"]).out.splitlines()[1:]]
    free = {row[5]: int(row[3]) * 1024 for row in rows if len(row) == 6 and row[3].isdigit()}
    mounts = [mount for mount in free if mount == "/" or f"{directory}/".startswith(f"{mount}/")]
    return free[max(mounts, key=len)] if mounts else 0


CASES = [
    {
        "name": "starts what is down; another cluster's server is not in the way",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {
            "services": {
                "postgresql": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}
            },
            "processes": [{"pid": 9, "name": "postgres", "argv": ["/bin/postgres", "-D", "/srv/db/other"]}],
            "exec": {
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 1 2% /\n/dev/b 90000 1000 32768 2% /srv/db\n/dev/c 9 1 90000 2% /srv/d\n"
            },
        },
        "expect": {"ok": True, "effects": ["service.start postgresql"]},
    },
    {
        "name": "on the root file system too",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {
            "services": {
                "postgresql": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}
            },
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 32768 2% /\n"},
        },
        "expect": {"ok": True, "effects": ["service.start postgresql"]},
    },
    {
        "name": "never while its disk has no room",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {
            "services": {
                "postgresql": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}
            },
            "exec": {"/usr/bin/df -Pkl": "head\n/dev/b 90000 1 32767 2% /srv/db\n"},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "never beside a server that lives",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {
            "services": {
                "postgresql": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}
            },
            "processes": [{"pid": 9, "name": "postgres", "argv": ["/bin/postgres", "-D", "/srv/db/main"]}],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what runs is left alone",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {"services": {"postgresql": {"is_running": True}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "postgresql", "directory": "/srv/db/main"},
        "world": {"services": {"postgresql": {"supervisor": "none", "is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
]
