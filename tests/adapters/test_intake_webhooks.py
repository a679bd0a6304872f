"""Alertmanager's and Grafana's own bodies, as their documentation shows them, and what hostile ones become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import intake_alertmanager, intake_grafana
from core.alert import AlertStatus, Severity
from core.errors import InvalidError
from core.world import Json

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
SOURCE = "claim:prometheus"

ALERTMANAGER: dict[str, Json] = {
    "version": "4",
    "groupKey": '{}:{alertname="InstanceDown"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "nightshift",
    "groupLabels": {"alertname": "InstanceDown"},
    "commonLabels": {"alertname": "InstanceDown"},
    "commonAnnotations": {},
    "externalURL": "http://prometheus:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "InstanceDown",
                "instance": "web-1.example.com:9100",
                "job": "node",
                "severity": "critical",
            },
            "annotations": {"summary": "Instance web-1 down"},
            "startsAt": "2026-03-14T02:55:03.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph",
            "fingerprint": "85b3c4a9ff3d2ef1",
        },
        {
            "status": "resolved",
            "labels": {
                "alertname": "DiskFull",
                "host": "db-1",
                "nightshift_signal": "disk.used_percent:/",
                "severity": "warning",
            },
            "annotations": {"description": "disk of db-1"},
            "startsAt": "2026-03-14T01:00:00+01:00",
            "endsAt": "2026-03-14T02:00:00Z",
            "fingerprint": "aa",
        },
    ],
}

GRAFANA: dict[str, Json] = {
    "receiver": "nightshift",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "High memory usage",
                "grafana_folder": "Linux",
                "instance": "https://web-1:9100/metrics",
            },
            "annotations": {"summary": "memory is high"},
            "startsAt": "2026-03-14T02:50:00Z",
            "values": {"B": 93.4},
            "valueString": "[ var='B' labels={} value=93.4 ]",
            "fingerprint": "c6eadffa33fcdf37",
        }
    ],
    "title": "[FIRING:1]",
    "state": "alerting",
    "version": "1",
}


def test_alertmanagers_example_is_understood() -> None:
    down, disk = (one.alert for one in intake_alertmanager.read(ALERTMANAGER, SOURCE, NOW))
    assert (down.host, str(down.signal), down.severity, down.status) == (
        "web-1.example.com",
        "alert.firing:InstanceDown",
        Severity.PAGE,
        AlertStatus.FIRING,
    )
    assert down.text == "Instance web-1 down"
    assert down.at == datetime(2026, 3, 14, 2, 55, 3, 123456, tzinfo=UTC)
    assert (disk.host, str(disk.signal), disk.severity, disk.status) == (
        "db-1",
        "disk.used_percent:/",
        Severity.ASK,
        AlertStatus.RESOLVED,
    )
    assert down.is_claim
    assert down.source == SOURCE


def test_grafanas_example_is_understood_with_its_value() -> None:
    (one,) = intake_grafana.read(GRAFANA, SOURCE, NOW)
    assert (one.alert.host, str(one.alert.signal), one.alert.value) == ("web-1", "alert.firing:High_memory_usage", 93.4)
    assert one.alert.severity is Severity.ASK


def test_the_same_notification_twice_has_one_id_and_another_source_another() -> None:
    first, second = (intake_alertmanager.read(ALERTMANAGER, SOURCE, NOW)[0].alert.id for _ in range(2))
    later = intake_alertmanager.read(ALERTMANAGER, SOURCE, NOW + timedelta(hours=4))[0].alert.id
    other = intake_alertmanager.read(ALERTMANAGER, "claim:other", NOW)[0].alert.id
    assert first == second == later != other


def one(labels: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"version": "4", "alerts": [{"status": "firing", "labels": labels, **more}]}


@pytest.mark.parametrize(
    ("labels", "host", "signal"),
    [
        ({"alertname": "X", "host": "web-1", "instance": "other:1"}, "web-1", "alert.firing:X"),
        ({"alertname": "X", "instance": "10.0.0.7:9100"}, "10.0.0.7", "alert.firing:X"),
        ({"alertname": "X", "instance": "[2001:db8::7]:9100"}, "2001-db8--7", "alert.firing:X"),
        ({"alertname": "X", "instance": "https://u:p@shop.example.com/health?x"}, "shop.example.com", "alert.firing:X"),
        ({"alertname": "X", "instance": "localhost:9100"}, "localhost", "alert.firing:X"),
        ({"alertname": "X"}, "unknown", "alert.firing:X"),
        ({"alertname": "X", "host": "$(reboot)"}, "unknown", "alert.firing:X"),
        ({"alertname": "a b\tc", "host": "h"}, "h", "alert.firing:a_b_c"),
        ({"host": "h"}, "h", "alert.firing"),
        ({"alertname": "X", "host": "h", "nightshift_signal": "process.down:nginx"}, "h", "process.down:nginx"),
        ({"alertname": "X", "host": "h", "nightshift_signal": "rm -rf /"}, "h", "alert.firing:X"),
    ],
)
def test_every_alert_finds_a_host_and_a_signal(labels: dict[str, Json], host: str, signal: str) -> None:
    (found,) = intake_alertmanager.read(one(labels), SOURCE, NOW)
    assert (found.alert.host, str(found.alert.signal)) == (host, signal)
    assert len(found.notes) == 3


@pytest.mark.parametrize(
    ("word", "severity"), [("critical", 1), ("CRITICAL", 1), ("warning", 2), ("info", 3), ("page", 3), ("", 2)]
)
def test_severities_are_mapped_as_agreed(word: str, severity: int) -> None:
    assert intake_alertmanager.read(one({"severity": word}), SOURCE, NOW)[0].alert.severity == severity


@pytest.mark.parametrize("at", ["2027-01-01T00:00:00Z", "nonsense", 5, None, "2026-03-14T02:00:00"])
def test_a_time_that_cannot_be_is_now(at: Json) -> None:
    assert intake_alertmanager.read(one({}, startsAt=at), SOURCE, NOW)[0].alert.at == NOW


@pytest.mark.parametrize("module", [intake_alertmanager, intake_grafana])
@pytest.mark.parametrize(
    "body",
    [
        None,
        3,
        [],
        {},
        {"alerts": {}},
        {"alerts": [3]},
        {"alerts": [{"status": "x"}]},
        {"alerts": [{}]},
        {"alerts": [{"status": {"a": 1}}]},
        {"alerts": [{"status": ["firing"]}]},
    ],
)
def test_another_body_is_refused_in_one_sentence(module: ModuleType, body: Json) -> None:
    with pytest.raises(InvalidError) as refused:
        module.read(body, SOURCE, NOW)
    assert "\n" not in refused.value.message


def test_another_version_of_alertmanagers_webhook_is_refused() -> None:
    with pytest.raises(InvalidError, match="only 4"):
        intake_alertmanager.read(ALERTMANAGER | {"version": "5"}, SOURCE, NOW)


def test_a_number_beyond_every_measurement_is_none() -> None:
    body = one({"host": "web-1"}, values={"A": 10**400})
    assert intake_grafana.read(body, SOURCE, NOW)[0].alert.value is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
LABELS = st.dictionaries(st.sampled_from(["host", "instance", "alertname", "nightshift_signal", "severity", "x"]), JSON)


@pytest.mark.parametrize("module", [intake_alertmanager, intake_grafana])
@given(labels=LABELS, annotations=JSON, at=JSON, fingerprint=JSON, values=JSON)
def test_whatever_stands_in_it_an_alert_comes_out(
    module: ModuleType, labels: Json, annotations: Json, at: Json, fingerprint: Json, values: Json
) -> None:
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": annotations,
        "startsAt": at,
        "fingerprint": fingerprint,
        "values": values,
    }
    (found,) = module.read({"alerts": [alert]}, SOURCE, NOW)
    assert found.alert.host
    assert found.alert.at <= NOW
    assert len(found.alert.text) <= 2000
