# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["route.missing", "dns.failed"]
# capabilities = [
#   "exec:/usr/sbin/ip -j addr show",
#   "fs.list:/etc/network/interfaces.d", "fs.read:/etc/network/interfaces", "fs.read:/etc/network/interfaces.d/*",
#   "fs.list:/etc/netplan", "fs.read:/etc/netplan/*.yaml", "fs.list:/etc/sysconfig/network-scripts",
#   "fs.read:/etc/sysconfig/network-scripts/ifcfg-*", "fs.list:/var/lib/dhcp", "fs.read:/var/lib/dhcp/*.leases",
#   "fs.list:/run/systemd/netif/leases", "fs.read:/run/systemd/netif/leases/*",
# ]
# triggers = [
#   "which gateway is configured", "which resolver is configured", "what should the default gateway be",
#   "netplan configuration", "network settings of this host", "configured dns and gateway", "/etc/network/interfaces",
#   "配置的网关是哪个", "配置的 DNS 是哪个", "网关应该是多少", "网络配置是什么", "网卡配置文件", "netplan 配置",
#   "查一下网关和 DNS 配置",
# ]
# ///
"""Reads which gateway and resolvers this host's own configuration states: interface files, netplan, DHCP leases."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from core.skill import File, Host, HostError, Outcome

PLACES = (
    "/etc/network/interfaces.d",
    "/etc/netplan",
    "/etc/sysconfig/network-scripts",
    "/var/lib/dhcp",
    "/run/systemd/netif/leases",
)
FILES = re.compile(r"/etc/network/interfaces\.d/[^/]+|.*\.(?:yaml|leases)|.*/ifcfg-[^/]+|/run/systemd/netif/leases/\d+")
GATEWAY = re.compile(r"^\s*(?:gateway4?|GATEWAY|ROUTER|option routers|-? ?via)[ :=]+[\"']?(\d+\.\d+\.\d+\.\d+)", re.M)
RESOLVERS = re.compile(
    r"^\s*(?:dns-nameservers?|DNS\d?|option domain-name-servers|addresses:|-)[ :=]*([\"'\[\d][\d., \"'\[\]]*);?$", re.M
)
ADDRESS = re.compile(r"(?<![\d.])\d+\.\d+\.\d+\.\d+(?![/\d.])")
T = TypeVar("T")


def run(host: Host) -> Outcome:
    stated = stated_configuration(host)
    usable = usable_gateways(host, GATEWAY.findall(stated))
    gateway, device = usable[0] if len(usable) == 1 else ("", "")
    resolvers = " ".join(one for line in RESOLVERS.findall(stated) for one in ADDRESS.findall(line))
    facts = {
        "stated_gateway": gateway,
        "stated_device": device,
        "stated_gateways": len(usable),
        "stated_resolvers": resolvers,
    }
    which = ", ".join(f"{address} on {link}" for address, link in usable) or "no usable gateway"
    return Outcome(ok=True, summary=f"this host states {which}; resolvers: {resolvers or 'none'}", facts=facts)


def usable_gateways(host: Host, stated: list[str]) -> list[tuple[str, str]]:
    """Those that this host can reach directly, each with the link that leads to it."""
    links: list[dict[str, Any]] = json.loads(host.run(["/usr/sbin/ip", "-j", "addr", "show"]).out or "[]")
    usable = {
        (gateway, link["ifname"])
        for gateway in stated
        for link in links
        if "UP" in link["flags"] and any(ipaddress.IPv4Address(gateway) in one.network for one in addresses_of(link))
    }
    return sorted(usable)


def tolerant(ask: Callable[[str], T], what: str, default: T) -> T:
    """The answer, or the default where the host has no such thing or it is not ours to see."""
    try:
        return ask(what)
    except HostError as error:
        if error.code not in {"missing", "denied"}:
            raise
        return default


def stated_configuration(host: Host) -> str:
    """What this very host states about its network: interface files, netplan, DHCP leases; the values it had when it was well."""
    paths = ["/etc/network/interfaces"]
    for place in PLACES:
        found = tolerant(host.list, place, list[File]())
        paths += [file.path for file in found if file.kind == "file" and FILES.fullmatch(file.path)]
    texts = [tolerant(host.read, path, "") for path in paths[:30]]
    return "\n".join(line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#"))


def addresses_of(link: dict[str, Any]) -> list[ipaddress.IPv4Interface]:
    """Its IPv4 addresses with their networks."""
    return [
        ipaddress.IPv4Interface(f"{one['local']}/{one['prefixlen']}")
        for one in link["addr_info"]
        if one["family"] == "inet"
    ]


CASES = [
    {
        "name": "the interface file states both",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "# gateway 10.0.0.9\ngateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "stated_resolvers": "10.0.0.1 10.0.0.2",
            },
        },
    },
    {
        "name": "two gateways are stated: nothing is guessed",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ngateway 10.0.0.2\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stated_gateway": "", "stated_device": "", "stated_gateways": 2, "stated_resolvers": ""},
        },
    },
    {
        "name": "one that is in no network of this host, or behind a link that is off",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5",'
                    '"prefixlen":24}]},{"ifname":"eth1","flags":[],"addr_info":[{"family":"inet","local":"10.5.0.5",'
                    '"prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.9.0.1\ngateway 10.5.0.1\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stated_gateway": "", "stated_device": "", "stated_gateways": 0, "stated_resolvers": ""},
        },
    },
    {
        "name": "netplan states it; a copy beside it is not read",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": None,
                "/etc/netplan/01.yaml": "routes:\n  - to: default\n    via: 10.0.0.1\nnameservers:\n  addresses: [10.0.0.2]\n",
                "/etc/netplan/01.yaml.bak": "via: 10.0.0.7\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "stated_resolvers": "10.0.0.2",
            },
        },
    },
    {
        "name": "a DHCP lease, and an interface file beside the main one",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": None,
                "/var/lib/dhcp/dhclient.leases": "  option routers 10.0.0.1;\n  option domain-name-servers 10.0.0.3;\n",
                "/etc/network/interfaces.d/eth0": "gateway 10.0.0.1\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "stated_resolvers": "10.0.0.3",
            },
        },
    },
    {
        "name": "Red Hat's file and a lease of networkd",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"lo","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
                    '"prefixlen":8}]},{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet",'
                    '"local":"10.0.0.5","prefixlen":24}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/var/lib/dhcp": None,
                "/etc/network/interfaces": None,
                "/etc/sysconfig/network-scripts/ifcfg-eth0": "GATEWAY=10.0.0.1\nDNS1=10.0.0.4\n",
                "/run/systemd/netif/leases/2": "ROUTER=10.0.0.1\n",
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "stated_resolvers": "10.0.0.4",
            },
        },
    },
    {
        "name": "an address of IPv6 leads nowhere here, and nothing is stated",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": (
                    '[{"ifname":"eth0","flags":["UP"],'
                    '"addr_info":[{"family":"inet6","local":"fe80::1","prefixlen":64}]}]'
                )
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": None,
            },
        },
        "expect": {
            "ok": True,
            "effects": [],
            "facts": {"stated_gateway": "", "stated_device": "", "stated_gateways": 0, "stated_resolvers": ""},
        },
    },
]
