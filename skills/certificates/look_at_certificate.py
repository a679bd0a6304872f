# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["tls.expires_days"]
# capabilities = [
#   "exec:/usr/bin/ss -Hltnp", "process.list", "fs.read:/proc/stat", "fs.stat:/**",
#   "fs.read:/etc/**/*.crt", "fs.read:/etc/**/*.cer", "fs.read:/srv/**/*.crt", "fs.read:/srv/**/*.cer",
#   "fs.read:/opt/**/*.crt", "fs.read:/opt/**/*.cer",
#   "fs.list:/etc/nginx/conf.d", "fs.list:/etc/nginx/sites-enabled", "fs.read:/etc/nginx/nginx.conf", "fs.read:/etc/nginx/conf.d/*",
#   "fs.read:/etc/nginx/sites-enabled/*", "fs.read:/etc/nginx/sites-available/*",
# ]
# triggers = [
#   "certificate expires", "certificate expires soon", "certificate has expired",
#   "x509: certificate has expired or is not yet valid", "SSL certificate problem",
#   "browser warns about the certificate", "NET::ERR_CERT_DATE_INVALID", "https cert runs out in days",
#   "is the certificate renewed", "CertificateExpiringSoon", "TLS handshake failed: expired certificate", "证书快过期",
#   "证书快到期了", "证书过期了", "证书还有几天到期", "浏览器提示证书无效", "浏览器提示不安全", "https 证书告警",
#   "SSL 证书过期", "证书续期了吗", "证书日期无效", "which certificate file is served", "用的是哪个证书文件",
# ]
# ///
"""Shows which file a served certificate comes from, whether a renewed one lies there that was never loaded, and what to do if not."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

from core.skill import File, Host, HostError, Outcome, Process

TICKS = 100
VALIDITY = re.compile(rb"\x30[\x1a-\x22](?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
UNKNOWN = -100000.0


def run(host: Host, port: int, domain: str = "") -> Outcome:
    processes = host.process.list()
    server = listener_of(host, port, processes)
    if server is None:
        return Outcome(ok=True, summary=f"nobody here listens on port {port}", facts={"certificate_is_renewed": False})
    path = path_of(host, server, port, domain)
    file = real(host, path) if path else None
    facts: dict[str, object] = {
        "certificate_service": server.name,
        "certificate_is_renewed": False,
        "certificate_share": 0.0,
    }
    if file is None:
        return Outcome(
            ok=True, summary=f"{server.name} on port {port} does not say where its certificate lies", facts=facts
        )
    left = days_left(host, file)
    is_newer = host.now - file.age_days * 86400 > loaded_at(host, server, processes) + 2
    is_renewed = is_newer and (left == UNKNOWN or left > 1)
    facts |= {
        "certificate_file": file.path,
        "certificate_file_days_left": left,
        "certificate_is_renewed": is_renewed,
        "certificate_share": 1.0 if is_renewed else 0.0,
    }
    return Outcome(ok=True, summary=in_words(server, file, left, is_renewed=is_renewed), facts=facts)


def listener_of(host: Host, port: int, processes: list[Process]) -> Process | None:
    """The topmost process that listens on the port."""
    by_pid = {one.pid: one for one in processes}
    for line in host.run(["/usr/bin/ss", "-Hltnp"]).out.splitlines():
        words = line.split()
        if len(words) > 3 and words[3].rpartition(":")[2] == str(port):
            pids = [int(pid) for pid in re.findall(r"pid=(\d+)", line) if int(pid) in by_pid]
            tops = [by_pid[pid] for pid in pids if by_pid[pid].parent not in pids]
            return tops[0] if tops else None
    return None


def path_of(host: Host, server: Process, port: int, domain: str) -> str:
    """Where the server says that its certificate lies: nginx in its sites, others in their arguments."""
    if server.name != "nginx":
        named = [word.rpartition("=")[2] for word in server.argv]
        return next((word for word in named if re.fullmatch(r"/[\w./@+-]+\.(?:crt|cer|pem)", word)), "")
    blocks = [block for text in configured(host) for block in re.split(r"\bserver\s*\{", re.sub(r"#.*", "", text))[1:]]
    ours = [block for block in blocks if re.search(rf"\blisten\s+(?:\S+:)?{port}\b[^;]*;", block)]
    named = [
        block for block in ours if domain and re.search(rf"server_name\s[^;]*(?<!\S){re.escape(domain)}[\s;]", block)
    ]
    found = [match[1] for block in (named or ours) if (match := re.search(r"ssl_certificate\s+\"?(/[^;\"\s]+)", block))]
    return found[0] if found else ""


def configured(host: Host) -> list[str]:
    """The files that nginx reads, links to sites-available followed."""
    texts = [host.read("/etc/nginx/nginx.conf")]
    for folder in ("/etc/nginx/conf.d", "/etc/nginx/sites-enabled"):
        for file in listed(host, folder):
            if file.kind == "link" and file.target.rpartition("/")[0].endswith("sites-available"):
                texts.append(host.read(f"/etc/nginx/sites-available/{file.target.rpartition('/')[2]}"))
            elif file.kind == "file" and (folder.endswith("enabled") or file.name.endswith(".conf")):
                texts.append(host.read(file.path))
    return texts


def listed(host: Host, path: str) -> list[File]:
    """Entries of a directory; none where it is not there."""
    try:
        return host.list(path)
    except HostError as error:
        if error.code != "missing":
            raise
        return []


def real(host: Host, path: str) -> File | None:
    """The file behind a link or two; a certificate tool points `live` at its newest one."""
    for _ in range(3):
        file = host.stat(path)
        if file.kind != "link":
            return file if file.kind == "file" else None
        parts = [] if file.target.startswith("/") else path.split("/")[1:-1]
        for word in file.target.strip("/").split("/"):
            parts = parts[:-1] if word == ".." else [*parts, word]
        path = "/" + "/".join(parts)
    return None


def days_left(host: Host, file: File) -> float:
    """Days until the first certificate in the file ends; UNKNOWN where its name says that a key may be inside: that is never read."""
    if not file.path.endswith((".crt", ".cer")):
        return UNKNOWN
    found = PEM.search(host.read(file.path))
    try:
        validity = VALIDITY.search(base64.b64decode(found[1])) if found else None
    except binascii.Error:
        return UNKNOWN
    if validity is None:
        return UNKNOWN
    text, form = (validity[1], "%y%m%d%H%M%S") if validity[1] else (validity[2], "%Y%m%d%H%M%S")
    ends = datetime.strptime(text.decode(), form).replace(tzinfo=UTC)
    return round((ends.timestamp() - host.now) / 86400, 2)


def loaded_at(host: Host, server: Process, processes: list[Process]) -> float:
    """When it last read its files: nginx starts new workers for that, others were started anew."""
    booted = re.search(r"^btime (\d+)$", host.read("/proc/stat", 262144), re.M)
    children = [one.started for one in processes if one.parent == server.pid and one.name == server.name]
    youngest = max(children, default=server.started) if server.name == "nginx" else server.started
    return int(booted[1]) + youngest / TICKS if booted else host.now


def in_words(server: Process, file: File, left: float, *, is_renewed: bool) -> str:
    """One line of evidence."""
    known = f"is good for {left:g} more days" if left != UNKNOWN else "is not read, because its name may be a key's"
    if is_renewed:
        return f"{server.name} serves an older certificate than {file.path}, which {known}: it was renewed and never loaded"
    return f"{server.name} serves {file.path}, which {known} and was not renewed; renew it where it was issued (certbot renew), then reload"


CASES = [
    {
        "name": "renewed on disk, and nginx serves the old one",
        "params": {"port": 443, "domain": "shop.example.com"},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/etc/nginx/nginx.conf": "http {}",
                "/etc/nginx/conf.d": None,
                "/etc/nginx/sites-enabled/a": "server {\n listen 443 ssl;\n server_name other;\n ssl_certificate /srv/other.crt;\n}\n",
                "/etc/nginx/sites-enabled/shop": {"kind": "link", "target": "/etc/nginx/sites-available/shop"},
                "/etc/nginx/sites-available/shop": "server {\n listen 0.0.0.0:443 ssl;\n server_name shop.example.com www;\n"
                " ssl_certificate /srv/tls/shop.crt;\n ssl_certificate_key /srv/tls/shop.key;\n}\n",
                "/srv/tls/shop.crt": {
                    "text": "-----BEGIN CERTIFICATE-----\nMB4XDTI2MDEwMTAwMDAwMFoXDTI2MDEzMTAwMDAwMFo=\n-----END CERTIFICATE-----\n",
                    "age_days": 0.01,
                },
                "/proc/stat": "btime 1767000000\n",
            },
            "processes": [
                {"pid": 7, "name": "nginx", "started": 100},
                {"pid": 8, "name": "nginx", "parent": 7, "started": 200},
            ],
            "exec": {
                "/usr/bin/ss -Hltnp": 'LISTEN 0 5 *:80 *:* users:(("x",pid=3,fd=3))\n'
                'LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=8,fd=6),("nginx",pid=7,fd=6))\n'
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "certificate_service": "nginx",
                "certificate_file": "/srv/tls/shop.crt",
                "certificate_file_days_left": 30.0,
                "certificate_is_renewed": True,
                "certificate_share": 1.0,
            },
        },
    },
    {
        "name": "a worker has loaded it since; the name may be a key's, so it is not read",
        "params": {"port": 443},
        "world": {
            "files": {
                "/etc/nginx/nginx.conf": "http {}",
                "/etc/nginx/conf.d/other.conf.bak": "\nserver {\n listen 443 ssl;\n ssl_certificate /srv/no.pem;\n}\n",
                "/etc/nginx/conf.d/tls.conf": "\nserver {\n listen 443 ssl;\n ssl_certificate /etc/tls/live/a/fullchain.pem;\n}\n",
                "/etc/nginx/sites-enabled": None,
                "/etc/tls/live/a/fullchain.pem": {"kind": "link", "target": "../../archive/a/fullchain2.pem"},
                "/etc/tls/archive/a/fullchain2.pem": {"text": "", "age_days": 1.0},
                "/proc/stat": "btime 1767000000\n",
            },
            "processes": [
                {"pid": 7, "name": "nginx", "started": 100},
                {"pid": 8, "name": "nginx", "parent": 7, "started": 20000000},
            ],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 511 *:443 *:* users:(("nginx",pid=7,fd=6))\n'},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "certificate_file": "/etc/tls/archive/a/fullchain2.pem",
                "certificate_file_days_left": -100000.0,
                "certificate_is_renewed": False,
                "certificate_share": 0.0,
            },
        },
    },
    {
        "name": "a new file that has expired as well is no renewal",
        "params": {"port": 8443},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/srv/a.cer": "-----BEGIN CERTIFICATE-----\nMB4XDTI1MDEwMTAwMDAwMFoXDTI1MDEzMTAwMDAwMFo=\n-----END CERTIFICATE-----\n",
                "/proc/stat": "btime 1767000000\n",
            },
            "processes": [{"pid": 7, "name": "proxy", "argv": ["proxy", "--cert=/srv/a.cer"]}],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 511 [::]:8443 *:* users:(("proxy",pid=7,fd=6))\n'},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "certificate_service": "proxy",
                "certificate_file": "/srv/a.cer",
                "certificate_file_days_left": -335.0,
                "certificate_is_renewed": False,
            },
        },
    },
    {
        "name": "it does not say where its certificate lies",
        "params": {"port": 8443},
        "world": {
            "processes": [{"pid": 7, "name": "proxy"}],
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 511 *:8443 *:* users:(("proxy",pid=7,fd=6))\n'},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"certificate_service": "proxy", "certificate_is_renewed": False},
        },
    },
    {
        "name": "nobody listens",
        "params": {"port": 443},
        "world": {"exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 511 *:4430 *:* users:(("proxy",pid=7,fd=6))\n'}},
        "expect": {"ok": True, "effects": [], "facts": {"certificate_is_renewed": False}},
    },
]
