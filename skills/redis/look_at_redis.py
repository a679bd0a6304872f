# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["redis.failed"]
# capabilities = [
#   "exec:/usr/bin/redis-cli -p {port} info persistence", "exec:/usr/bin/redis-cli -p {port} info memory",
#   "exec:/usr/bin/df -Pkl", "process.list", "service.status:*", "fs.read:/etc/redis/*.conf", "fs.list:/etc/redis",
# ]
# triggers = [
#   "why does Redis refuse writes", "MISCONF", "check redis", "is redis ok", "redis status", "redis is slow",
#   "redis info", "what is wrong with redis", "redis errors", "redis persistence", "Redis 为什么拒绝写入",
#   "Redis 是否正常", "检查 redis", "redis 状态", "redis 怎么了", "redis 报错", "看看 redis", "redis 很慢",
#   "redis 异常",
# ]
# ///
"""Shows how a Redis stands: who runs it, whether its last snapshot failed, how much it holds, and the room where it saves."""

from __future__ import annotations

import re

from core.skill import Host, HostError, Outcome

LEAST_ROOM = 8388608


def run(host: Host, port: int = 6379) -> Outcome:
    directory, is_stated = settings_of(host, port)
    service, is_running, supervisor = supervised(host)
    saved, memory = info(host, port, "persistence"), info(host, port, "memory")
    held = int(memory.get("used_memory", "0"))
    room = room_at(host, directory)
    is_up = bool(saved) or any(
        re.search(rf"redis-server .*:{port}\b", " ".join(one.argv)) for one in host.process.list()
    )
    facts: dict[str, object] = {
        "redis_service": service,
        "redis_is_running": is_up or is_running,
        "redis_is_seen": bool(saved),
        "redis_directory": directory,
        "redis_room_bytes": room,
        "redis_held_bytes": held,
        "redis_has_room": room >= max(held, LEAST_ROOM),
        "redis_save_failed": saved.get("rdb_last_bgsave_status") == "err",
        "redis_is_saving": saved.get("rdb_bgsave_in_progress") == "1",
        "redis_append_failed": saved.get("aof_last_write_status") == "err",
        "redis_unsaved_changes": int(saved.get("rdb_changes_since_last_save", "0")),
    }
    facts["redis_cause"] = cause_of(facts, is_known=is_stated and supervisor != "none")
    facts["redis_share"] = 1.0 if facts["redis_cause"] in {"down", "save"} else 0.0
    return Outcome(ok=True, summary=in_words(facts), facts=facts)


def cause_of(facts: dict[str, object], *, is_known: bool) -> str:
    """The one cause; without room neither a start nor a snapshot helps."""
    if facts["redis_is_running"]:
        is_failing = bool(facts["redis_save_failed"]) or bool(facts["redis_append_failed"])
        cause = "save" if facts["redis_save_failed"] else "append" if is_failing else "none"
    else:
        is_failing, cause = True, "down" if is_known else "unknown"
    return "disk full" if is_failing and not facts["redis_has_room"] else cause


def settings_of(host: Host, port: int) -> tuple[str, bool]:
    """Where it saves, by the file that names its port; the root directory where none does."""
    try:
        files = host.list("/etc/redis")
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return "/", False
    for file in files:
        text = readable(host, file.path) if file.name.endswith(".conf") else ""
        stated = re.findall(r"^port (\d+)", text, re.M)
        if text and int(stated[-1] if stated else 6379) == port:
            directory = re.findall(r'^dir "?(/[^"\s]*)', text, re.M)
            return (directory[-1] if directory else "/"), True
    return "/", False


def readable(host: Host, path: str) -> str:
    """A file's text; nothing where it is not ours to read, as Debian keeps it."""
    try:
        return host.read(path)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return ""


def supervised(host: Host) -> tuple[str, bool, str]:
    """The service that runs it, whether it runs, and under whom."""
    for service in ("redis-server", "redis"):
        state = host.service(service).status()
        if state.supervisor != "none":
            return service, state.is_running, state.supervisor
    return "", False, "none"


def info(host: Host, port: int, section: str) -> dict[str, str]:
    """One section of INFO; empty where it does not answer or wants a password."""
    shown = host.run(["/usr/bin/redis-cli", "-p", str(port), "info", section])
    return dict(re.findall(r"^([a-z0-9_]+):(.*?)\r?$", shown.out, re.M)) if shown.status == 0 else {}


def room_at(host: Host, directory: str) -> int:
    """Bytes free on the file system that a directory lies on."""
    rows = [line.split(None, 5) for line in host.run(["/usr/bin/df", "-Pkl"]).out.splitlines()[1:]]
    free = {row[5]: int(row[3]) * 1024 for row in rows if len(row) == 6 and row[3].isdigit()}
    mounts = [mount for mount in free if mount == "/" or f"{directory}/".startswith(f"{mount}/")]
    return free[max(mounts, key=len)] if mounts else 0


def in_words(facts: dict[str, object]) -> str:
    """One line of evidence."""
    state = "runs" if facts["redis_is_running"] else "does not run"
    said = [
        f"Redis {state} under {facts['redis_service'] or 'no supervisor'}, {facts['redis_room_bytes']} bytes are free where it saves"
    ]
    if facts["redis_save_failed"]:
        said.append(f"its last snapshot failed, {facts['redis_unsaved_changes']} changes are not saved")
    if facts["redis_is_running"] and not facts["redis_is_seen"]:
        said.append("it does not tell more without a password")
    return "; ".join(said)


