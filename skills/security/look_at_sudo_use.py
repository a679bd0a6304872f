# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = [
#   "fs.stat:/var/log/auth.log", "fs.stat:/var/log/secure",
#   "exec:/usr/bin/tail -c 60000 /var/log/auth.log", "exec:/usr/bin/tail -c 60000 /var/log/secure",
# ]
# quotes = ["sudo_most_refused"]
# triggers = [
#   "who used sudo", "sudo commands", "who ran commands as root", "sudo log", "who became root", "sudo history",
#   "user NOT in sudoers", "incorrect sudo password", "who did something as admin", "谁用过 sudo", "sudo 使用记录",
#   "最近谁 sudo 过", "谁用 root 执行了命令", "谁切到了 root", "sudo 日志", "提权操作记录", "sudo 审计",
#   "谁用管理员权限操作过",
# ]
# ///
"""Shows who used sudo lately, for which programs, and who was refused; of a command only the program is told, never its arguments."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, HostError, Outcome

USED = re.compile(
    r"sudo(?:\[\d+\])?:\s+(?P<user>[\w.@-]+) : (?P<refused>(?:user )?NOT |\d+ incorrect password)?.*?COMMAND=(?P<program>\S+)"
)


def run(host: Host) -> Outcome:
    lines = log_of(host)
    if lines is None:
        return Outcome(ok=False, summary="there is neither /var/log/auth.log nor /var/log/secure")
    found = [match for line in lines if (match := USED.search(line))]
    used = Counter(f"{one['user']} {one['program']}" for one in found if not one["refused"])
    refused = Counter(one["user"] for one in found if one["refused"])
    facts: dict[str, object] = {
        "sudo_uses": used.total(),
        "sudo_users": len({one["user"] for one in found if not one["refused"]}),
        "sudo_refusals": refused.total(),
        "sudo_most_refused": refused.most_common(1)[0][0] if refused else "",
    }
    said = ", ".join(f"{what} {count}" for what, count in used.most_common(8)) or "nobody"
    turned = f"; refused: {', '.join(f'{user} {count}' for user, count in refused.most_common(5))}" if refused else ""
    return Outcome(ok=True, summary=f"sudo in the end of the log: {said}{turned}"[:500], facts=facts)


def log_of(host: Host) -> list[str] | None:
    """The end of the log of logins; None where there is none."""
    for path in ("/var/log/auth.log", "/var/log/secure"):
        try:
            host.stat(path)
        except HostError as error:
            if error.code != "missing":
                raise
            continue
        return host.run(["/usr/bin/tail", "-c", "60000", path]).out.splitlines()
    return None


CASES = [
    {
        "name": "two users, one of them refused twice",
        "world": {
            "files": {"/var/log/auth.log": ""},
            "exec": {
                "/usr/bin/tail -c 60000 /var/log/auth.log": "Nov 22 h sudo:       li : USER=root ; COMMAND=/usr/bin/apt-get update\n"
                "Nov 22 h sudo[77]:  li : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/apt-get install x\n"
                "Nov 22 h sudo:   mo : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n"
                "Nov 22 h sudo:   mo : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n"
                "Nov 22 h sudo:   bo : user NOT in sudoers ; USER=root ; COMMAND=/bin/sh\n"
                "Nov 22 h sudo: pam_unix(sudo:session): session opened for user root\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"sudo_uses": 2, "sudo_users": 1, "sudo_refusals": 3, "sudo_most_refused": "mo"},
        },
    },
    {
        "name": "nobody",
        "world": {
            "files": {"/var/log/auth.log": None, "/var/log/secure": ""},
            "exec": {"/usr/bin/tail -c 60000 /var/log/secure": ""},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"sudo_uses": 0, "sudo_users": 0, "sudo_refusals": 0, "sudo_most_refused": ""},
        },
    },
    {
        "name": "no such log",
        "world": {"files": {"/var/log/auth.log": None, "/var/log/secure": None}},
        "expect": {"ok": False, "effects": []},
    },
]
