"""How the labels of somebody else's alert become host, signal and severity of ours; every alert becomes one, none is dropped."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.alert import Alert, AlertStatus, Severity, Signal, require_host_name
from core.errors import InvalidError
from core.world import Json

UNKNOWN_HOST = "unknown"
"""The host of an alert that names none: it is still posted, and nothing is ever looked at or done there."""

MOST_LABELS = 64
MOST_TEXT = 2000
_MAY_BE_AHEAD = timedelta(minutes=5)

_SEVERITIES = {"critical": Severity.PAGE, "warning": Severity.ASK}


@dataclass(frozen=True, slots=True)
class OutsideAlert:
    """One alert as its source words it. `id` is the source's own, '' if it gives none."""

    id: str
    labels: tuple[tuple[str, str], ...]
    status: AlertStatus
    at: datetime | None
    text: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The alert we take it for, and for each of host, signal and severity where it came from."""

    alert: Alert
    notes: tuple[str, ...]


def mapped(outside: OutsideAlert, source: str, now: datetime) -> Mapped:
    """Our alert for theirs.

    Host: label `host`, else `instance` without port. Signal: label `nightshift_signal`, else `alert.firing:<alertname>`.
    """
    labels = dict(outside.labels)
    host, host_note = _host(labels)
    signal, signal_note = _signal(labels)
    severity, severity_note = severity_of(labels)
    alert = Alert(
        id=alert_id(source, outside),
        host=host,
        signal=signal,
        source=source,
        status=outside.status,
        at=moment(outside.at, now),
        severity=severity,
        value=outside.value,
        text=outside.text[:MOST_TEXT],
        labels=outside.labels[:MOST_LABELS],
    )
    return Mapped(alert, (host_note, signal_note, severity_note))


def texts_of(table: Json) -> dict[str, str]:
    """A table of labels; what is not text in it is left out."""
    entries = table.items() if isinstance(table, dict) else ()
    return {key[:200]: value[:500] for key, value in entries if isinstance(value, str)}


def time_of(text: Json) -> datetime | None:
    """An RFC 3339 time; None where there is none that can be read, so that the alert is taken all the same."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def status_of(word: Json) -> AlertStatus:
    """The status by its word; raises InvalidError for anything else, whatever its type."""
    if not isinstance(word, str) or word not in set(AlertStatus):
        raise InvalidError(f"status {str(word)[:40]!r} is neither firing nor resolved")
    return AlertStatus(word)


def alert_id(source: str, outside: OutsideAlert) -> str:
    """The same notification sent twice has one id, and no source can take another's; firing and resolved are two."""
    at = outside.at.isoformat() if outside.at else ""
    own = outside.id or repr(outside.labels)
    return hashlib.sha256(f"{source}|{own}|{outside.status}|{at}".encode("utf-8", "replace")).hexdigest()[:32]


def moment(at: datetime | None, now: datetime) -> datetime:
    """When the source says it began; now where it says nothing or claims the future."""
    return now if at is None or at > now + _MAY_BE_AHEAD else min(at, now)


def severity_of(labels: dict[str, str]) -> tuple[Severity, str]:
    """critical pages, warning asks, any other word goes to the digest; no word at all asks, because nothing says that it can wait."""
    word = labels.get("severity", "").strip().lower()
    if not word:
        return Severity.ASK, "severity 2: no label severity"
    severity = _SEVERITIES.get(word, Severity.DIGEST)
    return severity, f"severity {int(severity)}: label severity is {word[:40]!r}"


def _host(labels: dict[str, str]) -> tuple[str, str]:
    for label in ("host", "instance"):
        if text := labels.get(label, "").strip():
            name = text if label == "host" else _without_port(text)
            try:
                return require_host_name(name), f"host {name}: label {label} is {text[:80]!r}"
            except InvalidError:
                return UNKNOWN_HOST, f"host {UNKNOWN_HOST}: label {label} {text[:80]!r} is no host name"
    return UNKNOWN_HOST, f"host {UNKNOWN_HOST}: neither label host nor instance"


def _without_port(instance: str) -> str:
    """`web-1:9100`, `[::1]:9100` and `https://web-1/health` without what is not the host."""
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", instance, flags=re.IGNORECASE).split("/")[0].rpartition("@")[2]
    if bracketed := re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?", text):
        return bracketed[1].replace(":", "-").strip("-")
    return re.sub(r":\d+$", "", text)


def _signal(labels: dict[str, str]) -> tuple[Signal, str]:
    wanted = labels.get("nightshift_signal", "").strip()
    if wanted:
        try:
            return Signal.parse(wanted), f"signal {wanted[:80]}: label nightshift_signal"
        except InvalidError:
            rest = f"; label nightshift_signal {wanted[:80]!r} is no signal"
    else:
        rest = "; no label nightshift_signal"
    name = re.sub(r"[\x00-\x20\x7f]+", "_", labels.get("alertname", "").strip())[:300]
    signal = Signal("alert", "firing", name)
    return signal, f"signal {signal}: label alertname{rest}"
