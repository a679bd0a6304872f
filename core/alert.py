"""What woke us: signals, alerts, and how two alerts are recognised as the same trouble."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from core.errors import InvalidError

LOCALHOST = "localhost"
"""The name of this machine, always."""

PERSON = "person:"
"""How the source of what a person asked for by hand begins; no door from outside makes such an alert."""

REOPENS = "; reopens "
"""What stands in an alert's text before the incident that a person had closed while it was still bad."""

_SIGNAL = re.compile(
    r"(?P<kind>[a-z][a-z0-9_]{0,30})\.(?P<metric>[a-z][a-z0-9_]{0,40})(?::(?P<object>[^\x00-\x20\x7f]{1,300}))?"
)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


class Severity(IntEnum):
    """How loud: 1 wakes a person, 2 asks in chat, 3 goes to the digest."""

    PAGE = 1
    ASK = 2
    DIGEST = 3


class AlertStatus(StrEnum):
    """Whether the source says that it is bad or over."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Signal:
    """A thing that can be measured: `<kind>.<metric>[:<object>]`, as in `disk.used_percent:/var`."""

    kind: str
    metric: str
    object: str = ""

    @classmethod
    def parse(cls, text: str) -> Signal:
        """Reads the text form; raises InvalidError for anything else."""
        match = _SIGNAL.fullmatch(text)
        if match is None:
            raise InvalidError(
                f"{text!r} is not a signal; write kind.metric or kind.metric:object, e.g. disk.used_percent:/"
            )
        return cls(match["kind"], match["metric"], match["object"] or "")

    @property
    def name(self) -> str:
        """Kind and metric without the object; what a skill's `cures` names."""
        return f"{self.kind}.{self.metric}"

    def __str__(self) -> str:
        return f"{self.name}:{self.object}" if self.object else self.name


@dataclass(frozen=True, slots=True)
class Alert:
    """One report that something is bad, or over, on one host.

    `source` is `probe` for our own measurement, `person:<name>` for what one asked for, else `claim:<token name>`.
    `value` and `limit` are in the unit of the metric.
    """

    id: str
    host: str
    signal: Signal
    source: str
    status: AlertStatus
    at: datetime
    severity: Severity = Severity.ASK
    value: float | None = None
    limit: float | None = None
    text: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def is_claim(self) -> bool:
        """True unless our own probe measured it: a claim starts looking, never acting (TRUST 1)."""
        return self.source != "probe"

    @property
    def dedupe_key(self) -> str:
        """The same trouble on the same host; claims and own measurements share none. What a person asks for is always its own."""
        if self.source.startswith(PERSON):
            return f"asked|{self.id}"
        return f"{'claim' if self.is_claim else 'own'}|{self.host}|{self.signal}"

    @property
    def reopens(self) -> str:
        """The incident that it reopens, '' for none."""
        return self.text.rpartition(REOPENS)[2] if REOPENS in self.text else ""

    @property
    def fingerprint(self) -> str:
        """16 hex digits that say "the same fault", whatever the host; memory and trust are counted by it."""
        voice = "asked" if self.source.startswith(PERSON) else "claim" if self.is_claim else "own"
        text = f"{voice}|{self.signal.name}|{self.signal.object}|{mask(self.text.partition(REOPENS)[0])}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def can_reopen(alert: Alert) -> bool:
    """True for what somebody outside still says: sent again after a person closed it, it is an incident again."""
    return alert.status is AlertStatus.FIRING and alert.source.startswith("claim:")


def reopening(alert: Alert, closed: str) -> Alert:
    """The alert with the incident that it reopens in its text; as it is where it reopens none."""
    return replace(alert, text=f"{alert.text}{REOPENS}{closed}") if closed else alert


def mask(text: str) -> str:
    """Text with what varies from one occurrence to the next taken out: numbers, hex ids, addresses, times."""
    text = re.sub(r"\b[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}\b", "<id>", text.lower())
    return re.sub(r"\d+(?:[.:,]\d+)*", "<n>", text)[:500]


def require_host_name(text: str) -> str:
    """The text, if it can be a host's name; raises InvalidError, so that no shell character passes a door."""
    if not _HOST.fullmatch(text):
        raise InvalidError(f"{text[:80]!r} is not a host name; use letters, digits, dots, hyphens and underscores")
    return text
