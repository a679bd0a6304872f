# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 60
# settles = 10
# cures = ["http.failed"]
# lookers = ["look_at_nginx"]
# when = ["web_cause == \"frozen\""]
# share = "web_share"
# fill = {service = "web_service"}
# capabilities = ["process.list", "exec:/usr/sbin/nginx -t", "service.restart:{service}"]
# triggers = [
#   "web server hangs", "nginx does not answer", "website hangs", "site is frozen", "nginx accepts but never answers",
#   "page loads forever", "nginx workers are stuck", "web server not responding", "website times out while nginx runs",
#   "网站卡住", "nginx 没有响应", "网站卡死", "nginx 卡死了", "页面一直转圈", "网页一直加载", "nginx 假死",
#   "网站没反应", "web 服务器无响应", "网站超时 nginx 还在运行", "nginx is frozen, restart it", "nginx 卡死了重启",
# ]
# ///
"""Restarts a web server whose workers are all stopped: it accepts connections, answers none. Never into a broken configuration."""

from __future__ import annotations

from core.skill import Host, Outcome


def run(host: Host, service: str) -> Outcome:
    processes = host.process.list()
    masters = {one.pid for one in processes if one.name == service and "master" in " ".join(one.argv)}
    workers = [one for one in processes if one.parent in masters]
    if not workers or any(one.state not in {"T", "t"} for one in workers):
        return Outcome(ok=False, summary=f"a worker of {service} works; nothing was done")
    if host.run(["/usr/sbin/nginx", "-t"]).status != 0:
        return Outcome(
            ok=False, summary=f"{service} would not come back, its configuration fails its own test; nothing was done"
        )
    host.service(service).restart()
    return Outcome(ok=True, summary=f"restarted {service}, all {len(workers)} workers of which were stopped")


CASES = [
    {
        "name": "all workers are stopped",
        "params": {"service": "nginx"},
        "world": {
            "services": {"nginx": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "state": "T"},
                {"pid": 9, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "state": "t"},
                {"pid": 10, "name": "vim", "state": "S"},
            ],
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {"ok": True, "effects": ["service.restart nginx"]},
    },
    {
        "name": "one worker works",
        "params": {"service": "nginx"},
        "world": {
            "services": {"nginx": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "state": "T"},
                {"pid": 9, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7},
            ],
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it would not come back",
        "params": {"service": "nginx"},
        "world": {
            "services": {"nginx": {"pid": 7}},
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "state": "T"},
            ],
            "exec": {"/usr/sbin/nginx -t": {"status": 1}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "it is down",
        "params": {"service": "nginx"},
        "world": {"processes": [{"pid": 8, "name": "vim", "state": "T", "parent": 1}]},
        "expect": {"ok": False, "effects": []},
    },
]
