"""Which effects change the network, what to look at before one, and how it is taken back: by the journal, or by the host itself.

Pure: it reads what the host said and makes argv lists; a route, a link, or one firewall rule is set back exactly as it was.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shlex
from typing import Any, TypeAlias, cast

from core.capability import NO_UNDO, Risk, Undo
from core.host_change import BackStep, FileDelete, FileWrite
from core.never_list import RESOLVER
from core.vetted_shapes import program_of, shape_of_argv

Argv: TypeAlias = tuple[str, ...]
Route: TypeAlias = tuple[str, str, str]

_TABLES = ("iptables", "ip6tables")
_OBJECTS = ("route", "r", "ro", "link", "l", "address", "addr", "a", "rule", "ru", "netns", "tunnel", "xfrm")
_LOOKING = ("show", "list", "ls", "get", "save", "")
_ALWAYS = (
    "ifconfig", "route", "ifup", "ifdown", "nmcli", "netplan", "networkctl", "resolvectl", "resolvconf", "nft", "ufw", "firewall-cmd",
    "iptables-restore", "ip6tables-restore", "iptables-nft", "iptables-legacy", "ebtables", "arptables", "ipset", "tc", "brctl",
    "dhclient", "wg", "wg-quick",
)  # fmt: skip
_SAID_BY_SHOW = 2
"""Words of a line of `iptables -S` before the rule itself: `-A CHAIN`."""


def is_network(verb: str, target: str) -> bool:
    """Whether an effect, in the words of plan and journal, changes routes, links, firewall or resolver. Neighbours heal by themselves."""
    if verb == "exec":
        return _changes_network(_words(target))
    return verb.startswith("fs.") and RESOLVER in target.split(" -> ")


def look_before(argv: Argv) -> Argv:
    """The command whose output says what a change of the network will change; () for what we cannot take back."""
    if route_words(argv)[1]:
        return route_look(argv)
    if _link_words(argv):
        return (argv[0], "-j", "addr", "show")
    chain = _rule_words(argv)[1]
    return (argv[0], "-S", chain) if chain else ()


def is_look_before(argv: Argv) -> bool:
    """True for the commands that `look_before` makes: they change nothing, so that a dry run really runs them."""
    return bool(argv) and (
        (program_of(argv[0]) == "ip" and argv[-2:] in (("show", "default"), ("addr", "show")) and "netns" not in argv)
        or (program_of(argv[0]) in _TABLES and len(argv) == len(("iptables", "-S", "CHAIN")) and argv[1] == "-S")
    )


def undo_of_command(argv: Argv, seen: str) -> Undo:
    """`seen` is what the command of `look_before` said; NO_UNDO where that names no way back."""
    if route_words(argv)[1]:
        return _undo_of_route(argv, seen)
    if _link_words(argv):
        return _undo_of_link(argv, seen)
    return _undo_of_rule(argv, seen) if _rule_words(argv)[1] else NO_UNDO


def back_argv(undo: Undo) -> Argv:
    """The command that takes a route, link or rule back."""
    return tuple(cast("list[str]", json.loads(dict(undo.detail)["argv"])))


def is_as_left(undo: Undo, seen: str) -> bool:
    """Whether a route, link or rule still is as our change left it, by what the command of `look_before` says now."""
    detail = dict(undo.detail)
    if undo.kind == "route":
        shown = {" ".join(_spelled(found)) for line in seen.splitlines() if (found := _route(line))}
        return detail["set"] in shown if detail["set"] else not shown
    if undo.kind == "link":
        return _link_state(seen, undo.target, detail["what"]) == detail["set"]
    return _listing(seen) == undo.after


def step_back(action: int, undo: Undo, saved: bytes | None) -> BackStep | None:
    """What the host itself would do to take this effect back; None where nothing is known that could."""
    if undo.kind in ("route", "link", "rule"):
        argv = back_argv(undo)
        return BackStep(action, argv, () if undo.kind == "link" else look_before(argv))
    if undo.target != RESOLVER:
        return None
    if undo.kind == "unlink":
        return BackStep(action, FileDelete(RESOLVER))
    mode = int(dict(undo.detail).get("mode", "420"))
    return None if saved is None else BackStep(action, FileWrite(RESOLVER, saved, mode))


# ---- routes -------------------------------------------------------------------------------------------------------------------------


def _undo_of_route(argv: Argv, routes: str) -> Undo:
    """A default route that was replaced or deleted comes back by its gateway, device and metric; one that is new is deleted again."""
    head, wanted = route_words(argv)
    if not wanted:
        return NO_UNDO
    former = [found for line in routes.splitlines() if (found := _route(line)) and found[2] == wanted[2]]
    order = argv[len(head)]
    if former:
        back = (*head, "replace", "default", *_spelled(former[0]))
    elif order != "del":
        back = (*head, "del", "default", *_spelled(wanted)[:4])
    else:
        return NO_UNDO
    left = "" if order == "del" else " ".join(_spelled(wanted))
    return Undo("route", "default", detail=(("argv", json.dumps(back)), ("set", left)))


def route_words(argv: Argv) -> tuple[Argv, Route] | tuple[tuple[()], tuple[()]]:
    """For `ip [-4|-6] route add|replace|del default …`: the words before the order, and (gateway, device, metric)."""
    at = 2 if len(argv) > 1 and argv[1] in ("-4", "-6") else 1
    is_route = argv != () and program_of(argv[0]) == "ip" and argv[at : at + 1] == ("route",)
    found = _route(" ".join(argv[at + 2 :])) if is_route and argv[at + 2 : at + 3] == ("default",) else None
    return (argv[: at + 1], found) if found and argv[at + 1] in ("add", "replace", "del") else ((), ())


def route_look(argv: Argv) -> Argv:
    """The command that shows the default routes of the same family as they are."""
    return (*argv[: argv.index("route") + 1], "show", "default")


def _route(line: str) -> Route | None:
    """(gateway, device, metric) of one line of `ip route show`; None for one without a gateway."""
    words = line.split()
    named = dict(itertools.pairwise(words))
    return (
        (named["via"], named.get("dev", ""), named.get("metric", ""))
        if words[:1] == ["default"] and "via" in named
        else None
    )


def _spelled(route: Route) -> Argv:
    return tuple(
        word for key, value in zip(("via", "dev", "metric"), route, strict=True) if value for word in (key, value)
    )


# ---- links --------------------------------------------------------------------------------------------------------------------------


def _link_words(argv: Argv) -> tuple[str, str, str] | tuple[()]:
    """(device, what, value) of `ip link set dev DEVICE up|down|mtu N`."""
    if len(argv) < len(("ip", "link", "set", "dev", "X", "up")) or program_of(argv[0]) != "ip":
        return ()
    if argv[1:4] != ("link", "set", "dev"):
        return ()
    device, rest = argv[4], argv[5:]
    if rest in (("up",), ("down",)):
        return device, "state", rest[0]
    return (device, "mtu", rest[1]) if rest[0] == "mtu" and rest[2:] == () and len(rest) > 1 else ()


def is_link_switched_off(argv: Argv) -> bool:
    """True for `ip link set dev DEVICE down`: no skill may, but it is what takes `up` back."""
    return _link_words(argv)[1:] == ("state", "down")


def _undo_of_link(argv: Argv, seen: str) -> Undo:
    device, what, value = cast("tuple[str, str, str]", _link_words(argv))
    former = _link_state(seen, device, what)
    if not former:
        return NO_UNDO
    back = (*argv[:5], *((former,) if what == "state" else ("mtu", former)))
    return Undo("link", device, detail=(("argv", json.dumps(back)), ("what", what), ("set", value)))


def _link_state(seen: str, device: str, what: str) -> str:
    """`up`, `down` or the MTU, by `ip -j addr show`; '' for a link that is not there, or words that are no JSON."""
    try:
        links: list[dict[str, Any]] = json.loads(seen or "[]")
        link = next((one for one in links if one.get("ifname") == device), None)
        if link is None:
            return ""
        return str(link.get("mtu", "")) if what == "mtu" else "up" if "UP" in link["flags"] else "down"
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


# ---- firewall -----------------------------------------------------------------------------------------------------------------------


def _rule_words(argv: Argv) -> tuple[str, str, Argv]:
    """(order, chain, rest) of `iptables [-w [N]] -A|-I|-D CHAIN …` on the filter table; the chain is '' for anything else."""
    if not argv or program_of(argv[0]) not in _TABLES:
        return "", "", ()
    at = 1
    if argv[at : at + 1] == ("-w",):
        at += 2 if argv[at + 1 : at + 2] and argv[at + 1].isdigit() else 1
    order, chain, rest = "".join(argv[at : at + 1]), "".join(argv[at + 1 : at + 2]), argv[at + 2 :]
    is_plain = order in ("-A", "-I", "-D") and chain.isalnum() and rest and not {"-t", "--table"} & set(rest)
    return (order, chain, rest) if is_plain else ("", "", ())


def _undo_of_rule(argv: Argv, seen: str) -> Undo:
    """A rule that goes comes back at its own place; one that is new goes from the place that it gets."""
    order, chain, rest = _rule_words(argv)
    rules = [line.strip() for line in seen.splitlines() if line.startswith(f"-A {chain} ")]
    head = (argv[0], "-w", "5")
    if order == "-D":
        place = _place(rules, rest)
        if not place:
            return NO_UNDO
        words = tuple(_words(rules[place - 1])[_SAID_BY_SHOW:])
        if not words:
            return NO_UNDO
        back: Argv = (*head, "-I", chain, str(place), *words)
        left = [*rules[: place - 1], *rules[place:]]
    else:
        is_numbered = order == "-I" and rest[0].isdigit()
        place = int(rest[0]) if is_numbered else 1 if order == "-I" else len(rules) + 1
        back = (*head, "-D", chain, str(place))
        left = [*rules[: place - 1], f"-A {chain} {shlex.join(rest[is_numbered:])}", *rules[place - 1 :]]
    return Undo("rule", chain, after=_digest(left), detail=(("argv", json.dumps(back)),))


def _place(rules: list[str], rest: Argv) -> int:
    """The place, from 1, of the rule that `-D CHAIN rest` removes; 0 for none."""
    if len(rest) == 1 and rest[0].isdigit():
        return int(rest[0]) if 1 <= int(rest[0]) <= len(rules) else 0
    return next((n for n, rule in enumerate(rules, 1) if _words(rule)[_SAID_BY_SHOW:] == rest), 0)


def _listing(seen: str) -> str:
    return _digest([line.strip() for line in seen.splitlines() if line.startswith("-A ")])


def _digest(rules: list[str]) -> str:
    return hashlib.sha256("\n".join(rules).encode()).hexdigest()


# ---- words --------------------------------------------------------------------------------------------------------------------------


def _changes_network(argv: Argv) -> bool:
    shape = shape_of_argv(argv) if argv else None
    if not argv or (shape is not None and shape.risk is Risk.LOW):
        return False
    program = argv[0].rpartition("/")[2]
    words = [word for word in argv[1:] if not word.startswith("-")]
    if program == "ip":
        return [*words, ""][0] in _OBJECTS and [*words, "", ""][1] not in _LOOKING
    if program in _TABLES:
        return not any(word in argv for word in ("-S", "-L", "-C", "--list", "--list-rules", "--check", "-nL", "-nvL"))
    return program in _ALWAYS


def _words(line: str) -> Argv:
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return ()
