# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 60
# settles = 0
# on_request = true
# capabilities = ["fs.list:{directory}", "fs.list:{directory}/**", "fs.read:{directory}/**/*.crt", "fs.read:{directory}/**/*.cer"]
# triggers = [
#   "which certificates expire soon", "list certificates", "all certificates in a directory",
#   "scan /etc/ssl for expiring certs", "inventory of certificates with their end dates",
#   "certs ending within 30 days", "哪些证书快过期", "列出证书", "扫描目录下的证书", "所有证书的到期时间",
#   "证书到期清单", "盘点证书", "列一下快到期的证书",
# ]
# ///
"""Lists the certificates below a directory that end soon; reads .crt and .cer only, what is named like a key is counted and left closed."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

from core.skill import File, Host, Outcome

VALIDITY = re.compile(rb"\x30[\x1a-\x22](?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
MOST_FOLDERS = 200


def run(host: Host, directory: str, days: int = 30) -> Outcome:
    files = walk(host, directory)
    readable = [file for file in files if file.name.endswith((".crt", ".cer"))]
    ends = {file.path: left for file in readable if (left := days_left(host, file)) is not None}
    soon = sorted((left, path) for path, left in ends.items() if left < days)
    closed = sum(file.name.endswith(".pem") for file in files)
    facts: dict[str, object] = {
        "certificates": len(ends),
        "expiring": len(soon),
        "first_to_expire": soon[0][1] if soon else "",
        "first_days_left": soon[0][0] if soon else 0.0,
        "not_read": closed,
    }
    said = ", ".join(f"{path} in {left:g} days" for left, path in soon[:8]) or "none"
    return Outcome(
        ok=True,
        summary=f"of {len(ends)} certificates below {directory}, ending within {days} days: {said}; {closed} .pem files were not read"[
            :500
        ],
        facts=facts,
    )


def walk(host: Host, directory: str) -> list[File]:
    """Plain files below a directory; links are not followed."""
    waiting, files = [directory], list[File]()
    for _ in range(MOST_FOLDERS):
        if not waiting:
            break
        entries = host.list(waiting.pop())
        waiting += [entry.path for entry in entries if entry.kind == "dir"]
        files += [entry for entry in entries if entry.kind == "file"]
    return files


def days_left(host: Host, file: File) -> float | None:
    """Days until the first certificate in the file ends; None where there is none."""
    found = PEM.search(host.read(file.path))
    try:
        validity = VALIDITY.search(base64.b64decode(found[1])) if found else None
    except binascii.Error:
        return None
    if validity is None:
        return None
    text, form = (validity[1], "%y%m%d%H%M%S") if validity[1] else (validity[2], "%Y%m%d%H%M%S")
    ends = datetime.strptime(text.decode(), form).replace(tzinfo=UTC)
    return round((ends.timestamp() - host.now) / 86400, 2)


CASES = [
    {
        "name": "one ends soon, one later; a key stays closed",
        "params": {"directory": "/srv/t"},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/srv/t/a.crt": "-----BEGIN CERTIFICATE-----\nMB4XDTI2MDEwMTAwMDAwMFoXDTI2MDEzMDAwMDAwMFo=\n-----END CERTIFICATE-----\n",
                "/srv/t/b/b.cer": "-----BEGIN CERTIFICATE-----\nMB4XDTI1MDEwMTAwMDAwMFoXDTI1MDEzMTAwMDAwMFo=\n-----END CERTIFICATE-----\n",
                "/srv/t/c.crt": "-----BEGIN CERTIFICATE-----\nMB4XDTI2MDEwMTAwMDAwMFoXDTI2MDEzMTAwMDAwMFo=\n-----END CERTIFICATE-----\n",
                "/srv/t/no.crt": "no certificate",
                "/srv/t/bad.crt": "-----BEGIN CERTIFICATE-----\nMB4X=D\n-----END CERTIFICATE-----\n",
                "/srv/t/live.pem": "x",
                "/srv/t/a.key": "x",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "certificates": 3,
                "expiring": 2,
                "first_to_expire": "/srv/t/b/b.cer",
                "first_days_left": -335.0,
                "not_read": 1,
            },
        },
    },
    {
        "name": "none ends soon",
        "params": {"directory": "/srv/t", "days": 29},
        "world": {
            "now": 1767225600.0,
            "files": {
                "/srv/t/a.crt": "-----BEGIN CERTIFICATE-----\nMB4XDTI2MDEwMTAwMDAwMFoXDTI2MDEzMDAwMDAwMFo=\n-----END CERTIFICATE-----\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"certificates": 1, "expiring": 0, "first_to_expire": "", "first_days_left": 0.0},
        },
    },
]
