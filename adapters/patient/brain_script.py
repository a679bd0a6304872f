"""What the scripted brain says in the night that no rule explains; every value it uses it has read in what it was told."""

from __future__ import annotations

import re

from adapters.patient.scripted_brain import Asked, Said

_ADDRESS = r"(\d{1,3}(?:\.\d{1,3}){3})"
_SIGNAL = re.compile(r"\bhttp\.failed:https?://[^\s\"'<>]+")
_ROUTE = re.compile(rf"states {_ADDRESS} on ([a-z0-9]+)")
_STATED = re.compile(rf"resolvers\W{{1,4}}{_ADDRESS}")
_DEAD = re.compile(rf"resolver {_ADDRESS} is dead or nobody's")


def payments_night(asked: Asked) -> Said:
    """A page does not answer: it looks, guesses too early, is told so, looks further, and proposes what it saw; else it hands over."""
    if not asked.seen("look_at_network"):
        return Said(calls=(("look_at_network", {}), ("find_stated_network", {})))
    route, stated = (one.search(asked.seen("find_stated_network")) for one in (_ROUTE, _STATED))
    if route and not asked.seen("propose"):
        return Said("Perhaps the way out is gone.", (("propose", _guess(asked, *route.groups())),))
    if stated and not asked.seen("find_dead_resolver"):
        return Said("So it is not the route.", (("find_dead_resolver", {"stated": stated[1]}),))
    dead = _DEAD.search(asked.seen("find_dead_resolver"))
    if stated and dead and asked.proposed("replace_dead_resolver") == 0:
        return Said("", (("propose", _proposal(asked, dead[1], stated[1])),))
    reason = "the network looks in order, and nothing shows a dead resolver that could be replaced by a stated one"
    return Said(calls=(("hand_over", {"reason": reason}),))


def _guess(asked: Asked, gateway: str, device: str) -> dict[str, object]:
    return {
        "skill": "restore_default_route",
        "parameters": {"gateway": gateway, "device": device},
        "expects": _signal(asked),
        "why": "The page lies beyond the gateway.",
        "evidence": [f"find_stated_network: the configuration states {gateway} on {device}"],
    }


def _proposal(asked: Asked, dead: str, stated: str) -> dict[str, object]:
    return {
        "skill": "replace_dead_resolver",
        "parameters": {"resolver": stated},
        "expects": _signal(asked),
        "why": (
            f"The page is asked for by name, and no name is resolved here: {dead} does not answer. "
            f"This host's own configuration states {stated}."
        ),
        "evidence": [
            "look_at_network: link, address, route and neighbour are in order, so it is higher up",
            f"find_dead_resolver: {dead} is dead or nobody's",
            f"find_stated_network: the configuration states {stated}",
        ],
    }


def _signal(asked: Asked) -> str:
    """The one that woke us, as it was told."""
    found = _SIGNAL.search(asked.words)
    return found[0] if found else "the page answers again"
