# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.down", "process.restarts", "http.failed"]
# lookers = ["look_at_service", "find_config_error", "look_at_nginx"]
# when = ["config_is_broken", "broken_config_is_stray"]
# share = "config_share"
# fill = {service = "config_service", path = "broken_config_file"}
# capabilities = [
#   "exec:/usr/sbin/nginx -t", "fs.stat:{path}", "fs.move:/etc/nginx/**",
#   "service.status:{service}", "service.start:{service}", "service.reload:{service}",
# ]
# triggers = [
#   "duplicate default server", "backup file in sites-enabled", "a duplicate default server for 0.0.0.0:80",
#   "duplicate listen options", "default.bak in sites-enabled", "conflicting server name",
#   "stray config copy loaded by nginx", "editor backup in sites-enabled", "重复的默认站点",
#   "sites-enabled 里的备份文件", "nginx 站点重复", "duplicate listen", "站点配置冲突", "备份配置被 nginx 加载了",
#   "多余的站点配置", "sites-enabled 里有 .bak",
# ]
# progress = ["starting", "activating"]
# ///
"""Moves a backup copy out of sites-enabled, where nginx takes it for a second site; loads the rest only when it passes its test."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

STRAY = re.compile(r"/etc/nginx/sites-enabled/([\w.-]+(?:\.(?:bak|orig|old|save|swp|dpkg-\w+|ucf-\w+|rpm\w+|\d{8})|~))")


def run(host: Host, service: str, path: str) -> Outcome:
    stray = STRAY.fullmatch(path)
    if stray is None or host.stat(path).kind != "file":
        return Outcome(ok=False, summary=f"{path} is no backup copy among the sites; nothing was done")
    if host.run(["/usr/sbin/nginx", "-t"]).status == 0:
        return Outcome(ok=False, summary=f"{service} passes its own test; nothing was done")
    aside = f"/etc/nginx/{stray[1]}.aside"
    host.move(path, aside)
    after = host.run(["/usr/sbin/nginx", "-t"])
    if after.status != 0:
        return Outcome(
            ok=False, summary=f"{service} fails its test without {path} too, so nothing was loaded: {after.err[:200]}"
        )
    if host.service(service).status().is_running:
        host.service(service).reload()
    else:
        host.service(service).start()
    return Outcome(
        ok=True, summary=f"moved {path} to {aside}, and {service}, which passes its own test, loaded the rest"
    )


CASES = [
    {
        "name": "a copy left by an editor is a second default server",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop.bak"},
        "world": {
            "files": {"/etc/nginx/sites-enabled/shop.bak": "server {}"},
            "services": {"nginx": {"is_running": False}},
            "exec": {"/usr/sbin/nginx -t": [{"status": 1, "err": "[emerg] a duplicate default server"}, ""]},
        },
        "expect": {
            "ok": True,
            "effects": [
                "fs.move /etc/nginx/sites-enabled/shop.bak -> /etc/nginx/shop.bak.aside",
                "service.start nginx",
            ],
            "files": {"/etc/nginx/sites-enabled/shop.bak": None, "/etc/nginx/shop.bak.aside": "server {}"},
        },
    },
    {
        "name": "what still runs is reloaded",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop~"},
        "world": {
            "files": {"/etc/nginx/sites-enabled/shop~": "server {}"},
            "services": {"nginx": {"pid": 7}},
            "exec": {"/usr/sbin/nginx -t": [{"status": 1}, ""]},
        },
        "expect": {
            "ok": True,
            "effects": ["fs.move /etc/nginx/sites-enabled/shop~ -> /etc/nginx/shop~.aside", "service.reload nginx"],
        },
    },
    {
        "name": "it was not the copy alone: nothing is loaded",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop.bak"},
        "world": {
            "files": {"/etc/nginx/sites-enabled/shop.bak": "server {}"},
            "services": {"nginx": {"pid": 7}},
            "exec": {"/usr/sbin/nginx -t": {"status": 1, "err": "[emerg] more"}},
        },
        "expect": {
            "ok": False,
            "effects": ["fs.move /etc/nginx/sites-enabled/shop.bak -> /etc/nginx/shop.bak.aside"],
        },
    },
    {
        "name": "it passes its test already",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop.old"},
        "world": {"files": {"/etc/nginx/sites-enabled/shop.old": "x"}, "exec": {"/usr/sbin/nginx -t": ""}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a site is no copy",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a link is not moved",
        "params": {"service": "nginx", "path": "/etc/nginx/sites-enabled/shop.old"},
        "world": {"files": {"/etc/nginx/sites-enabled/shop.old": {"kind": "link", "target": "../x"}}},
        "expect": {"ok": False, "effects": []},
    },
]