CASES = [
    {
        "name": "its snapshot failed, and there is room again",
        "world": {
            "services": {"redis-server": {"supervisor": "pidfile", "pid": 7}},
            "files": {
                "/etc/redis/other.conf": "port 6380\ndir /srv/other\n",
                "/etc/redis/users.acl": "port 6379\n",
                "/etc/redis/redis.conf": "port 6379\ndir /srv/cache\n",
            },
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": (
                    "# Persistence\r\nloading:0\r\nrdb_changes_since_last_save:12\r\n"
                    "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:err\r\naof_last_write_status:ok\r\n"
                ),
                "/usr/bin/redis-cli -p 6379 info memory": "used_memory:900\r\n",
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 1 2% /\n/dev/b 90000 1000 8192 2% /srv/cache\n/dev/c 9 1 90000 2% /srv/c\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "redis_service": "redis-server",
                "redis_is_running": True,
                "redis_is_seen": True,
                "redis_directory": "/srv/cache",
                "redis_room_bytes": 8388608,
                "redis_held_bytes": 900,
                "redis_has_room": True,
                "redis_save_failed": True,
                "redis_is_saving": False,
                "redis_append_failed": False,
                "redis_unsaved_changes": 12,
                "redis_cause": "save",
                "redis_share": 1.0,
            },
        },
    },
    {
        "name": "its append-only file could not be written",
        "world": {
            "services": {"redis-server": {"supervisor": "pidfile", "pid": 7}},
            "files": {"/etc/redis/redis.conf": "dir /srv/cache\n"},
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": (
                    "rdb_bgsave_in_progress:1\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:err\r\n"
                ),
                "/usr/bin/redis-cli -p 6379 info memory": "used_memory:900\r\n",
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 8192 2% /\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "redis_append_failed": True,
                "redis_is_saving": True,
                "redis_cause": "append",
                "redis_share": 0.0,
            },
        },
    },
    {
        "name": "all is well",
        "world": {
            "services": {"redis-server": {"supervisor": "pidfile", "pid": 7}},
            "files": {"/etc/redis/redis.conf": "port 6379\ndir /srv/cache\n"},
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": (
                    "loading:0\r\nrdb_changes_since_last_save:0\r\nrdb_bgsave_in_progress:0\r\n"
                    "rdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\n"
                ),
                "/usr/bin/redis-cli -p 6379 info memory": "used_memory:900\r\n",
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 1 2% /\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"redis_cause": "none", "redis_share": 0.0, "redis_has_room": False},
        },
    },
    {
        "name": "it is down",
        "world": {
            "services": {"redis-server": {"supervisor": "pidfile", "is_running": False}},
            "files": {"/etc/redis/redis.conf": "port 6379\ndir /srv/cache\n"},
            "processes": [{"pid": 9, "name": "redis-server", "argv": ["redis-server 127.0.0.1:63790"]}],
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/redis-cli -p 6379 info memory": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 8192 2% /\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"redis_is_running": False, "redis_is_seen": False, "redis_cause": "down", "redis_share": 1.0},
        },
    },
    {
        "name": "it is down, and nobody here would start it",
        "world": {
            "services": {
                "redis-server": {"supervisor": "none", "is_running": False},
                "redis": {"supervisor": "none", "is_running": False},
            },
            "files": {"/etc/redis": None},
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/redis-cli -p 6379 info memory": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 8192 2% /boot\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"redis_service": "", "redis_cause": "disk full", "redis_directory": "/", "redis_room_bytes": 0},
        },
    },
    {
        "name": "it is down, has room, and no settings name its port",
        "world": {
            "services": {"redis-server": {"supervisor": "pidfile", "is_running": False}},
            "files": {"/etc/redis/redis.conf": "port 6380\n"},
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/redis-cli -p 6379 info memory": {
                    "status": 1,
                    "err": "Could not connect to Redis at 127.0.0.1:6379: Connection refused",
                },
                "/usr/bin/df -Pkl": "head\n/dev/a 90000 1000 8192 2% /\n",
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"redis_cause": "unknown", "redis_share": 0.0}},
    },
    {
        "name": "it wants a password",
        "world": {
            "services": {
                "redis-server": {"supervisor": "none", "is_running": False},
                "redis": {"supervisor": "none", "is_running": False},
            },
            "files": {"/etc/redis/redis.conf": "port 6379\ndir /srv/cache\n"},
            "processes": [{"pid": 9, "name": "redis-server", "argv": ["redis-server 127.0.0.1:6379"]}],
            "exec": {
                "/usr/bin/redis-cli -p 6379 info persistence": "NOAUTH Authentication required.\n",
                "/usr/bin/redis-cli -p 6379 info memory": "NOAUTH Authentication required.\n",
                "/usr/bin/df -Pkl": "head\n/dev/a 9 1 8192 2% /\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"redis_is_running": True, "redis_is_seen": False, "redis_cause": "none"},
        },
    },
]
