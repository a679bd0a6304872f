# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "low"
# timeout = 20
# settles = 0
# looks_at = ["route.missing", "dns.failed", "tcp.failed", "http.failed", "tls.expires_days"]
# capabilities = [
#   "exec:/usr/sbin/ip -j addr show", "exec:/usr/sbin/ip -j -4 route show", "exec:/usr/sbin/ip -j neigh show",
#   "exec:/usr/sbin/iptables -S INPUT", "exec:/usr/bin/ss -Hlunp", "fs.read:/etc/resolv.conf",
#   "fs.list:/etc/network/interfaces.d", "fs.read:/etc/network/interfaces", "fs.read:/etc/network/interfaces.d/*",
#   "fs.list:/etc/netplan", "fs.read:/etc/netplan/*.yaml", "fs.list:/etc/sysconfig/network-scripts",
#   "fs.read:/etc/sysconfig/network-scripts/ifcfg-*", "fs.list:/var/lib/dhcp", "fs.read:/var/lib/dhcp/*.leases",
#   "fs.list:/run/systemd/netif/leases", "fs.read:/run/systemd/netif/leases/*",
# ]
# triggers = ["network is down", "which layer is broken", "no route to host", "网络不通", "哪一层网络有问题"]
# ///
"""Says which layer of this host's network is broken: link, address, route, neighbour, resolver, firewall; or none, so remote or TLS."""

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
DROPS = re.compile(r"^-A INPUT -p tcp -m tcp --dport (\d{1,5}) -j DROP$", re.M)
T = TypeVar("T")

LAYERS = {
    "link": "link_is_down",
    "address": "address_is_missing",
    "route": "default_route_is_missing",
    "neighbour": "gateway_is_unreachable",
    "resolver": "resolver_is_dead",
    "firewall": "firewall_drops",
}
"""From the wire up: the lowest broken one explains the ones above it."""


def run(host: Host, port: int = 0, url: str = "") -> Outcome:
    port = port or port_of(url)
    links = [link for link in look(host, "addr", "show") if link["ifname"] != "lo"]
    routes = look(host, "-4", "route", "show")
    silent = {one["dst"] for one in look(host, "neigh", "show") if {"FAILED", "INCOMPLETE"} & set(one.get("state", []))}
    stated = stated_configuration(host)
    facts = of_links(links)
    facts |= of_route(links, routes, silent, GATEWAY.findall(stated))
    facts |= of_resolvers(
        host, silent, [address for line in RESOLVERS.findall(stated) for address in ADDRESS.findall(line)]
    )
    drops = DROPS.findall(tolerant(lambda chain: host.run(["/usr/sbin/iptables", "-S", chain]).out, "INPUT", ""))
    facts |= {"firewall_drops": str(port) in drops, "dropped_port": port if str(port) in drops else 0}
    facts["broken_layer"] = next((layer for layer, fact in LAYERS.items() if facts[fact]), "none here")
    facts["network_share"] = 0.0 if facts["broken_layer"] == "none here" else 1.0
    return Outcome(ok=True, summary=in_words(facts, drops), facts=facts)


def port_of(url: str) -> int:
    """The port that a URL means; 0 for what is none."""
    found = re.match(r"(https?)://[^/:]+(?::(\d{1,5}))?(?:/|$)", url)
    return int(found[2] or {"http": 80, "https": 443}[found[1]]) if found else 0


def look(host: Host, *words: str) -> list[dict[str, Any]]:
    """What `ip -j` says."""
    return list(json.loads(host.run(["/usr/sbin/ip", "-j", *words]).out or "[]"))


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


def of_links(links: list[dict[str, Any]]) -> dict[str, Any]:
    """A host whose every link is down has no link; `down_link` is one that was switched off. Up without an IPv4 address is the next."""
    up = [link for link in links if "UP" in link["flags"] and "LOWER_UP" in link["flags"]]
    addressed = [link for link in up if addresses_of(link)]
    down = next((link["ifname"] for link in links if "UP" not in link["flags"]), "")
    return {"link_is_down": not up, "down_link": "" if up else down, "address_is_missing": bool(up) and not addressed}


def addresses_of(link: dict[str, Any]) -> list[ipaddress.IPv4Interface]:
    """Its IPv4 addresses with their networks."""
    return [
        ipaddress.IPv4Interface(f"{one['local']}/{one['prefixlen']}")
        for one in link["addr_info"]
        if one["family"] == "inet"
    ]


def of_route(
    links: list[dict[str, Any]], routes: list[dict[str, Any]], silent: set[str], stated: list[str]
) -> dict[str, Any]:
    """Whether there is a default route, and the one gateway that this host states and can reach directly."""
    default = [route for route in routes if route["dst"] == "default"]
    usable = {
        (gateway, link["ifname"])
        for gateway in stated
        for link in links
        if "UP" in link["flags"] and any(ipaddress.IPv4Address(gateway) in one.network for one in addresses_of(link))
    }
    gateway, device = next(iter(usable)) if len(usable) == 1 else ("", "")
    return {
        "default_route_is_missing": not default,
        "gateway_is_unreachable": bool(default) and all(route.get("gateway", "") in silent for route in default),
        "stated_gateway": gateway,
        "stated_device": device,
        "stated_gateways": len(usable),
    }


