# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["tcp.failed", "http.failed"]
# capabilities = ["exec:/usr/sbin/iptables -S INPUT"]
# triggers = [
#   "is the port blocked", "which ports does the firewall drop", "check the firewall rules", "iptables drop rule",
#   "nftables rule", "is it the firewall", "port not reachable from outside", "show firewall rules for the port",
#   "端口是否被防火墙拦截", "防火墙丢弃了哪些端口", "是不是防火墙的问题", "查看防火墙规则", "iptables 规则",
#   "端口是不是被封了", "外面访问不到端口", "防火墙有没有拦", "port times out, is it the firewall",
#   "端口连不上是不是防火墙",
# ]
# ///
"""Says which TCP ports the firewall of this host drops by a rule of their own, and whether the one in question is among them."""

from __future__ import annotations

import re

from core.skill import Host, Outcome

DROPS = re.compile(r"^-A INPUT -p tcp -m tcp --dport (\d{1,5}) -j DROP$", re.M)


def run(host: Host, port: int = 0, url: str = "") -> Outcome:
    port = port or port_of(url)
    drops = DROPS.findall(host.run(["/usr/sbin/iptables", "-S", "INPUT"]).out)
    is_dropped = str(port) in drops
    said = (
        f"the firewall drops TCP ports {', '.join(drops)}"
        if drops
        else "no rule of the firewall is seen to drop a TCP port"
    )
    facts = {
        "firewall_drops": is_dropped,
        "dropped_port": port if is_dropped else 0,
        "firewall_share": 1.0 if is_dropped else 0.0,
    }
    return Outcome(ok=True, summary=said, facts=facts)


def port_of(url: str) -> int:
    """The port that a URL means; 0 for what is none."""
    found = re.match(r"(https?)://[^/:]+(?::(\d{1,5}))?(?:/|$)", url)
    return int(found[2] or {"http": 80, "https": 443}[found[1]]) if found else 0


CASES = [
    {
        "name": "it drops the very port; what it drops besides is meant",
        "params": {"port": 8080},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": (
                    "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n-A INPUT -s "
                    "10.0.0.0/8 -p tcp -m tcp --dport 443 -j DROP\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": True, "dropped_port": 8080, "firewall_share": 1.0},
        },
    },
    {
        "name": "the port of a URL",
        "params": {"url": "http://127.0.0.1:8080/"},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": (
                    "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n-A INPUT -s "
                    "10.0.0.0/8 -p tcp -m tcp --dport 443 -j DROP\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": True, "dropped_port": 8080, "firewall_share": 1.0},
        },
    },
    {
        "name": "a rule for some addresses only is meant",
        "params": {"url": "https://shop.example/"},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": (
                    "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n-A INPUT -s "
                    "10.0.0.0/8 -p tcp -m tcp --dport 443 -j DROP\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": False, "dropped_port": 0, "firewall_share": 0.0},
        },
    },
    {
        "name": "a URL without a port means 80, or 443",
        "params": {"url": "http://shop.example"},
        "world": {"exec": {"/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 80 -j DROP\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": True, "dropped_port": 80, "firewall_share": 1.0},
        },
    },
    {
        "name": "443",
        "params": {"url": "https://shop.example/a"},
        "world": {"exec": {"/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 443 -j DROP\n"}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": True, "dropped_port": 443, "firewall_share": 1.0},
        },
    },
    {
        "name": "another port",
        "params": {"port": 443},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": (
                    "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n-A INPUT -s "
                    "10.0.0.0/8 -p tcp -m tcp --dport 443 -j DROP\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": False, "dropped_port": 0, "firewall_share": 0.0},
        },
    },
    {
        "name": "the firewall is not ours to see",
        "params": {"port": 443},
        "world": {"exec": {"/usr/sbin/iptables -S INPUT": {"status": 4}}},
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": False, "dropped_port": 0, "firewall_share": 0.0},
        },
    },
    {
        "name": "no port is in question",
        "params": {"url": "ftp://shop.example/"},
        "world": {
            "exec": {
                "/usr/sbin/iptables -S INPUT": (
                    "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n-A INPUT -s "
                    "10.0.0.0/8 -p tcp -m tcp --dport 443 -j DROP\n"
                )
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"firewall_drops": False, "dropped_port": 0, "firewall_share": 0.0},
        },
    },
]
