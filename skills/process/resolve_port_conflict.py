# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.down", "process.restarts"]
# lookers = ["look_at_service", "find_config_error", "find_port_holder"]
# when = ["service_is_in_trouble", "not config_is_broken", "port_holder_is_unsupervised"]
# share = "port_holder_share"
# fill = {service = "service", port = "port_in_conflict", pid = "port_holder_pid", started = "port_holder_started"}
# capabilities = ["process.list", "exec:/usr/bin/ss -Hltnp", "process.signal:{pid};TERM", "service.start:{service}"]
# triggers = [
#   "address already in use", "port conflict", "bind: address already in use", "EADDRINUSE",
#   "port is taken, service cannot start", "Only one usage of each socket address", "failed to bind to port",
#   "port already allocated", "something else sits on the port", "free the port", "端口被占用", "端口冲突",
#   "端口被占了启动不了", "端口被占用启动失败", "地址已被使用", "绑定端口失败", "释放端口", "端口占用起不来",
#   "bind 失败", "rogue process on the port, kill it so that the service can start", "占端口的进程干掉再起服务",
#   "野进程占着端口",
# ]
# ///
"""Asks a process that belongs to no service to end (TERM, never KILL), because it holds the port of one, and starts that service."""

from __future__ import annotations

import re

from core.skill import Host, Outcome


def run(host: Host, service: str, port: int, pid: int, started: int) -> Outcome:
    holder = next((one for one in host.process.list() if (one.pid, one.started) == (pid, started)), None)
    if holder is None:
        return Outcome(ok=False, summary=f"process {pid} has ended by itself; nothing was done")
    listeners = [
        line.split()
        for line in host.run(["/usr/bin/ss", "-Hltnp"]).out.splitlines()
        if re.search(rf"\bpid={pid}\b", line)
    ]
    if str(port) not in {words[3].rpartition(":")[2] for words in listeners if len(words) > 4}:
        return Outcome(ok=False, summary=f"{holder.name} (pid {pid}) no longer holds port {port}; nothing was done")
    host.process.signal(holder, "TERM")
    host.service(service).start()
    return Outcome(ok=True, summary=f"ended {holder.name} (pid {pid}), which held port {port}, and started {service}")


CASES = [
    {
        "name": "asks the stranger to end and starts the service",
        "params": {"service": "shop", "port": 8080, "pid": 9, "started": 60},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 5 0.0.0.0:8080 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'},
        },
        "expect": {"ok": True, "effects": ["process.signal TERM python3 9", "service.start shop"]},
    },
    {
        "name": "it holds another port now",
        "params": {"service": "shop", "port": 8080, "pid": 9, "started": 60},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 9, "name": "python3", "started": 60}],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 5 0.0.0.0:9090 0.0.0.0:* users:(("python3",pid=9,fd=3))\n'},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "its pid is another process now",
        "params": {"service": "shop", "port": 8080, "pid": 9, "started": 60},
        "world": {
            "services": {"shop": {"is_running": False}},
            "processes": [{"pid": 9, "name": "sshd", "started": 70}],
        },
        "expect": {"ok": False, "effects": []},
    },
]
