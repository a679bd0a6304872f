"""Routes and links as the kernel has them."""

from __future__ import annotations

import ipaddress
import sys

from adapters.probe.ground import Ground
from adapters.probe.system import Reading
from core.errors import InvalidError, UnavailableError

_UP, _REJECT = 0x1, 0x200


def route_missing(ground: Ground, destination: str) -> Reading:
    """1 when there is no usable route to `default` or to a network such as `10.0.0.0/8`, with exactly that mask."""
    try:
        wanted = ipaddress.ip_network("0.0.0.0/0" if destination == "default" else destination)
    except ValueError as error:
        raise InvalidError(
            f"{destination[:80]!r} is not a route; write default or a network, as in 10.0.0.0/8"
        ) from error
    routes = _ipv4_routes(ground) if wanted.version == 4 else _ipv6_routes(ground)
    devices = [device for network, device in routes if network == wanted]
    if devices:
        return Reading(0, f"{destination} goes by {', '.join(sorted(set(devices)))}")
    addresses = _addresses(ground)
    if destination == "default" and addresses == []:
        by = [device for network, device in _ipv6_routes(ground) if network.prefixlen == 0]
        if by:
            return Reading(0, f"default goes by {by[0]}, IPv6 only")
    return Reading(1, f"no {destination} route; addresses: {_shown(addresses)}")


def link_down(ground: Ground, name: str) -> Reading:
    """1 when the interface is not up and running; UnavailableError when there is none of this name."""
    links = ground.links()
    if name not in links:
        raise UnavailableError(f"there is no interface {name!r}; there are: {', '.join(sorted(links))}")
    is_up, _ = links[name]
    return Reading(0 if is_up else 1, f"{name} is {'up' if is_up else 'down'}")


def has_default_route() -> bool:
    """Whether there is one now."""
    return route_missing(Ground(), "default").value == 0


def _addresses(ground: Ground) -> list[str] | None:
    """None where nobody can tell."""
    try:
        links = ground.links()
    except UnavailableError:
        return None
    return [f"{address} on {name}" for name, (_, address) in links.items() if address and name != "lo"]


def _shown(addresses: list[str] | None) -> str:
    return "not told" if addresses is None else ", ".join(addresses) or "none"


def _ipv4_routes(ground: Ground) -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
    routes: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
    for line in _lines(ground, "route")[1:]:
        device, to, _, flags, _, _, _, mask, *_ = line.split()
        address, bits = (int.from_bytes(bytes.fromhex(text), sys.byteorder) for text in (to, mask))
        if int(flags, 16) & (_UP | _REJECT) == _UP:
            routes.append((ipaddress.IPv4Network((address, bits.bit_count())), device))
    return routes


def _ipv6_routes(ground: Ground) -> list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]:
    routes: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
    for line in _lines(ground, "ipv6_route"):
        to, length, _, _, _, _, _, _, flags, device = line.split()
        if int(flags, 16) & (_UP | _REJECT) == _UP and device != "lo":
            routes.append((ipaddress.IPv6Network((int(to, 16), int(length, 16))), device))
    return routes


def _lines(ground: Ground, name: str) -> list[str]:
    try:
        return ground.text(f"/proc/self/net/{name}")[0].splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnavailableError(f"the routes cannot be read: {error.strerror}") from error
