"""Which alarms are one trouble, and which of them leads: the deepest cause (TRUST 4). Pure.

One fault is heard many times over: a full disk stops a database, its port closes, a page fails, a certificate cannot be read. What is
deeper can explain what is shallower, on its own host and on every host whose services talk to it; never the other way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alert import PERSON, Alert, Signal
from core.errors import InvalidError
from core.inventory import Inventory
from core.outside_alert import UNKNOWN_HOST

WINDOW = timedelta(minutes=2)
"""Alarms so far apart are two troubles."""

GROUP_WAIT = timedelta(seconds=3)
"""How long a shallow claim waits for the deeper one that may explain it: senders tell of one fault in several requests."""

AWAITED = "?"
"""The `lead` of an incident for which something deeper was measured that has not been reported yet."""

WHOLE_HOST = ("measured", "nothing")
"""The label of an alert that a check cannot be made where no check of that host can."""

OURS = "nightshift"
"""The kind of our own troubles: they explain nothing else, and nothing explains them away."""

_DEPTH = {
    "link": 0,
    "route": 0,
    "dns": 1,  # nothing that goes by a name works without it; the machine itself does
    "disk": 2,
    "memory": 3,
    "fd": 3,
    "process": 4,
    "tcp": 5,
    "postgres": 5,
    "redis": 5,
    "http": 6,
    "tls": 7,
}
SHALLOW = 4
"""From a process on, something deeper may well be the cause; it is looked for before anything is thought out."""
_SHALLOWEST = 8
"""Load, and every signal whose kind we do not know."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident as far as grouping goes. `is_busy`: its repair has begun, so that it stays as it is."""

    id: str
    alert: Alert
    opened: datetime
    is_busy: bool = False


def depth(alert: Alert) -> int:
    """0 is deepest. A check that cannot be made is as deep as what it checks, and deepest where nothing of that host can be measured."""
    signal = alert.signal
    if signal.name == "check.unmeasurable":
        return 0 if WHOLE_HOST in alert.labels else _depth_of(_checked(signal))
    return _depth_of(signal)


def is_shallow(alert: Alert) -> bool:
    """True where a deeper cause is looked for first."""
    return can_be_grouped(alert) and depth(alert) >= SHALLOW


def wait_of(alert: Alert) -> timedelta:
    """How long a new incident waits for a deeper one before it is looked into; what we measure ourselves comes in one batch."""
    return GROUP_WAIT if alert.is_claim and is_shallow(alert) else timedelta()


def can_be_grouped(alert: Alert) -> bool:
    """False for what a person asked for, for our own troubles, and where nobody said which host it is."""
    return not alert.source.startswith(PERSON) and not is_ours(alert) and alert.host != UNKNOWN_HOST


def is_ours(alert: Alert) -> bool:
    """True for what we say of ourselves; from outside the same words are a claim like any other."""
    return alert.source == "probe" and alert.signal.kind == OURS


def leads(first: Trouble, second: Trouble, inventory: Inventory) -> bool:
    """True if the first can explain the second."""
    return abs(first.opened - second.opened) <= WINDOW and can_explain(first.alert, second.alert, inventory)


def can_explain(one: Alert, other: Alert, inventory: Inventory) -> bool:
    """True if the first is at least as deep, on the same host or on one that the other leans on, and told by the same voice."""
    if not (can_be_grouped(one) and can_be_grouped(other)) or one.is_claim != other.is_claim:
        return False
    return depth(one) <= depth(other) and (one.host == other.host or one.host in inventory.upstream(other.host))


def place(new: Sequence[Trouble], heads: Sequence[Trouble], inventory: Inventory) -> dict[str, str]:
    """Who leads whom, once these have come in; `heads` are those open now that nobody leads. Only what is led from now on is named."""
    by_host: dict[str, list[Trouble]] = defaultdict(list)
    for head in heads:
        by_host[head.alert.host].append(head)
    led: dict[str, str] = {}
    for one in new:
        host = one.alert.host
        above = [it for name in (host, *inventory.upstream(host)) for it in by_host[name] if leads(it, one, inventory)]
        if above:
            led[one.id] = min(above, key=_deepest_first).id
            continue
        for name in (host, *inventory.dependents(host)):
            below = [it for it in by_host[name] if not it.is_busy and leads(one, it, inventory)]
            led |= {it.id: one.id for it in below}
            by_host[name] = [it for it in by_host[name] if it not in below]
        by_host[host].append(one)
    return {name: _top(led, name) for name in led}


def _deepest_first(trouble: Trouble) -> tuple[int, datetime, str]:
    return depth(trouble.alert), trouble.opened, trouble.id


def _top(led: dict[str, str], name: str) -> str:
    while name in led:
        name = led[name]
    return name


def _depth_of(signal: Signal) -> int:
    return _DEPTH.get(signal.kind, _SHALLOWEST)


def _checked(signal: Signal) -> Signal:
    try:
        return Signal.parse(signal.object)
    except InvalidError:
        return signal
