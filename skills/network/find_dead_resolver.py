# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["dns.failed", "http.failed"]
# fill = {stated = "stated_resolvers"}
# capabilities = ["fs.read:/etc/resolv.conf", "exec:/usr/sbin/ip -j neigh show", "exec:/usr/bin/ss -Hlunp"]
# triggers = [
#   "is the resolver alive", "which DNS server is used", "check resolv.conf", "dns server does not answer",
#   "dns timeout", "which nameserver is dead", "dns lookup slow", "SERVFAIL", "is DNS working", "DNS 服务器是否正常",
#   "用的是哪个 DNS 服务器", "DNS 查询超时", "检查 DNS", "resolv.conf 里是什么", "DNS 解析慢", "哪个 DNS 不通",
#   "DNS 能用吗", "which resolver in resolv.conf is dead", "resolv.conf 里哪个 DNS 死了",
# ]
# ///
"""Says which resolvers this host asks and whether all of them are dead, or nobody that its own configuration states."""

from __future__ import annotations

import json
import re

from core.skill import Host, HostError, Outcome


def run(host: Host, stated: str = "") -> Outcome:
    used, meant = resolvers(host), stated.split()
    dead = set(used) & silent(host) | {one for one in used if one.startswith("127.") and not is_served(host, one)}
    foreign = {one for one in used if meant and one not in meant and not one.startswith("127.")}
    is_dead = bool(used) and dead | foreign == set(used)
    facts = {
        "resolvers": ",".join(used),
        "resolver_is_dead": is_dead,
        "stated_resolver": meant[0] if meant else "",
        "stated_resolver_is_new": bool(meant) and meant[0] not in dead and meant[0] not in used[:1],
        "resolver_share": 1.0 if is_dead else 0.0,
    }
    how = f"dead or nobody's; this host states {stated or 'none'}" if is_dead else "not known to be dead"
    return Outcome(ok=True, summary=f"resolver {', '.join(used) or 'none'} is {how}", facts=facts)


def resolvers(host: Host) -> list[str]:
    """Those in use, in their order; none where there is no such file."""
    try:
        return re.findall(r"^\s*nameserver\s+(\S+)", host.read("/etc/resolv.conf"), re.M)
    except HostError as error:
        if error.code != "missing":
            raise
        return []


def silent(host: Host) -> set[str]:
    """Neighbours that do not answer."""
    neighbours = json.loads(host.run(["/usr/sbin/ip", "-j", "neigh", "show"]).out or "[]")
    return {one["dst"] for one in neighbours if {"FAILED", "INCOMPLETE"} & set(one.get("state", []))}


def is_served(host: Host, address: str) -> bool:
    """Whether somebody here answers at port 53 of this loopback address."""
    lines = [line.split() for line in host.run(["/usr/bin/ss", "-Hlunp"]).out.splitlines()]
    return f"{address}:53" in {words[3].replace("%lo", "") for words in lines if len(words) > 3}


CASES = [
    {
        "name": "it is nobody that this host states",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": "[]"},
            "files": {"/etc/resolv.conf": "search lan\nnameserver 10.9.9.9\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "10.9.9.9",
                "resolver_is_dead": True,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "resolver_share": 1.0,
            },
        },
    },
    {
        "name": "one of two is stated, which is enough",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": "[]"},
            "files": {"/etc/resolv.conf": "nameserver 10.9.9.9\nnameserver 10.0.0.2\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "10.9.9.9,10.0.0.2",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "resolver_share": 0.0,
            },
        },
    },
    {
        "name": "the stated one does not answer, so there is nothing better",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.1","state":["FAILED"]}]'},
            "files": {"/etc/resolv.conf": "nameserver 10.0.0.1\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "10.0.0.1",
                "resolver_is_dead": True,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "resolver_share": 1.0,
            },
        },
    },
    {
        "name": "a neighbour that is asked and does not answer is dead, also where nothing is stated",
        "params": {},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.7","state":["INCOMPLETE"]},{"dst":"10.0.0.8"}]'},
            "files": {"/etc/resolv.conf": "nameserver 10.0.0.7\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "10.0.0.7",
                "resolver_is_dead": True,
                "stated_resolver": "",
                "stated_resolver_is_new": False,
                "resolver_share": 1.0,
            },
        },
    },
    {
        "name": "a neighbour that answers lives",
        "params": {},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.7","state":["REACHABLE"]}]'},
            "files": {"/etc/resolv.conf": "nameserver 10.0.0.7\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "10.0.0.7",
                "resolver_is_dead": False,
                "stated_resolver": "",
                "stated_resolver_is_new": False,
                "resolver_share": 0.0,
            },
        },
    },
    {
        "name": "the stub resolver on loopback is served, whatever is stated",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j neigh show": "",
                "/usr/bin/ss -Hlunp": "UNCONN 0 0\nUNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\n",
            },
            "files": {"/etc/resolv.conf": "nameserver 127.0.0.53\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "127.0.0.53",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "resolver_share": 0.0,
            },
        },
    },
    {
        "name": "nobody serves the stub resolver",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {
            "exec": {"/usr/sbin/ip -j neigh show": "[]", "/usr/bin/ss -Hlunp": "UNCONN 0 0 127.0.0.1:53 0.0.0.0:*\n"},
            "files": {"/etc/resolv.conf": "nameserver 127.0.0.53\n"},
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "127.0.0.53",
                "resolver_is_dead": True,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "resolver_share": 1.0,
            },
        },
    },
    {
        "name": "the file is gone",
        "params": {"stated": "10.0.0.1 10.0.0.2"},
        "world": {"exec": {"/usr/sbin/ip -j neigh show": "[]"}, "files": {"/etc/resolv.conf": None}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "resolvers": "",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "resolver_share": 0.0,
            },
        },
    },
]
