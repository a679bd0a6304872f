# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "medium"
# timeout = 20
# settles = 2
# cures = ["dns.failed"]
# lookers = ["look_at_network", "find_stated_network", "find_dead_resolver"]
# when = ["broken_layer == \"none here\"", "resolver_is_dead", "stated_resolver_is_new"]
# share = "resolver_share"
# fill = {resolver = "stated_resolver"}
# capabilities = ["fs.stat:/etc/resolv.conf", "fs.read:/etc/resolv.conf", "fs.write:/etc/resolv.conf"]
# triggers = [
#   "dns does not resolve", "dead resolver", "temporary failure in name resolution", "could not resolve host",
#   "getaddrinfo failed", "Name or service not known", "cannot resolve hostname", "dns is broken", "DNS down",
#   "fix resolv.conf", "NXDOMAIN for everything", "switch to a working dns server", "域名解析失败", "DNS 服务器无响应",
#   "域名解析不了", "DNS 挂了", "解析不了域名", "无法解析主机名", "域名解析超时", "DNS 故障", "修复 DNS",
#   "换个能用的 DNS", "resolv.conf 坏了", "replace the nameserver in resolv.conf", "换成配置里的 DNS",
# ]
# ///
"""Puts the resolver that this host's own configuration states in front of a dead one; search and options lines stay as they are."""

from __future__ import annotations

import ipaddress

from core.skill import Host, Outcome


def run(host: Host, resolver: str) -> Outcome:
    if host.stat("/etc/resolv.conf").kind != "file":
        return Outcome(ok=False, summary="/etc/resolv.conf is a link that another program manages; nothing was done")
    lines = host.read("/etc/resolv.conf").splitlines()
    used = [line.split()[1] for line in lines if line.split()[:1] == ["nameserver"] and len(line.split()) > 1]
    if used[:1] == [resolver]:
        return Outcome(ok=False, summary=f"{resolver} is the first resolver already; nothing was done")
    ipaddress.ip_address(resolver)
    servers = [f"nameserver {address}" for address in [resolver, *(one for one in used if one != resolver)][:3]]
    others = [line for line in lines if line.split()[:1] != ["nameserver"]]
    host.write("/etc/resolv.conf", "\n".join([*others, *servers]) + "\n")
    return Outcome(ok=True, summary=f"{resolver} is the first resolver now, before {', '.join(used) or 'none'}")


CASES = [
    {
        "name": "the stated resolver comes first, the rest stays",
        "params": {"resolver": "10.0.0.1"},
        "world": {"files": {"/etc/resolv.conf": "search lan\nnameserver 10.9.9.9\noptions timeout:1\n"}},
        "expect": {
            "ok": True,
            "effects": ["fs.write /etc/resolv.conf"],
            "files": {"/etc/resolv.conf": "search lan\noptions timeout:1\nnameserver 10.0.0.1\nnameserver 10.9.9.9\n"},
        },
    },
    {
        "name": "it is first already",
        "params": {"resolver": "10.0.0.1"},
        "world": {"files": {"/etc/resolv.conf": "nameserver 10.0.0.1\n"}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "a managed resolv.conf, a link, is left to its manager",
        "params": {"resolver": "10.0.0.1"},
        "world": {"files": {"/etc/resolv.conf": {"kind": "link", "target": "../run/systemd/resolve/stub-resolv.conf"}}},
        "expect": {"ok": False, "effects": []},
    },
    {
        "name": "what is no address never gets in",
        "params": {"resolver": "10.0.0.1\nnameserver 6.6.6.6"},
        "world": {"files": {"/etc/resolv.conf": "nameserver 10.9.9.9\n"}},
        "expect": {"ok": False, "effects": []},
    },
]
