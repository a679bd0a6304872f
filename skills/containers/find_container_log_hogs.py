# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 60
# settles = 0
# on_request = true
# capabilities = [
#   "exec:/usr/bin/docker ps -a", "fs.list:/var/lib/docker/containers", "fs.list:/var/lib/docker/containers/*",
# ]
# triggers = [
#   "which container logs most", "container log size", "docker logs fill the disk",
#   "/var/lib/docker/containers json.log is huge", "how big are the docker json logs",
#   "container writes too many logs", "space used by container logs", "哪个容器日志最大", "容器日志占用空间",
#   "docker 日志占满磁盘", "docker 日志多大", "容器日志太大", "容器的 json 日志", "容器狂打日志",
# ]
# ///
"""Finds the containers whose logs docker keeps on this disk take most space; nothing of docker's own is ever changed."""

from __future__ import annotations

from core.skill import Host, HostError, Outcome

PLACE = "/var/lib/docker/containers"
SHOWN = 5


def run(host: Host, least: int = 104857600) -> Outcome:
    names = named(host.run(["/usr/bin/docker", "ps", "-a"]).out)
    sizes = {entry.name: log_bytes(host, entry.path) for entry in host.list(PLACE) if entry.kind == "dir"}
    worst = sorted(((size, names.get(one[:12], one[:12])) for one, size in sizes.items()), reverse=True)
    hogs = [(size, name) for size, name in worst if size >= least]
    total = sum(sizes.values())
    facts: dict[str, object] = {
        "log_bytes": total,
        "log_hogs": len(hogs),
        "log_hog": hogs[0][1] if hogs else "",
        "log_hog_bytes": hogs[0][0] if hogs else 0,
    }
    said = ", ".join(f"{name} {size}" for size, name in worst[:SHOWN] if size)
    return Outcome(ok=True, summary=f"logs of containers hold {total} bytes: {said or 'none'}", facts=facts)


def log_bytes(host: Host, folder: str) -> int:
    """Its log and the rotated ones; a container that goes while we look has none."""
    try:
        files = host.list(folder)
    except HostError as error:
        if error.code != "missing":
            raise
        return 0
    return sum(file.size for file in files if file.kind == "file" and "-json.log" in file.name)


def named(table: str) -> dict[str, str]:
    """The beginning of each id, and the container's name, which is the last column."""
    lines = table.splitlines()[1:]
    return {line[:12]: line.split()[-1] for line in lines if line.split()}


CASES = [
    {
        "name": "the largest is named, small ones and other files are not counted as hogs",
        "params": {"least": 1000},
        "world": {
            "exec": {
                "/usr/bin/docker ps -a": (
                    "CONTAINER ID   IMAGE     COMMAND   CREATED       STATUS       PORTS     NAMES\n"
                    'aaaaaaaaaaaa   shop:1    "run"     2 hours ago   Up 2 hours             shop\n'
                    "\n"
                    'bbbbbbbbbbbb   shop:1    "run"     2 hours ago   Up 2 hours             api\n'
                )
            },
            "files": {
                "/var/lib/docker/containers/aaaaaaaaaaaa11/aaaaaaaaaaaa11-json.log": {"size": 900},
                "/var/lib/docker/containers/aaaaaaaaaaaa11/aaaaaaaaaaaa11-json.log.1": {"size": 300},
                "/var/lib/docker/containers/aaaaaaaaaaaa11/config.v2.json": {"size": 5000},
                "/var/lib/docker/containers/aaaaaaaaaaaa11/x-json.log.d": {"kind": "link", "size": 7000, "target": "x"},
                "/var/lib/docker/containers/bbbbbbbbbbbb22/bbbbbbbbbbbb22-json.log": {"size": 999},
                "/var/lib/docker/containers/cccccccccccc33/cccccccccccc33-json.log": {"size": 1000},
                "/var/lib/docker/containers/left-json.log": {"size": 4000},
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"log_bytes": 3199, "log_hogs": 2, "log_hog": "shop", "log_hog_bytes": 1200},
        },
    },
    {
        "name": "a container without a name is shown by the beginning of its id",
        "params": {"least": 1},
        "world": {
            "exec": {"/usr/bin/docker ps -a": ""},
            "files": {"/var/lib/docker/containers/cccccccccccc33/cccccccccccc33-json.log": {"size": 1}},
        },
        "expect": {"ok": True, "effects": [], "facts": {"log_hogs": 1, "log_hog": "cccccccccccc", "log_hog_bytes": 1}},
    },
    {
        "name": "usually a hundred MiB is much",
        "params": {},
        "world": {
            "exec": {"/usr/bin/docker ps -a": "CONTAINER ID NAMES\naaaaaaaaaaaa shop\nbbbbbbbbbbbb api\n"},
            "files": {
                "/var/lib/docker/containers/aaaaaaaaaaaa11/a-json.log": {"size": 104857600},
                "/var/lib/docker/containers/bbbbbbbbbbbb11/b-json.log": {"size": 104857599},
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"log_hogs": 1, "log_hog": "shop", "log_bytes": 209715199}},
    },
    {
        "name": "nothing is logged",
        "params": {},
        "world": {
            "exec": {"/usr/bin/docker ps -a": ""},
            "files": {"/var/lib/docker/containers": {"kind": "dir"}},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"log_bytes": 0, "log_hogs": 0, "log_hog": "", "log_hog_bytes": 0},
        },
    },
]
