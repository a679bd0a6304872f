# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["http.failed"]
# lookers = ["look_at_nginx"]
# when = ["web_cause == \"upstream\"", "upstream_service"]
# share = "web_share"
# fill = {service = "upstream_service"}
# capabilities = ["service.status:{service}", "service.start:{service}"]
# triggers = [
#   "bad gateway", "502", "502 Bad Gateway", "upstream is down", "backend is down",
#   "connect() failed (111: Connection refused) while connecting to upstream", "no live upstreams",
#   "the app behind nginx is dead", "gateway error", "proxy cannot reach the backend",
#   "upstream prematurely closed connection", "网关错误", "上游服务挂了", "nginx 502", "网站 502", "报 502 错误",
#   "后端挂了", "后端服务没起来", "后端连不上", "上游拒绝连接", "反向代理后端死了", "网关报错", "502 bad gateway",
# ]
# progress = ["starting", "activating"]
# ///
"""Starts the service behind a 502: nginx names the upstream that refuses it, and a service of that name is supervised here and down."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none":
        return Outcome(ok=False, summary=f"nobody supervises {service} here; nothing was done")
    if state.is_running:
        return Outcome(ok=False, summary=f"{service} runs again (pid {state.pid}); nothing was done")
    host.service(service).start()
    return Outcome(ok=True, summary=f"started {service}, which nginx passes requests on to; it was: {state.detail}")


CASES = [
    {
        "name": "starts what is down",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "runit", "is_running": False, "detail": "down: 9s"}}},
        "expect": {"ok": True, "effects": ["service.start shop"]},
    },
    {
        "name": "it runs again",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"pid": 7}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"supervisor": "none", "is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a supervisor that cannot do it is believed",
        "params": {"service": "shop"},
        "world": {"services": {"shop": {"is_running": False, "fails": True}}},
        "expect": {"ok": False, "effects": []},
    },
]
