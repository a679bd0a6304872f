# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["route.missing", "dns.failed", "tcp.failed", "http.failed", "tls.expires_days"]
# capabilities = ["exec:/usr/sbin/ip -j addr show", "exec:/usr/sbin/ip -j -4 route show", "exec:/usr/sbin/ip -j neigh show"]
# triggers = [
#   "network is down", "which layer is broken", "no route to host", "host is unreachable",
#   "cannot reach the internet", "ping fails", "packet loss", "network check", "connection timed out",
#   "is the network all right", "network unreachable from this host", "no internet", "网络不通", "哪一层网络有问题",
#   "上不了网", "连不上外网", "ping 不通", "丢包", "网络断了", "检查网络", "主机不可达", "网络有问题", "没有网络",
#   "网络抖动",
# ]
# ///
"""Says which layer of this host's network is broken, from the wire up: link, address, route, neighbour; or none of them."""

from __future__ import annotations

import json
from typing import Any

from core.skill import Host, Outcome

WORDS = {
    "link_is_down": ("link", "every link is down"),
    "address_is_missing": ("address", "no link has an IPv4 address"),
    "default_route_is_missing": ("route", "there is no default route"),
    "gateway_is_unreachable": ("neighbour", "the gateway does not answer"),
}
"""From the wire up: the lowest broken one explains the ones above it."""


def run(host: Host) -> Outcome:
    links = [link for link in look(host, "addr", "show") if link["ifname"] != "lo"]
    default = [route for route in look(host, "-4", "route", "show") if route["dst"] == "default"]
    silent = {one["dst"] for one in look(host, "neigh", "show") if {"FAILED", "INCOMPLETE"} & set(one.get("state", []))}
    up = [link for link in links if {"UP", "LOWER_UP"} <= set(link["flags"])]
    # Where another link works, one that is switched off is meant to be.
    down = "" if up else next((link["ifname"] for link in links if "UP" not in link["flags"]), "")
    facts: dict[str, Any] = {
        "link_is_down": not up,
        "down_link": down,
        "address_is_missing": bool(up) and not any(has_address(link) for link in up),
        "default_route_is_missing": not default,
        "gateway_is_unreachable": bool(default) and all(route.get("gateway", "") in silent for route in default),
    }
    layer, said = next((words for fact, words in WORDS.items() if facts[fact]), ("none here", ""))
    facts |= {"broken_layer": layer, "network_share": 1.0 if said else 0.0}
    fine = "link, address, route and neighbour are in order here"
    return Outcome(ok=True, summary=f"the lowest broken layer is: {layer}; {said}" if said else fine, facts=facts)


def look(host: Host, *words: str) -> list[dict[str, Any]]:
    """What `ip -j` says."""
    return list(json.loads(host.run(["/usr/sbin/ip", "-j", *words]).out or "[]"))


def has_address(link: dict[str, Any]) -> bool:
    """Whether it has an IPv4 address."""
    return any(one["family"] == "inet" for one in link["addr_info"])


CASES = [
    {
        "name": "the default route is gone",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"10.0.0.0/24","dev":"eth0"}]',
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": True,
                "gateway_is_unreachable": False,
                "broken_layer": "route",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "all is well here",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24","dev":"eth0"}]',
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": False,
                "gateway_is_unreachable": False,
                "broken_layer": "none here",
                "network_share": 0.0,
            },
        },
    },
    {
        "name": "the gateway does not answer",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24","dev":"eth0"}]',
                "/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.1","state":["FAILED"]},{"dst":"10.0.0.2","state":["REACHABLE"]}]',
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": False,
                "gateway_is_unreachable": True,
                "broken_layer": "neighbour",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "one of two gateways answers",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"default","gateway":"10.0.0.2"}]',
                "/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.2","state":["INCOMPLETE"]},{"dst":"10.0.0.1"}]',
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": False,
                "gateway_is_unreachable": False,
                "broken_layer": "none here",
                "network_share": 0.0,
            },
        },
    },
    {
        "name": "the link was switched off",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["BROADCAST"],"addr_info":[]}]'
                ),
                "/usr/sbin/ip -j -4 route show": "",
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": True,
                "down_link": "eth0",
                "address_is_missing": False,
                "default_route_is_missing": True,
                "gateway_is_unreachable": False,
                "broken_layer": "link",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "the cable is out: there is nothing to switch on",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"eth0","flags":["UP"],'
                    '"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": "",
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": True,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": True,
                "gateway_is_unreachable": False,
                "broken_layer": "link",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "a second link that is off is meant to be",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5",'
                    '"prefixlen":24}]},{"ifname":"eth1","flags":["BROADCAST"],"addr_info":[]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"}]',
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": False,
                "default_route_is_missing": False,
                "gateway_is_unreachable": False,
                "broken_layer": "none here",
                "network_share": 0.0,
            },
        },
    },
    {
        "name": "the link has no IPv4 address",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet6",'
                    '"local":"fe80::1"}]}]'
                ),
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"}]',
                "/usr/sbin/ip -j neigh show": "[]",
            }
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "link_is_down": False,
                "down_link": "",
                "address_is_missing": True,
                "default_route_is_missing": False,
                "gateway_is_unreachable": False,
                "broken_layer": "address",
                "network_share": 1.0,
            },
        },
    },
]
