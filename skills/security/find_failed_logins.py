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
# quotes = ["worst_login_address", "worst_login_user", "guessed_login"]
# triggers = [
#   "failed logins", "who tries to log in", "ssh brute force", "Failed password for", "invalid user",
#   "too many authentication failures", "password guessing", "login attempts", "attack on ssh",
#   "did an attacker get in", "suspicious logins", "who logged in", "登录失败记录", "谁在尝试登录", "ssh 爆破",
#   "暴力破解", "有人在爆破密码", "密码错误次数", "登录失败", "异常登录", "有人攻击 ssh", "谁登录过", "撞库",
#   "可疑登录",
# ]
# ///
"""Counts failed logins by address and by user, and says whether one of those addresses got in afterwards; the log is never touched."""

from __future__ import annotations

import re
from collections import Counter

from core.skill import Host, HostError, Outcome

FAILED = re.compile(
    r"Failed (?:password|publickey) for (?:invalid user )?(?P<user>\S*) from (?P<address>[0-9a-fA-F.:]+) port"
)
ACCEPTED = re.compile(r"Accepted \S+ for (?P<user>\S+) from (?P<address>[0-9a-fA-F.:]+) port")
MANY = 5


def run(host: Host) -> Outcome:
    lines = log_of(host)
    if lines is None:
        return Outcome(ok=False, summary="there is neither /var/log/auth.log nor /var/log/secure")
    addresses: Counter[str] = Counter()
    users: Counter[str] = Counter()
    got_in = []
    for line in lines:
        failed, accepted = FAILED.search(line), ACCEPTED.search(line)
        if failed:
            addresses[failed["address"]] += 1
            users[failed["user"]] += 1
        elif accepted and addresses[accepted["address"]] >= MANY:
            got_in.append(f"{accepted['user']} from {accepted['address']}")
    worst = ", ".join(f"{address} {count}" for address, count in addresses.most_common(5))
    facts: dict[str, object] = {
        "failed_logins": addresses.total(),
        "failed_login_addresses": len([one for one in addresses if addresses[one]]),
        "worst_login_address": addresses.most_common(1)[0][0] if addresses.total() else "",
        "worst_login_user": users.most_common(1)[0][0] if users else "",
        "guessed_login": got_in[0] if got_in else "",
    }
    said = f"{addresses.total()} failed logins in the end of the log{': ' + worst if worst else ''}"
    alarm = f"; after {MANY} failures or more this one got in: {', '.join(got_in[:3])}" if got_in else ""
    return Outcome(ok=True, summary=f"{said}{alarm}"[:500], facts=facts)


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
        "name": "five guesses, and then it got in",
        "world": {
            "files": {"/var/log/auth.log": ""},
            "exec": {
                "/usr/bin/tail -c 60000 /var/log/auth.log": "Failed password for root from 198.51.100.7 port 1 ssh2\n"
                "Failed password for invalid user admin from 198.51.100.7 port 2 ssh2\n"
                "Failed password for root from 198.51.100.7 port 3 ssh2\n"
                "Failed password for root from 198.51.100.7 port 3 ssh2\n"
                "Accepted publickey for bo from 198.51.100.7 port 9 ssh2\n"
                "Failed publickey for root from 198.51.100.7 port 3 ssh2\n"
                "Failed password for li from 2001:db8::1 port 4 ssh2\n"
                "Accepted password for root from 198.51.100.7 port 5 ssh2\n"
                "Accepted publickey for li from 2001:db8::1 port 6 ssh2\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "failed_logins": 6,
                "failed_login_addresses": 2,
                "worst_login_address": "198.51.100.7",
                "worst_login_user": "root",
                "guessed_login": "root from 198.51.100.7",
            },
        },
    },
    {
        "name": "a quiet host, whose log is called otherwise",
        "world": {
            "files": {"/var/log/auth.log": None, "/var/log/secure": ""},
            "exec": {"/usr/bin/tail -c 60000 /var/log/secure": "Accepted publickey for li from 10.0.0.1 port 6 ssh2\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "failed_logins": 0,
                "failed_login_addresses": 0,
                "worst_login_address": "",
                "worst_login_user": "",
                "guessed_login": "",
            },
        },
    },
    {
        "name": "no such log",
        "world": {"files": {"/var/log/auth.log": None, "/var/log/secure": None}},
        "expect": {"ok": False, "effects": []},
    },
]