def of_resolvers(host: Host, silent: set[str], stated: list[str]) -> dict[str, Any]:
    """Which resolvers are set; dead is one that does not answer ARP, a loopback one nobody serves, or one that nothing here states."""
    text = tolerant(host.read, "/etc/resolv.conf", "")
    used = re.findall(r"^\s*nameserver\s+(\S+)", text, re.M)
    served = " ".join(
        line.split()[3] for line in host.run(["/usr/bin/ss", "-Hlunp"]).out.splitlines() if len(line.split()) > 3
    )
    dead = [
        one
        for one in used
        if one in silent or (one.startswith("127.") and f"{one}:53" not in served.replace("%lo", ""))
    ]
    foreign = [one for one in used if stated and one not in stated and not one.startswith("127.")]
    return {
        "resolvers": ",".join(used),
        "resolver_is_dead": bool(used) and set(dead) | set(foreign) == set(used),
        "stated_resolver": next(iter(stated), ""),
        "stated_resolver_is_new": bool(stated) and stated[0] not in dead and stated[0] not in used[:1],
    }


def in_words(facts: dict[str, Any], drops: list[str]) -> str:
    """One line of evidence."""
    said = [f"the lowest broken layer is: {facts['broken_layer']}"]
    if facts["default_route_is_missing"]:
        said.append(
            f"there is no default route; this host states {facts['stated_gateways']} usable gateways: {facts['stated_gateway']}"
        )
    if facts["resolver_is_dead"]:
        said.append(
            f"resolver {facts['resolvers']} is dead or nobody's; this host states {facts['stated_resolver'] or 'none'}"
        )
    if drops:
        said.append(f"the firewall drops TCP ports {', '.join(drops)}")
    if facts["broken_layer"] == "none here":
        said.append(
            "link, address, route, neighbour, resolver and firewall are in order: look at the remote side or its certificate"
        )
    return "; ".join(said)


CASES = [
    {
        "name": "the default route is gone and the interface file states it",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"10.0.0.0/24","dev":"eth0"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "route",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "two gateways are stated: nothing is guessed",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"10.0.0.0/24","dev":"eth0"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ngateway 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "",
                "stated_device": "",
                "stated_gateways": 2,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": False,
                "stated_resolver": "",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "route",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "the resolver is nobody that this host states",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "search lan\nnameserver 10.9.9.9\n",
            },
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
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "resolvers": "10.9.9.9",
                "resolver_is_dead": True,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": True,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "resolver",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "nothing is stated, the stub resolver on loopback is served, the firewall is not ours to see",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": {"status": 4},
                "/usr/bin/ss -Hlunp": "UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\n",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": None,
                "/etc/resolv.conf": "nameserver 127.0.0.53\n",
            },
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
                "stated_gateway": "",
                "stated_device": "",
                "stated_gateways": 0,
                "resolvers": "127.0.0.53",
                "resolver_is_dead": False,
                "stated_resolver": "",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
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
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24"}]',
                "/usr/sbin/ip -j neigh show": '[{"dst":"10.0.0.1","state":["FAILED"]}]',
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": True,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "neighbour",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "the link is switched off",
        "params": {},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["BROADCAST"],"addr_info":[]}]',
                "/usr/sbin/ip -j -4 route show": "[]",
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-P INPUT ACCEPT\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "",
                "stated_device": "",
                "stated_gateways": 0,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "link",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "the firewall drops the very port; what it drops besides is meant",
        "params": {"url": "http://127.0.0.1:8080/"},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "firewall_drops": True,
                "dropped_port": 8080,
                "broken_layer": "firewall",
                "network_share": 1.0,
            },
        },
    },
    {
        "name": "all is well here, so it is the remote side",
        "params": {"port": 443},
        "world": {
            "exec": {
                "/usr/sbin/ip -j addr show": '[{"ifname":"eth0","flags":["UP","LOWER_UP"],"addr_info":[{"family":"inet","local":"10.0.0.5","prefixlen":24}]}]',
                "/usr/sbin/ip -j -4 route show": '[{"dst":"default","gateway":"10.0.0.1"},{"dst":"10.0.0.0/24"}]',
                "/usr/sbin/ip -j neigh show": "[]",
                "/usr/sbin/iptables -S INPUT": "-A INPUT -p tcp -m tcp --dport 23 -j DROP\n",
                "/usr/bin/ss -Hlunp": "",
            },
            "files": {
                "/etc/network/interfaces.d": None,
                "/etc/netplan": None,
                "/etc/sysconfig/network-scripts": None,
                "/var/lib/dhcp": None,
                "/run/systemd/netif/leases": None,
                "/etc/network/interfaces": "gateway 10.0.0.1\ndns-nameservers 10.0.0.1 10.0.0.2\n",
                "/etc/resolv.conf": "nameserver 10.0.0.1\n",
            },
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
                "stated_gateway": "10.0.0.1",
                "stated_device": "eth0",
                "stated_gateways": 1,
                "resolvers": "10.0.0.1",
                "resolver_is_dead": False,
                "stated_resolver": "10.0.0.1",
                "stated_resolver_is_new": False,
                "firewall_drops": False,
                "dropped_port": 0,
                "broken_layer": "none here",
                "network_share": 0.0,
            },
        },
    },
]
