# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["http.failed"]
# lookers = ["look_at_nginx"]
# when = ["web_cause == \"down\""]
# share = "web_share"
# fill = {service = "web_service"}
# capabilities = ["exec:/usr/sbin/nginx -t", "service.status:{service}", "service.start:{service}"]
# triggers = [
#   "website is down", "start nginx", "nginx is not running", "nginx is down", "apache is down",
#   "web server is stopped", "start the web server", "start apache", "httpd is not running", "site is offline",
#   "connection refused on port 80", "homepage does not load", "网站打不开", "启动 nginx", "nginx 没起来",
#   "nginx 挂了", "nginx 停了", "官网打不开", "启动 web 服务器", "apache 挂了", "web 服务没启动", "网站宕机",
#   "网站访问不了", "80 端口拒绝连接",
# ]
# progress = ["starting", "activating"]
# ///
"""Starts the web server that should answer a URL and is down, once its configuration passes its own test."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    if state.is_running:
        return Outcome(ok=False, summary=f"{service} runs again (pid {state.pid}); nothing was done")
    if host.run(["/usr/sbin/nginx", "-t"]).status != 0:
        return Outcome(
            ok=False, summary=f"{service} would not start, its configuration fails its own test; nothing was done"
        )
    host.service(service).start()
    return Outcome(ok=True, summary=f"started {service} through {state.supervisor}; it was: {state.detail}")


CASES = [
    {
        "name": "starts what is down",
        "params": {"service": "nginx"},
        "world": {
            "services": {"nginx": {"supervisor": "pidfile", "is_running": False, "detail": "pid 7 is not running"}},
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {"ok": True, "effects": ["service.start nginx"]},
    },
    {
        "name": "a broken configuration is not started",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"is_running": False}}, "exec": {"/usr/sbin/nginx -t": {"status": 1}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it runs again",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"pid": 7}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"supervisor": "none", "is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
]
