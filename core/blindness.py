"""When it is us who cannot see: a third of the hosts unmeasurable at once is one alert, and no host is called down (TRUST 4). Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from core.alert import LOCALHOST, Alert, AlertStatus, Severity, Signal
from core.check import Check
from core.detection import UNMEASURED_NEEDED, CheckState
from core.errors import NightshiftError
from core.grouping import OURS
from core.world import Measurement

FEWEST = 3
"""Of fewer hosts a third says nothing."""
SIGNAL = Signal(OURS, "blind")


@dataclass(frozen=True, slots=True)
class Sight:
    """What is remembered of it: for how many rounds so much was dark, and since when it is said (0: it is not)."""

    rounds: int = 0
    since: float = 0.0

    @classmethod
    def of(cls, text: str) -> Sight:
        """From its JSON; what cannot be read starts afresh."""
        try:
            stored = json.loads(text)
            return cls(int(stored["rounds"]), float(stored["since"]))
        except (ValueError, TypeError, KeyError):
            return cls()

    def to_json(self) -> str:
        """As text, for `Ticks.save`."""
        return json.dumps(asdict(self))


def dark_hosts(checks: Sequence[Check], results: Mapping[str, Measurement | NightshiftError]) -> frozenset[str]:
    """Hosts of which not one check could be made in this round."""
    seen = {check.host for check in checks if not isinstance(results[check.key], NightshiftError)}
    return frozenset(check.host for check in checks) - seen


def is_us(checks: Sequence[Check], dark: frozenset[str]) -> bool:
    """True where so many are dark that the fault is likelier ours than theirs."""
    hosts = len({check.host for check in checks})
    return hosts >= FEWEST and 3 * len(dark) >= hosts


def held_back(state: CheckState) -> CheckState:
    """A check of a dark host that nothing is said of: one round short of its own alert, which comes if the host stays dark."""
    count = min(state.unmeasured_in_a_row + 1, UNMEASURED_NEEDED - 1)
    known = max(count, state.unmeasured_in_a_row) if state.is_blind else count
    return replace(state, unmeasured_in_a_row=known, measured_in_a_row=0, clear_in_a_row=0)


def look(sight: Sight, checks: Sequence[Check], dark: frozenset[str], now: datetime) -> tuple[Sight, tuple[Alert, ...]]:
    """One round more, and the alert that begins or ends it."""
    if is_us(checks, dark):
        rounds = min(sight.rounds + 1, UNMEASURED_NEEDED)
        if sight.since or rounds < UNMEASURED_NEEDED:
            return Sight(rounds, sight.since), ()
        begun = Sight(rounds, now.timestamp())
        return begun, (_alert(begun, AlertStatus.FIRING, now, checks, dark),)
    if not sight.since:
        return Sight(), ()
    return Sight(), (_alert(sight, AlertStatus.RESOLVED, now, checks, dark),)


def _alert(sight: Sight, status: AlertStatus, now: datetime, checks: Sequence[Check], dark: frozenset[str]) -> Alert:
    hosts = len({check.host for check in checks})
    name = f"{SIGNAL}|{checks[0].every:g}|{sight.since!r}|{status}"
    return Alert(
        id=hashlib.sha256(name.encode()).hexdigest()[:16],
        host=LOCALHOST,
        signal=SIGNAL,
        source="probe",
        status=status,
        at=now.astimezone(UTC),
        severity=Severity.PAGE,
        value=float(len(dark)),
        limit=float(math.ceil(hosts / 3)),
        text=f"I cannot see: {len(dark)} of {hosts} hosts cannot be measured at once; none of them is called down",
    )
