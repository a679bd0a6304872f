# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# on_request = true
# capabilities = ["exec:/usr/bin/ss -Hltnp", "kv:listeners"]
# quotes = ["first_new_listener"]
# triggers = [
#   "new open ports", "who listens on the network", "which ports are open", "unknown listening port",
#   "new listening service", "port opened since yesterday", "open ports compared with last time",
#   "unexpected listener", "what is exposed", "新开放的端口", "谁在监听端口", "开了哪些端口", "多了哪些监听端口",
#   "新增的端口", "未知端口", "可疑的监听端口", "对外开放了哪些端口", "端口比昨天多",
# ]
# ///
"""Shows which open ports were not open when it last looked, with the program behind each; what only this machine can reach is marked."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

LOOPBACK = ("127.", "[::1]")


def run(host: Host) -> Outcome:
    listing = host.run(["/usr/bin/ss", "-Hltnp"])
    if listing.status != 0:
        return Outcome(ok=False, summary=f"ss does not say who listens: {listing.err.strip()[:200]}")
    now = sorted({listener for line in listing.out.splitlines() if (listener := listener_in(line))})
    before = host.recall("listeners")
    host.keep("listeners", "\n".join(now))
    known = set((before or "").splitlines())
    new = [] if before is None else [one for one in now if one not in known]
    gone = [one for one in sorted(known) if one not in now]
    facts: dict[str, object] = {
        "listeners": len(now),
        "new_listeners": len(new),
        "gone_listeners": len(gone),
        "first_new_listener": new[0] if new else "",
        "was_known": before is not None,
    }
    if before is None:
        said = f"{len(now)} open ports, kept to compare with the next time: {', '.join(now)}"
    else:
        said = f"{len(now)} open ports; new: {', '.join(new) or 'none'}; gone: {', '.join(gone) or 'none'}"
    return Outcome(ok=True, summary=said[:500], facts=facts)


def listener_in(line: str) -> str:
    """Address, port and program of one line; the pid is left out, because it changes with every restart."""
    words = line.split()
    if len(words) < 4:
        return ""
    program = re.search(r'users:\(\("([^"]+)"', line)
    reach = " (this machine only)" if words[3].startswith(LOOPBACK) else ""
    return f"{words[3]} {program[1] if program else 'unknown'}{reach}"


CASES = [
    {
        "name": "the first look only remembers",
        "world": {
            "exec": {"/usr/bin/ss -Hltnp": 'LISTEN 0 5 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=3))\nLISTEN 0\n'}
        },
        "expect": {
            "ok": True,
            "effects": ["kv listeners"],
            "facts": {
                "listeners": 1,
                "new_listeners": 0,
                "gone_listeners": 0,
                "was_known": False,
                "first_new_listener": "",
            },
            "kept": {"listeners": "0.0.0.0:80 nginx"},
        },
    },
    {
        "name": "one is new, one has gone",
        "world": {
            "kept": {"listeners": "0.0.0.0:80 nginx\n*:22 sshd"},
            "exec": {
                "/usr/bin/ss -Hltnp": 'LISTEN 0 5 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=10,fd=3))\n'
                "LISTEN 0 5 127.0.0.1:4444 0.0.0.0:*\nLISTEN 0 5 [::1]:4445 [::]:*\n"
            },
        },
        "expect": {
            "ok": True,
            "effects": ["kv listeners"],
            "facts": {
                "listeners": 3,
                "new_listeners": 2,
                "gone_listeners": 1,
                "was_known": True,
                "first_new_listener": "127.0.0.1:4444 unknown (this machine only)",
            },
            "kept": {
                "listeners": "0.0.0.0:80 nginx\n127.0.0.1:4444 unknown (this machine only)\n[::1]:4445 unknown (this machine only)"
            },
        },
    },
    {
        "name": "ss cannot look",
        "world": {"exec": {"/usr/bin/ss -Hltnp": {"status": 1, "err": "no"}}},
        "expect": {"ok": False, "effects": []},
    },
]
