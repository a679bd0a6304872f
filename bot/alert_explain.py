"""`alert --explain FILE`: what a webhook's body would be taken for, and by which label."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters import intake_alertmanager, intake_grafana
from bot import own_alerts
from bot.answers import Answer
from core.alert import Alert
from core.inventory import Inventory
from core.outside_alert import severity_of
from core.world import Json

_LONG_AGO = datetime.fromtimestamp(0, UTC)
"""Explaining needs no clock: nothing is taken in."""


def explained(data: bytes, inventory: Inventory) -> Answer:
    """One block per alert; raises InvalidError where the door would refuse the body."""
    body = own_alerts.parse(data)
    format_, mapped = _read(body)
    rows = [_row(alert, notes, inventory) for alert, notes in mapped]
    blocks = [f"{row['status']} {row['signal']} on {row['host']} ({row['known']})" for row in rows]
    lines = [f"{format_}: {len(rows)} alerts"]
    for block, (_, notes) in zip(blocks, mapped, strict=True):
        lines += [block, *(f"  {note}" for note in notes)]
    return Answer("\n".join(lines), rows)


def _read(body: Json) -> tuple[str, list[tuple[Alert, tuple[str, ...]]]]:
    if not isinstance(body, dict) or "alerts" not in body:
        alerts = own_alerts.read(body, "claim:explain", _LONG_AGO)
        return "POST /alerts", [(alert, _own_notes(alert)) for alert in alerts]
    is_grafana = "orgId" in body
    reader = intake_grafana.read if is_grafana else intake_alertmanager.read
    path = "POST /alerts/grafana" if is_grafana else "POST /alerts/alertmanager"
    return path, [(one.alert, one.notes) for one in reader(body, "claim:explain", _LONG_AGO)]


def _own_notes(alert: Alert) -> tuple[str, ...]:
    return (f"host {alert.host}: as sent", f"signal {alert.signal}: as sent", severity_of(dict(alert.labels))[1])


def _row(alert: Alert, notes: tuple[str, ...], inventory: Inventory) -> dict[str, object]:
    is_known = inventory.entry(alert.host) is not None
    known = (
        f"known, groups {', '.join(inventory.groups(alert.host))}"
        if is_known
        else "unknown host: posted, never touched"
    )
    return {
        "host": alert.host,
        "signal": str(alert.signal),
        "severity": int(alert.severity),
        "status": str(alert.status),
        "known": known,
        "because": notes,
    }
