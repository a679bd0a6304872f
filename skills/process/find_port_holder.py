# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["process.down", "process.restarts"]
# fill = {port = "port_in_conflict"}
# capabilities = [
#   "process.list", "exec:/usr/bin/ss -Hltnp", "fs.list:/run", "fs.read:/run/*.pid", "fs.read:/proc/*/cgroup",
# ]
# quotes = ["port_holder_process"]
# triggers = [
#   "who holds the port", "which process listens", "what is listening on the port", "which program uses port 8080",
#   "find the process on a port", "lsof -i", "netstat listen", "ss -ltnp", "port is used by", "谁占用了端口",
#   "哪个进程在监听", "端口被谁占了", "端口是哪个程序的", "查端口占用", "哪个程序占着端口", "端口被哪个进程占用",
#   "谁在用这个端口", "address already in use, who has the port", "端口谁占着",
# ]
# ///
"""Says which process listens on a TCP port and which service it belongs to, if any."""

from __future__ import annotations

import re

from core.skill import Host, Outcome, Process


def run(host: Host, port: int = 0) -> Outcome:
    processes = {one.pid: one for one in host.process.list()} if port else {}
    holder = processes.get(listener_on(host, port)) if port else None
    if holder is None:
        nobody = f"no process is seen to listen on port {port}" if port else "no port is in question"
        return Outcome(ok=True, summary=nobody, facts={"port_holder_pid": 0, "port_holder_share": 0.0})
    owner = service_of(host, holder, processes)
    facts = {
        "port_holder_pid": holder.pid,
        "port_holder_started": holder.started,
        "port_holder_process": holder.name,
        "port_holder_service": owner,
        "port_holder_is_unsupervised": not owner,
        "port_holder_share": 1.0,
    }
    said = f"port {port} is held by {holder.name} (pid {holder.pid}, {owner or 'of no service'})"
    return Outcome(ok=True, summary=said, facts=facts)


def listener_on(host: Host, port: int) -> int:
    """The process that listens there; 0 where there is none, or it is not ours to see."""
    for listener in host.run(["/usr/bin/ss", "-Hltnp"]).out.splitlines():
        words, holder = listener.split(), re.search(r"pid=(\d+)", listener)
        if len(words) > 4 and words[3].rpartition(":")[2] == str(port) and holder:
            return int(holder[1])
    return 0


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


CASES = [
    {
        "name": "a stranger holds it",
        "params": {"port": 8080},
        "world": {
            "processes": [{"pid": 9, "name": "python3", "started": 60}, {"pid": 5, "name": "sshd"}],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
            "files": {
                "/run/sshd.pid": "5\n",
                "/run/lock": {"kind": "dir"},
                "/proc/9/cgroup": "0::/user.slice/user-0.slice/user@0.service\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "port_holder_pid": 9,
                "port_holder_started": 60,
                "port_holder_process": "python3",
                "port_holder_service": "",
                "port_holder_is_unsupervised": True,
                "port_holder_share": 1.0,
            },
        },
    },
    {
        "name": "a service of systemd holds it",
        "params": {"port": 8080},
        "world": {
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
            "files": {"/run": {"kind": "dir"}, "/proc/9/cgroup": "0::/system.slice/web@2.service\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "port_holder_pid": 9,
                "port_holder_started": 60,
                "port_holder_process": "python3",
                "port_holder_service": "web@2",
                "port_holder_is_unsupervised": False,
                "port_holder_share": 1.0,
            },
        },
    },
    {
        "name": "a pid file names its parent",
        "params": {"port": 8080},
        "world": {
            "processes": [
                {"pid": 9, "name": "python3", "started": 60, "parent": 4},
                {"pid": 4, "name": "web", "parent": 1},
            ],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
            "files": {"/run/web.pid": "4\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "port_holder_pid": 9,
                "port_holder_started": 60,
                "port_holder_process": "python3",
                "port_holder_service": "web",
                "port_holder_is_unsupervised": False,
                "port_holder_share": 1.0,
            },
        },
    },
    {
        "name": "runit started its parent",
        "params": {"port": 8080},
        "world": {
            "processes": [
                {"pid": 9, "name": "python3", "started": 60, "parent": 4},
                {"pid": 4, "name": "sh", "parent": 3},
                {"pid": 3, "name": "runsv", "argv": ["runsv", "/etc/service/web"]},
            ],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
            "files": {},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "port_holder_pid": 9,
                "port_holder_started": 60,
                "port_holder_process": "python3",
                "port_holder_service": "web",
                "port_holder_is_unsupervised": False,
                "port_holder_share": 1.0,
            },
        },
    },
    {
        "name": "another port has a holder, this one has none",
        "params": {"port": 443},
        "world": {
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"port_holder_pid": 0, "port_holder_share": 0.0}},
    },
    {
        "name": "a line that breaks off names nobody",
        "params": {"port": 9999},
        "world": {
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"port_holder_pid": 0, "port_holder_share": 0.0}},
    },
    {
        "name": "it has ended by now",
        "params": {"port": 8080},
        "world": {
            "processes": [{"pid": 5, "name": "sshd"}],
            "exec": {
                "/usr/bin/ss -Hltnp": (
                    'LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=5,fd=3))\nLISTEN 0 5 0.0.0.0:9999\n'
                    'LISTEN 0 5 [::]:443 [::]:*\nLISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'
                )
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"port_holder_pid": 0, "port_holder_share": 0.0}},
    },
    {
        "name": "nothing complains of a port",
        "params": {},
        "world": {},
        "expect": {"ok": True, "effects": [], "facts": {"port_holder_pid": 0, "port_holder_share": 0.0}},
    },
]
