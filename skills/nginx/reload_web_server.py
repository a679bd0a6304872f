# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 5
# cures = ["http.failed"]
# lookers = ["look_at_nginx"]
# when = ["web_cause == \"not loaded\""]
# share = "web_share"
# fill = {service = "web_service"}
# capabilities = ["exec:/usr/sbin/nginx -t", "service.status:{service}", "service.reload:{service}"]
# triggers = [
#   "reload nginx", "the new configuration is not active", "config change has no effect",
#   "changed nginx.conf but nothing happens", "nginx still serves the old site", "apply the new nginx config",
#   "nginx -s reload", "vhost edit not live", "reload apache", "重新加载 nginx", "新配置没有生效", "改了配置不生效",
#   "nginx 配置改了没反应", "重载 nginx", "nginx 还是旧配置", "让 nginx 配置生效", "改了 nginx 没用",
# ]
# ///
"""Has a running web server load the configuration that lies on disk, passes its own test and was never loaded."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    state = host.service(service).status()
    if state.supervisor == "none" or not state.is_running:
        return Outcome(ok=False, summary=f"{service} does not run under anybody here; nothing was done")
    if host.run(["/usr/sbin/nginx", "-t"]).status != 0:
        return Outcome(ok=False, summary=f"the configuration of {service} fails its own test; nothing was done")
    host.service(service).reload()
    return Outcome(ok=True, summary=f"{service} loaded the configuration that lies on disk")


CASES = [
    {
        "name": "loads what was forgotten",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"pid": 7}}, "exec": {"/usr/sbin/nginx -t": ""}},
        "expect": {"ok": True, "effects": ["service.reload nginx"]},
    },
    {
        "name": "what fails its test is not loaded",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"pid": 7}}, "exec": {"/usr/sbin/nginx -t": {"status": 1}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what is down is not reloaded",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"is_running": False}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what nobody supervises is left alone",
        "params": {"service": "nginx"},
        "world": {"services": {"nginx": {"supervisor": "none"}}},
        "expect": {"ok": False, "effects": []},
    },
]
