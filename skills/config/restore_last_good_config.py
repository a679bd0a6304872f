# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 10
# cures = ["process.down", "process.restarts", "http.failed"]
# lookers = ["look_at_service", "find_config_error", "look_at_nginx", "find_changed_config"]
# when = ["config_is_broken", "last_good_is_found"]
# share = "config_share"
# fill = {service = "config_service", path = "changed_config", copy = "last_good_copy"}
# capabilities = [
#   "exec:/usr/sbin/nginx -t", "exec:/usr/sbin/apachectl -t", "exec:/usr/sbin/named-checkconf",
#   "exec:/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg",
#   "fs.stat:{copy}", "fs.read:{copy}", "fs.read:{path}", "fs.write:{path}", "service.status:{service}", "service.start:{service}",
#   "service.reload:{service}",
# ]
# triggers = [
#   "restore the configuration", "configuration syntax error", "[emerg] unexpected end of file in nginx.conf",
#   "broke the config, put the old one back", "revert the config change", "go back to the last good config",
#   "undo my config edit", "bad config, service does not start", "config was messed up", "恢复配置文件",
#   "配置文件语法错误", "配置改坏了", "还原配置", "回退配置", "恢复到上一个好的配置", "撤销配置修改",
#   "改错配置服务起不来", "把旧配置放回去", "put the previous version of the config back", "还原到上次能用的配置",
#   "配置回到上一个能用的版本",
# ]
# progress = ["starting", "activating"]
# ///
"""Writes back the older copy of a configuration file; loads it only when its program's own test passes, else puts back what was there."""

from __future__ import annotations

from core.skill import Host, Outcome

MOST = 65536
TESTS = {
    "nginx": ["/usr/sbin/nginx", "-t"],
    "apache2": ["/usr/sbin/apachectl", "-t"],
    "named": ["/usr/sbin/named-checkconf"],
    "haproxy": ["/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"],
}


def run(host: Host, service: str, path: str, copy: str) -> Outcome:
    test = TESTS.get(service)
    if test is None or not copy.startswith(path) or not path.startswith("/etc/"):
        return Outcome(
            ok=False, summary=f"I know no test for {service}, or {copy} is no copy of {path}; nothing was done"
        )
    if host.run(test).status == 0:
        return Outcome(ok=False, summary=f"{service} passes its own test; nothing was done")
    if host.stat(copy).size > MOST:
        return Outcome(ok=False, summary=f"{copy} is too large to be looked through; nothing was done")
    found, good = host.read(path, MOST), host.read(copy, MOST)
    if not good.strip() or good == found:
        return Outcome(ok=False, summary=f"{copy} is empty or says the same; nothing was done")
    host.write(path, good)
    after = host.run(test)
    if after.status != 0:
        host.write(path, found)
        return Outcome(
            ok=False, summary=f"{service} fails its test with {copy} too, so {path} is as it was: {after.err[:200]}"
        )
    if host.service(service).status().is_running:
        host.service(service).reload()
    else:
        host.service(service).start()
    return Outcome(
        ok=True, summary=f"{path} is as in {copy} again, and {service}, which passes its own test, loaded it"
    )


CASES = [
    {
        "name": "down, and the copy passes the test",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "copy": "/etc/nginx/nginx.conf.bak"},
        "world": {
            "files": {"/etc/nginx/nginx.conf": ";\nevents {}\n", "/etc/nginx/nginx.conf.bak": "events {}\n"},
            "services": {"nginx": {"is_running": False}},
            "exec": {"/usr/sbin/nginx -t": [{"status": 1, "err": "[emerg]"}, ""]},
        },
        "expect": {
            "ok": True,
            "effects": ["fs.write /etc/nginx/nginx.conf", "service.start nginx"],
            "files": {"/etc/nginx/nginx.conf": "events {}\n", "/etc/nginx/nginx.conf.bak": "events {}\n"},
        },
    },
    {
        "name": "what still runs is reloaded",
        "params": {"service": "haproxy", "path": "/etc/haproxy/haproxy.cfg", "copy": "/etc/haproxy/haproxy.cfg~"},
        "world": {
            "files": {"/etc/haproxy/haproxy.cfg": "bad", "/etc/haproxy/haproxy.cfg~": "good"},
            "services": {"haproxy": {"is_running": True}},
            "exec": {"/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg": [{"status": 1}, ""]},
        },
        "expect": {"ok": True, "effects": ["fs.write /etc/haproxy/haproxy.cfg", "service.reload haproxy"]},
    },
    {
        "name": "the copy fails as well: what was there is put back, and nothing is loaded",
        "params": {"service": "apache2", "path": "/etc/apache2/apache2.conf", "copy": "/etc/apache2/apache2.conf.old"},
        "world": {
            "files": {"/etc/apache2/apache2.conf": "bad", "/etc/apache2/apache2.conf.old": "worse"},
            "services": {"apache2": {"is_running": False}},
            "exec": {"/usr/sbin/apachectl -t": {"status": 1, "err": "Syntax error"}},
        },
        "expect": {
            "ok": False,
            "effects": ["fs.write /etc/apache2/apache2.conf", "fs.write /etc/apache2/apache2.conf"],
            "files": {"/etc/apache2/apache2.conf": "bad"},
        },
    },
    {
        "name": "it passes its test already",
        "params": {"service": "named", "path": "/etc/bind/named.conf", "copy": "/etc/bind/named.conf.bak"},
        "world": {
            "files": {"/etc/bind/named.conf": "a", "/etc/bind/named.conf.bak": "b"},
            "exec": {"/usr/sbin/named-checkconf": ""},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a copy of another file is none",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "copy": "/etc/nginx/other.conf.bak"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a program without a test of its own is left to people",
        "params": {"service": "shop", "path": "/etc/shop.conf", "copy": "/etc/shop.conf.bak"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a file outside of /etc is not restored",
        "params": {"service": "nginx", "path": "/srv/nginx.conf", "copy": "/srv/nginx.conf.bak"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "an empty copy is no good one",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "copy": "/etc/nginx/nginx.conf.bak"},
        "world": {
            "files": {"/etc/nginx/nginx.conf": "bad", "/etc/nginx/nginx.conf.bak": "\n"},
            "exec": {"/usr/sbin/nginx -t": {"status": 1}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a copy too large to be seen whole",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "copy": "/etc/nginx/nginx.conf.bak"},
        "world": {
            "files": {"/etc/nginx/nginx.conf": "bad", "/etc/nginx/nginx.conf.bak": {"size": 65537}},
            "exec": {"/usr/sbin/nginx -t": {"status": 1}},
        },
        "expect": {"ok": False, "effects": []},
    },
]
