"""Routes and links as the kernel has them."""

from __future__ import annotations

import ipaddress
import socket
import sys
from pathlib import Path

import psutil

from adapters.probe.system import Reading
from core.errors import InvalidError, UnavailableError

_UP, _REJECT = 0x1, 0x200


def route_missing(destination: str) -> Reading:
    """1 when there is no usable route to `default` or to a network such as `10.0.0.0/8`, with exactly that mask."""
    try:
        wanted = ipaddress.ip_network("0.0.0.0/0" if destination == "default" else destination)
    except ValueError as error:
        raise InvalidError(
            f"{destination[:80]!r} is not a route; write default or a network, as in 10.0.0.0/8"
        ) from error
    routes = _ipv4_routes() if wanted.version == 4 else _ipv6_routes()
    devices = [device for network, device in routes if network == wanted]
    if devices:
        return Reading(0, f"{destination} goes by {', '.join(sorted(set(devices)))}")
    if destination == "default" and not _addresses(socket.AF_INET):
        by = [device for network, device in _ipv6_routes() if network.prefixlen == 0]
        if by:
            return Reading(0, f"default goes by {by[0]}, IPv6 only")
    return Reading(1, f"no {destination} route; addresses: {', '.join(_addresses(socket.AF_INET)) or 'none'}")


def link_down(name: str) -> Reading:
    """1 when the interface is not up and running; UnavailableError when there is none of this name."""
    links = psutil.net_if_stats()
    if name not in links:
        raise UnavailableError(f"there is no interface {name!r}; there are: {', '.join(sorted(links))}")
    return Reading(0 if links[name].isup else 1, f"{name} is {'up' if links[name].isup else 'down'}")


def has_default_route() -> bool:
    """Whether there is one now."""
    return route_missing("default").value == 0


def _addresses(family: int) -> list[str]:
    found = psutil.net_if_addrs()
    return [
        f"{a.address} on {name}" for name, all_of in found.items() if name != "lo" for a in all_of if a.family == family
    ]


def _ipv4_routes() -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
    routes: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
    for line in _lines("route")[1:]:
        device, to, _, flags, _, _, _, mask, *_ = line.split()
        address, bits = (int.from_bytes(bytes.fromhex(text), sys.byteorder) for text in (to, mask))
        if int(flags, 16) & (_UP | _REJECT) == _UP:
            routes.append((ipaddress.IPv4Network((address, bits.bit_count())), device))
    return routes


def _ipv6_routes() -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
    routes: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
    for line in _lines("ipv6_route"):
        to, length, _, _, _, _, _, _, flags, device = line.split()
        if int(flags, 16) & (_UP | _REJECT) == _UP and device != "lo":
            routes.append((ipaddress.IPv6Network((int(to, 16), int(length, 16))), device))
    return routes


def _lines(name: str) -> list[str]:
    try:
        return (Path("/proc/self/net") / name).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnavailableError(f"the routes cannot be read: {error.strerror}") from error
