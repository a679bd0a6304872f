# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# timeout = 60
# settles = 5
# on_request = true
# capabilities = [
#   "exec:/usr/sbin/nginx -t", "exec:/usr/sbin/apachectl -t", "exec:/usr/sbin/named-checkconf",
#   "exec:/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg",
#   "fs.stat:{path}", "fs.read:{path}", "fs.write:{path}", "service.status:{service}", "service.reload:{service}",
# ]
# triggers = [
#   "change a line in a configuration file", "change a setting", "set a value in the config", "edit the config file",
#   "increase max_connections", "set worker_processes to", "change a parameter in nginx.conf",
#   "modify postgresql.conf", "tune a configuration value", "修改配置文件中的一行", "修改配置项", "改一下配置",
#   "把参数改成", "配置里的值改成", "调大 max_connections", "修改 nginx.conf", "修改 postgresql.conf", "调整配置参数",
#   "in the config change yes to no", "set an option in a .conf file", "配置文件里的 yes 改成 no",
#   "把配置里某一项改成",
# ]
# ///
"""Changes one line of one configuration file, tests it with the program's own test, reloads; puts the old one back where that fails."""

from __future__ import annotations

from core.skill import Host, Outcome

MOST = 65536
TESTS = {
    "nginx": ["/usr/sbin/nginx", "-t"],
    "apache2": ["/usr/sbin/apachectl", "-t"],
    "named": ["/usr/sbin/named-checkconf"],
    "haproxy": ["/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"],
}


def run(host: Host, service: str, path: str, old: str, new: str) -> Outcome:
    test = TESTS.get(service)
    if test is None or not path.startswith("/etc/"):
        return Outcome(
            ok=False, summary=f"I know no test for {service}, or {path} is no configuration file; nothing was done"
        )
    if host.stat(path).size > MOST:
        return Outcome(ok=False, summary=f"{path} is too large to be changed line by line; nothing was done")
    found = host.read(path, MOST)
    lines = found.splitlines(keepends=True)
    at = [number for number, line in enumerate(lines) if line.strip() == old.strip()]
    if len(at) != 1 or not old.strip() or "\n" in new:
        return Outcome(
            ok=False,
            summary=f"{path} has that line {len(at)} times, and it must be there exactly once; nothing was done",
        )
    if host.run(test).status != 0:
        return Outcome(ok=False, summary=f"{service} fails its own test already; nothing was done")
    line = lines[at[0]]
    lines[at[0]] = line.replace(line.strip(), new.strip())
    host.write(path, "".join(lines))
    after = host.run(test)
    if after.status != 0:
        host.write(path, found)
        return Outcome(
            ok=False, summary=f"{service} fails its test with that line, so {path} is as it was: {after.err[:200]}"
        )
    if host.service(service).status().is_running:
        host.service(service).reload()
    return Outcome(ok=True, summary=f"line {at[0] + 1} of {path} is now: {new.strip()}", facts={"line": at[0] + 1})


CASES = [
    {
        "name": "one line, exactly once, its indentation kept",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "old": "gzip on;", "new": " gzip off; "},
        "world": {
            "files": {"/etc/nginx/nginx.conf": "http {\n  gzip on;\n  # gzip on; is slow\n}\n"},
            "services": {"nginx": {"pid": 7}},
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {
            "ok": True,
            "effects": ["fs.write /etc/nginx/nginx.conf", "service.reload nginx"],
            "facts": {"line": 2},
            "files": {"/etc/nginx/nginx.conf": "http {\n  gzip off;\n  # gzip on; is slow\n}\n"},
        },
    },
    {
        "name": "what is down is not reloaded",
        "params": {"service": "named", "path": "/etc/bind/named.conf", "old": "a;", "new": "b;"},
        "world": {
            "files": {"/etc/bind/named.conf": "a;\n"},
            "services": {"named": {"is_running": False}},
            "exec": {"/usr/sbin/named-checkconf": ""},
        },
        "expect": {"ok": True, "effects": ["fs.write /etc/bind/named.conf"], "files": {"/etc/bind/named.conf": "b;\n"}},
    },
    {
        "name": "the test fails with the new line: the old one is back, nothing is loaded",
        "params": {"service": "apache2", "path": "/etc/apache2/apache2.conf", "old": "Timeout 300", "new": "Timeot 30"},
        "world": {
            "files": {"/etc/apache2/apache2.conf": "Timeout 300\n"},
            "services": {"apache2": {"pid": 7}},
            "exec": {"/usr/sbin/apachectl -t": ["", {"status": 1, "err": "Syntax error on line 1"}]},
        },
        "expect": {
            "ok": False,
            "effects": ["fs.write /etc/apache2/apache2.conf", "fs.write /etc/apache2/apache2.conf"],
            "files": {"/etc/apache2/apache2.conf": "Timeout 300\n"},
        },
    },
    {
        "name": "twice is not once",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "old": "a;", "new": "b;"},
        "world": {"files": {"/etc/nginx/nginx.conf": "a;\n a;\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "an empty line names nothing",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "old": " ", "new": "b;"},
        "world": {"files": {"/etc/nginx/nginx.conf": "a;\n\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "two lines are not one",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "old": "a;", "new": "b;\nload_module x;"},
        "world": {"files": {"/etc/nginx/nginx.conf": "a;\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what is broken already is not changed further",
        "params": {"service": "haproxy", "path": "/etc/haproxy/haproxy.cfg", "old": "a", "new": "b"},
        "world": {
            "files": {"/etc/haproxy/haproxy.cfg": "a\n"},
            "exec": {"/usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg": {"status": 1}},
        },
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "too large to be seen whole",
        "params": {"service": "nginx", "path": "/etc/nginx/nginx.conf", "old": "a;", "new": "b;"},
        "world": {"files": {"/etc/nginx/nginx.conf": {"size": 65537}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a program without a test of its own",
        "params": {"service": "shop", "path": "/etc/shop.conf", "old": "a", "new": "b"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a page is no configuration file",
        "params": {"service": "nginx", "path": "/srv/www/index.html", "old": "a", "new": "b"},
        "world": {"files": {}},
        "expect": {"ok": False, "effects": []},
    },
]
