# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["http.failed"]
# capabilities = [
#   "fs.stat:/**", "exec:/usr/sbin/nginx -t", "process.list", "exec:/usr/bin/ss -Hltnp", "exec:/usr/sbin/ip -j addr show",
#   "fs.list:/etc/nginx/conf.d", "fs.list:/etc/nginx/sites-enabled",
#   "fs.read:/etc/nginx/nginx.conf", "fs.read:/etc/nginx/conf.d/*", "fs.read:/etc/nginx/sites-enabled/*",
#   "fs.read:/etc/nginx/sites-available/*", "fs.read:/proc/stat", "service.status:*",
#   "exec:/usr/bin/tail -c 60000 /var/log/nginx/error.log",
# ]
# quotes = ["config_error", "upstream_address", "forbidden_path"]
# triggers = ["is nginx all right", "why does the website fail", "nginx error", "403 forbidden", "504 gateway timeout", "503",
#   "nginx 正常吗", "网站为什么打不开", "网站报错", "403 禁止访问", "503 服务不可用", "504 网关超时", "排查网站故障"]
# ///
"""Shows why nginx here does not answer a URL: its own configuration test, down, frozen, not reloaded, a forbidden file, a dead upstream."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.skill import File, Host, HostError, Outcome, Process

TICKS = 100
MOST_WORDS = 300
FRESH_DAYS = 900 / 86400
ERROR_LOG = "/var/log/nginx/error.log"
BROKEN_AT = re.compile(r"\[emerg\] (.+?) in (/[\w./@+-]+):(\d+)")
EMERGENCY = re.compile(r"\[emerg\] (.+)")
DENIED = re.compile(r'"(/[^"]+)" (?:failed|is forbidden) \(13: Permission denied\)')
REFUSED = re.compile(r'\(111: .*upstream: "https?://([^/"]+)')
STRAY = re.compile(r"/sites-enabled/[^/]+(?:\.(?:bak|orig|old|save|swp|dpkg-\w+|ucf-\w+|rpm\w+|\d{8})|~)$")
NOT_OURS = re.compile(r"\(13: Permission denied\)")


@dataclass(frozen=True)
class Site:
    """One file of the configuration, with the name it is included by."""

    file: File
    text: str


def run(host: Host, url: str) -> Outcome:
    if not is_there(host, "/usr/sbin/nginx"):
        return Outcome(ok=True, summary="there is no nginx here", facts={"web_cause": "none", "web_share": 0.0})
    sites = configured(host)
    if not serves(host, sites, url):
        return Outcome(
            ok=True, summary=f"nginx here does not serve {url}", facts={"web_cause": "none", "web_share": 0.0}
        )
    facts: dict[str, object] = {"web_service": "nginx", "config_service": "nginx", "config_is_broken": False}
    facts |= tested(host)
    facts["web_cause"] = cause = cause_of(host, sites, url, facts)
    facts["config_is_broken"] = cause == "configuration"
    facts["config_share"] = 1.0 if cause == "configuration" else 0.0
    facts["web_share"] = 0.0 if cause == "none" else 1.0
    return Outcome(ok=True, summary=in_words(url, facts), facts=facts)


def is_there(host: Host, path: str) -> bool:
    """Whether something stands at a path."""
    try:
        host.stat(path)
    except HostError as error:
        if error.code != "missing":
            raise
        return False
    return True


def configured(host: Host) -> list[Site]:
    """The files that nginx reads, links to sites-available followed."""
    files = [host.stat("/etc/nginx/nginx.conf")]
    for folder in ("/etc/nginx/conf.d", "/etc/nginx/sites-enabled"):
        for file in listed(host, folder):
            if file.kind == "link" and file.target.rpartition("/")[0].endswith("sites-available"):
                files.append(host.stat(f"/etc/nginx/sites-available/{file.target.rpartition('/')[2]}"))
            elif file.kind == "file" and (folder.endswith("enabled") or file.name.endswith(".conf")):
                files.append(file)
    return [Site(file, host.read(file.path)) for file in files]


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code != "missing":
            raise
        return []


def serves(host: Host, sites: list[Site], url: str) -> bool:
    """True when nginx is set to listen on the port of the URL, and its host is this one or a name it serves."""
    split = urlsplit(url)
    port = split.port or (443 if split.scheme == "https" else 80)
    text = re.sub(r"#.*", "", "\n".join(site.text for site in sites))
    ports = {word.rpartition(":")[2] for word in re.findall(r"(?:^|[{;])\s*listen\s+([^\s;]+)", text, re.M)}
    names = {name for line in re.findall(r"(?:^|[{;])\s*server_name\s+([^;]+);", text, re.M) for name in line.split()}
    if str(port) not in ports:
        return False
    name = split.hostname or ""
    return name in {"localhost", "127.0.0.1", "::1"} or name in names or name in own_addresses(host)


def own_addresses(host: Host) -> set[str]:
    """The addresses of this host."""
    links = json.loads(host.run(["/usr/sbin/ip", "-j", "addr", "show"]).out or "[]")
    return {str(one.get("local")) for link in links for one in link.get("addr_info", [])}


def tested(host: Host) -> dict[str, object]:
    """What nginx itself says of its configuration; a test that lacked the rights to read it says nothing."""
    test = host.run(["/usr/sbin/nginx", "-t"])
    said = EMERGENCY.search(test.err)
    where = BROKEN_AT.search(test.err)
    fails = test.status != 0 and said is not None and not NOT_OURS.search(test.err)
    return {
        "config_fails_test": fails,
        "config_error": said[1][:MOST_WORDS] if fails and said else "",
        "broken_config_file": where[2] if fails and where else "",
        "broken_config_line": int(where[3]) if fails and where else 0,
        "broken_config_is_stray": bool(fails and where and STRAY.search(where[2])),
    }


def cause_of(host: Host, sites: list[Site], url: str, facts: dict[str, object]) -> str:
    """The one cause that explains the trouble."""
    processes = host.process.list()
    masters = [one for one in processes if one.name == "nginx" and "master" in " ".join(one.argv)]
    workers = [one for one in processes if one.parent in {master.pid for master in masters}]
    if not masters:
        if facts["config_fails_test"]:
            return "configuration"
        return "port" if is_held(host, url) else "down"
    if workers and all(one.state in {"T", "t"} for one in workers):
        return "frozen"
    if not facts["config_fails_test"] and is_newer(host, sites, workers):
        return "not loaded"
    return by_log(host, sites, url, facts)


def is_held(host: Host, url: str) -> bool:
    """True when somebody listens on the port of the URL."""
    split = urlsplit(url)
    port = str(split.port or (443 if split.scheme == "https" else 80))
    lines = host.run(["/usr/bin/ss", "-Hltnp"]).out.splitlines()
    return any(len(line.split()) > 3 and line.split()[3].rpartition(":")[2] == port for line in lines)


def is_newer(host: Host, sites: list[Site], workers: list[Process]) -> bool:
    """True when a file was changed after the youngest worker was started: a reload starts new ones."""
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    if not booted or not workers:
        return False
    loaded = int(booted[1]) + max(one.started for one in workers) / TICKS
    return host.now - min(site.file.age_days for site in sites) * 86400 > loaded + 2


def by_log(host: Host, sites: list[Site], url: str, facts: dict[str, object]) -> str:
    """What its log last said of this very path, if it said it just now."""
    if not is_there(host, ERROR_LOG) or host.stat(ERROR_LOG).age_days > FRESH_DAYS:
        return "none"
    path = urlsplit(url).path or "/"
    lines = host.run(["/usr/bin/tail", "-c", "60000", ERROR_LOG]).out.splitlines()
    line = next((line for line in reversed(lines) if re.search(rf'request: "\w+ {re.escape(path)}[ ?]', line)), "")
    facts["web_last_error"] = line[:MOST_WORDS]
    denied, refused = DENIED.search(line), REFUSED.search(line)
    if denied:
        facts |= closed_at(host, denied[1])
        return "forbidden"
    if refused:
        facts["upstream_address"] = refused[1]
        facts["upstream_service"] = service_at(host, sites, refused[1])
        return "upstream"
    return "none"


def closed_at(host: Host, path: str) -> dict[str, object]:
    """The first folder on the way that others may not enter, or the file that others may not read."""
    parts = path.strip("/").split("/")
    for count in range(1, len(parts) + 1):
        place = host.stat("/" + "/".join(parts[:count]))
        needed = 0o001 if place.kind == "dir" and count < len(parts) else 0o004
        if place.kind != "link" and not place.mode & needed:
            return {"forbidden_path": place.path, "forbidden_mode": place.mode, "forbidden_needs": needed}
    return {"forbidden_path": "", "forbidden_mode": 0, "forbidden_needs": 0}


def service_at(host: Host, sites: list[Site], address: str) -> str:
    """The service that an upstream of this address is named after, where somebody here supervises it and it is down."""
    blocks = [block for site in sites for block in re.findall(r"upstream\s+([\w.-]+)\s*\{([^}]*)\}", site.text)]
    names = [name for name, body in blocks if re.search(rf"server\s+{re.escape(address)}[\s;]", body)]
    for name in dict.fromkeys(names):
        state = host.service(name).status()
        if state.supervisor != "none" and not state.is_running:
            return str(name)
    return ""


def least_mode(facts: dict[str, object]) -> str:
    """Which place is closed, and the smallest change that would open it; never more than that."""
    if not facts.get("forbidden_path"):
        return "by its mode others may, so look at its owner, or at AppArmor and SELinux"
    bit = "x" if facts["forbidden_needs"] == 1 else "r"
    return (
        f"{facts['forbidden_path']} has mode {facts['forbidden_mode']:o}; chmod o+{bit} is the least that would open it"
    )


def in_words(url: str, facts: dict[str, object]) -> str:
    """One line of evidence."""
    said = {
        "configuration": "is down, and its configuration fails its own test",
        "down": "is down, and its configuration passes its own test",
        "port": "is down, and somebody else holds its port",
        "frozen": "runs, but all its workers are stopped",
        "not loaded": "runs with an older configuration than the one on disk, which passes its test",
        "forbidden": "may not read what it should serve: " + least_mode(facts),
        "upstream": f"is refused by its upstream {facts.get('upstream_address')} ({facts.get('upstream_service') or 'no known service'})",
        "none": "runs, and says nothing of it",
    }
    error = f"; nginx -t: {facts['config_error']}" if facts["config_error"] else ""
    place = f" at {facts['broken_config_file']}:{facts['broken_config_line']}" if facts["broken_config_file"] else ""
    return f"nginx, which should answer {url}, {said[str(facts['web_cause'])]}{error}{place}"


# fmt: off
CASES = [
    {
        "name": "a stray semicolon keeps it down", "params": {"url": "http://127.0.0.1/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "http { include /etc/nginx/sites-enabled/*; }\n",
                "/etc/nginx/conf.d": {"kind": "dir"},
                "/etc/nginx/sites-enabled/shop": {"kind": "link", "target": "../sites-available/shop"},
                "/etc/nginx/sites-available/shop": ";\nserver {\n  listen 80;\n}\n",
            },
            "processes": [{"pid": 7, "name": "cron"}],
            "exec": {
                "/usr/sbin/nginx -t": {
                    "status": 1,
                    "err": 'nginx: [emerg] unexpected ";" in /etc/nginx/sites-enabled/shop:1\nnginx: configuration file test failed\n',
                },
            },
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {
                "web_cause": "configuration", "web_share": 1.0, "web_service": "nginx", "config_service": "nginx",
                "config_is_broken": True, "config_error": 'unexpected ";" in /etc/nginx/sites-enabled/shop:1',
                "broken_config_file": "/etc/nginx/sites-enabled/shop", "broken_config_line": 1,
            },
        },
    },
    {
        "name": "down, and its port is free", "params": {"url": "http://www.example.com:8080/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "",
                "/etc/nginx/conf.d/shop.conf": "server {\n listen 127.0.0.1:8080;\n server_name example.com www.example.com;\n}",
                "/etc/nginx/sites-enabled": None,
            },
            "exec": {"/usr/sbin/nginx -t": "", "/usr/bin/ss -Hltnp": "LISTEN 0 5 0.0.0.0:80 0.0.0.0:*\n"},
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {
                "web_cause": "down", "web_share": 1.0, "config_is_broken": False, "config_share": 0.0, "config_error": "",
                "broken_config_file": "", "broken_config_line": 0, "broken_config_is_stray": False,
            },
        },
    },
    {
        "name": "down, somebody else holds its port, and who looks may not read a key", "params": {"url": "https://127.0.0.1/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "listen 443 ssl;", "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None,
            },
            "exec": {
                "/usr/sbin/nginx -t": {"status": 1, "err": '[emerg] BIO_new_file("/x") failed (13: Permission denied)'},
                "/usr/bin/ss -Hltnp": 'LISTEN 0 5 *:443 *:* users:(("java",pid=9,fd=3))\n',
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "port", "config_fails_test": False}},
    },
    {
        "name": "its workers are stopped", "params": {"url": "http://10.0.0.5/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "http {}",
                "/etc/nginx/conf.d/far.conf": {"kind": "link", "target": "/srv/far.conf"},
                "/etc/nginx/sites-enabled/shop": "\tlisten [::]:80 default_server;",
            },
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "state": "T"},
            ],
            "exec": {"/usr/sbin/nginx -t": "", "/usr/sbin/ip -j addr show": '[{"addr_info": [{"local": "10.0.0.5"}]}]'},
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "frozen", "web_share": 1.0}},
    },
    {
        "name": "what is on disk was never loaded", "params": {"url": "http://localhost/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": {"text": "listen 80;", "age_days": 3.0},
                "/etc/nginx/conf.d/a.conf": {"text": "", "age_days": 0.01}, "/etc/nginx/conf.d/a.conf.bak": "listen 81;",
                "/etc/nginx/sites-enabled": None, "/proc/stat": "cpu 1\nbtime 1767000000\n",
            },
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"], "started": 100},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "started": 200},
            ],
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "not loaded", "web_share": 1.0}},
    },
    {
        "name": "its upstream refuses, and is a service here that is down", "params": {"url": "http://localhost/cart"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "",
                "/etc/nginx/nginx.conf": {
                    "text": "listen 80;\nupstream other { server 127.0.0.1:80800; }\nupstream shop { server 127.0.0.1:8080; }",
                    "age_days": 3.0,
                },
                "/etc/nginx/conf.d": None, "/etc/nginx/sites-enabled": None, "/proc/stat": "btime 1767000000\n",
                "/var/log/nginx/error.log": "",
            },
            "services": {"shop": {"is_running": False}},
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "started": 20000000},
            ],
            "exec": {
                "/usr/sbin/nginx -t": "",
                "/usr/bin/tail -c 60000 /var/log/nginx/error.log": '[error] connect() failed (111: refused), request: "GET /cart'
                    ' HTTP/1.1", upstream: "http://127.0.0.1:8080/cart"\n[error] o'
                    'pen() "/x" failed (13: Permission denied), request: "GET /x '
                    'HTTP/1.1"\n',
            },
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {"web_cause": "upstream", "upstream_address": "127.0.0.1:8080", "upstream_service": "shop"},
        },
    },
    {
        "name": "it may not read the page, because a folder is closed to others", "params": {"url": "http://localhost/a.html"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": {"text": "listen 80;", "age_days": 3.0}, "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None, "/proc/stat": "btime 1767000000\n", "/srv": {"kind": "dir", "mode": 493},
                "/srv/www": {"kind": "dir", "mode": 448}, "/srv/www/a.html": {"text": "", "mode": 420}, "/var/log/nginx/error.log": "",
            },
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "started": 20000000},
            ],
            "exec": {
                "/usr/sbin/nginx -t": "",
                "/usr/bin/tail -c 60000 /var/log/nginx/error.log": '[error] open() "/srv/www/a.html" failed (13: Permission denied), '
                    'request: "GET /a.html HTTP/1.1"\n',
            },
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {"web_cause": "forbidden", "forbidden_path": "/srv/www", "forbidden_mode": 448, "forbidden_needs": 1},
        },
    },
    {
        "name": "an old error is not today's", "params": {"url": "http://localhost/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": {"text": "listen 80;", "age_days": 3.0}, "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None, "/proc/stat": "btime 1767000000\n",
                "/var/log/nginx/error.log": {"text": "", "age_days": 1.0},
            },
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "started": 20000000},
            ],
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "none", "web_share": 0.0}},
    },
    {
        "name": "the URL is another host's", "params": {"url": "http://example.com/"},
        "world": {
            "files": {"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "listen 80;",
                      "/etc/nginx/conf.d": None, "/etc/nginx/sites-enabled": None},
            "exec": {"/usr/sbin/ip -j addr show": "[]"},
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "none", "web_share": 0.0}},
    },
    {
        "name": "there is no nginx", "params": {"url": "http://127.0.0.1/"}, "world": {"files": {"/usr/sbin/nginx": None}},
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "none", "web_share": 0.0}},
    },
    {
        "name": "a copy among the sites breaks it", "params": {"url": "http://localhost/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "", "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled/shop.bak": "listen 80;",
            },
            "exec": {"/usr/sbin/nginx -t": {"status": 1, "err": "[emerg] twice in /etc/nginx/sites-enabled/shop.bak:12"}},
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {
                "web_cause": "configuration", "config_share": 1.0, "broken_config_file": "/etc/nginx/sites-enabled/shop.bak",
                "broken_config_line": 12, "broken_config_is_stray": True,
            },
        },
    },
    {
        "name": "another port is not nginx's", "params": {"url": "http://localhost:8080/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "listen 80; # listen 8080;", "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None,
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "none", "web_share": 0.0}},
    },
    {
        "name": "a master that has no worker at the moment", "params": {"url": "http://localhost/"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "listen 80;", "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None, "/proc/stat": "btime 1767000000\n", "/var/log/nginx/error.log": None,
            },
            "processes": [{"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]}],
            "exec": {"/usr/sbin/nginx -t": ""},
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "none", "web_share": 0.0}},
    },
    {
        "name": "it may not read the page itself; a broken file on disk is not why", "params": {"url": "http://localhost"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "listen 80;", "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled": None, "/srv": {"kind": "dir", "mode": 457},
                "/srv/www": {"kind": "link", "target": "/srv/web", "mode": 448}, "/srv/www/index.html": {"text": "", "mode": 417},
                "/var/log/nginx/error.log": {"text": "", "age_days": 0.01},
            },
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7},
            ],
            "exec": {
                "/usr/sbin/nginx -t": {"status": 1, "err": "[emerg] odd"},
                "/usr/bin/tail -c 60000 /var/log/nginx/error.log": 'older "/x" failed (13: Permission denied), request: "GET / H'
                    'TTP/1.1"\n[error] "/srv/www/index.html" is forbidden (13: Per'
                    'mission denied), request: "GET / HTTP/1.1"\n',
            },
        },
        "expect": {
            "ok": True, "effects": [],
            "facts": {
                "web_cause": "forbidden", "config_is_broken": False, "config_fails_test": True, "config_error": "odd",
                "forbidden_path": "/srv/www/index.html", "forbidden_mode": 417, "forbidden_needs": 4,
            },
        },
    },
    {
        "name": "an upstream whose service runs, and one that answers badly", "params": {"url": "http://localhost/a"},
        "world": {
            "files": {
                "/usr/sbin/nginx": "",
                "/etc/nginx/nginx.conf": {"text": "listen 80; upstream shop { server 10.0.0.9:1; }", "age_days": 3.0},
                "/etc/nginx/conf.d": None, "/etc/nginx/sites-enabled": None, "/proc/stat": "btime 1767000000\n",
                "/var/log/nginx/error.log": "",
            },
            "services": {"shop": {"pid": 9}},
            "processes": [
                {"pid": 7, "name": "nginx", "argv": ["nginx: master process /usr/sbin/nginx"]},
                {"pid": 8, "name": "nginx", "argv": ["nginx: worker process"], "parent": 7, "started": 20000000},
            ],
            "exec": {
                "/usr/sbin/nginx -t": "",
                "/usr/bin/tail -c 60000 /var/log/nginx/error.log": 'connect() failed (111: refused), request: "GET /a HTTP/1.1", upstream: "http://10.0.0.9:1/a"\n',
            },
        },
        "expect": {"ok": True, "effects": [], "facts": {"web_cause": "upstream", "upstream_address": "10.0.0.9:1", "upstream_service": ""}},
    },
]
# fmt: on
