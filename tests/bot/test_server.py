"""The doors, over a real socket: what is answered 202 is durable, what is wrong is one sentence, and nobody gets in without a token."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import pytest

from bot.alert_tokens import AlertToken, AlertTokens, hash_of
from bot.intake_queue import IntakeQueue
from bot.metrics import Metrics
from bot.server import MOST_BYTES, Doors, Server, build_app
from core.alert import Alert
from core.errors import InvalidError, UnavailableError
from core.inventory import HostEntry, Inventory
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore

ALL, WEB = "a" * 20, "w" * 20
INVENTORY = Inventory((HostEntry("localhost", groups=("local",)), HostEntry("web-1", groups=("web",))))
TOKENS = AlertTokens((AlertToken("all", hash_of(ALL)), AlertToken("web", hash_of(WEB), ("web",))))
DISK = {
    "signal": "disk.used_percent:/",
    "host": "localhost",
    "value": 97.5,
    "limit": 90,
    "text": "full",
    "labels": {"severity": "critical"},
}


@dataclass
class Intake:
    """A store that can be told to fail, to be slow, or to refuse one host."""

    store: FakeStore = field(default_factory=FakeStore)
    is_gone: bool = False
    gate: threading.Event = field(default_factory=threading.Event)
    batches: list[int] = field(default_factory=list)

    def know(self, inventory: Inventory) -> None:
        """Nothing is grouped here."""

    def take_in(self, alerts: Sequence[Alert], now: datetime) -> tuple[str, ...]:
        self.gate.wait(10)
        if self.is_gone:
            raise UnavailableError("the database is gone")
        if any(alert.host == "poison" for alert in alerts):
            raise InvalidError("this host cannot be stored")
        self.batches.append(len(alerts))
        return self.store.intake.take_in(alerts, now)

    def source_says_over(self, incident: str) -> datetime | None:
        return self.store.intake.source_says_over(incident)


@dataclass
class House:
    url: str
    intake: Intake
    reasons: list[str]
    queue: IntakeQueue

    def post(self, path: str, body: object, token: str = ALL) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.url + path, content=data, headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.fixture
def house() -> Iterator[House]:
    intake, clock, reasons = Intake(), FakeClock(), list[str]()
    intake.gate.set()
    metrics = Metrics(lambda: {"intake_depth": 0.0})
    queue = IntakeQueue(intake, clock, metrics.committed)
    server = Server(build_app(Doors(TOKENS, INVENTORY, queue, metrics, clock, lambda: reasons)), 0)
    server.start()
    yield House(f"http://127.0.0.1:{server.port}", intake, reasons, queue)
    intake.gate.set()
    server.close()
    queue.close()


def test_one_alert_is_durable_before_it_is_answered(house: House) -> None:
    answer = house.post("/alerts", DISK)
    assert answer.status_code == 202
    (incident,) = answer.json()["incidents"]
    alert = house.intake.store.incidents.load(incident).alert
    assert (alert.host, str(alert.signal), alert.value, alert.limit, alert.source, int(alert.severity)) == (
        "localhost",
        "disk.used_percent:/",
        97.5,
        90.0,
        "claim:all",
        1,
    )


def test_a_list_is_answered_in_its_order(house: House) -> None:
    hosts = ["localhost", "web-1", "nobody-knows-me"]
    answer = house.post("/alerts", [DISK | {"host": host} for host in hosts])
    incidents = [house.intake.store.incidents.load(one).host for one in answer.json()["incidents"]]
    assert incidents == hosts


def test_the_same_alert_sent_twice_is_one(house: House) -> None:
    first = house.post("/alerts", DISK | {"id": "x-1"}).json()
    assert house.post("/alerts", DISK | {"id": "x-1"}).json() == first
    (incident,) = first["incidents"]
    assert house.intake.store.incidents.load(incident).count == 1


def test_a_resolved_alert_without_an_incident_is_taken(house: House) -> None:
    assert house.post("/alerts", DISK | {"status": "resolved"}).json() == {"incidents": [""]}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {ALL}", f"Bearer {ALL}x", ALL, "Bearer \xff"]
)
@pytest.mark.parametrize("path", ["/alerts", "/alerts/alertmanager", "/alerts/grafana"])
def test_without_its_token_nothing_is_taken(house: House, path: str, header: str | None) -> None:
    headers: dict[bytes, bytes] = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = httpx.post(house.url + path, json=DISK, headers=headers)
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["error"]
    assert house.intake.batches == []


def test_a_token_speaks_of_its_groups_and_of_hosts_nobody_knows(house: House) -> None:
    assert house.post("/alerts", DISK | {"host": "web-1"}, WEB).status_code == 202
    assert house.post("/alerts", DISK | {"host": "unheard-of"}, WEB).status_code == 202
    refused = house.post("/alerts", [DISK | {"host": "web-1"}, DISK], WEB)
    assert refused.status_code == 403
    assert "localhost" in refused.json()["error"]
    assert sum(house.intake.batches) == 2


def test_a_webhook_keeps_what_its_token_may_speak_of(house: House) -> None:
    alerts = [{"status": "firing", "labels": {"alertname": "X", "host": host}} for host in ("web-1", "localhost")]
    answer = house.post("/alerts/alertmanager", {"version": "4", "alerts": alerts}, WEB)
    assert answer.status_code == 202
    assert answer.json()["refused"] == ["localhost"]
    assert len(answer.json()["incidents"]) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"value": NaN}', "not JSON"),
        (b"\xff", "not JSON"),
        (3, "no object"),
        ([DISK, 3], "alert 1 is no object"),
        (DISK | {"hots": 1}, "unknown key 'hots'"),
        (DISK | {"host": "a; rm -rf /"}, "not a host name"),
        (DISK | {"host": ""}, "no host"),
        (DISK | {"host": 5}, "host must be text"),
        (DISK | {"signal": "nonsense"}, "not a signal"),
        ({"host": "a"}, "no signal"),
        (DISK | {"value": "97"}, "value must be a number"),
        (DISK | {"value": True}, "value must be a number"),
        (DISK | {"value": 10**400}, "value must be a number"),
        (DISK | {"status": "on fire"}, "neither firing nor resolved"),
        (DISK | {"status": {"a": 1}}, "neither firing nor resolved"),
        (DISK | {"\ud800": 1}, "unknown key '?'"),
        (DISK | {"at": "yesterday"}, "ISO 8601"),
        (DISK | {"at": "2026-03-01T03:00:00"}, "time zone"),
        (DISK | {"labels": {"a": 1}}, "labels must be texts"),
        (DISK | {"labels": {str(n): "x" for n in range(65)}}, "at most 64"),
        ([DISK, DISK | {"signal": 5}], "alert 1"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_taken(house: House, body: object, says: str) -> None:
    answer = house.post("/alerts", body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert house.intake.batches == []


def test_half_a_character_is_stored_as_a_question_mark(house: House) -> None:
    answer = house.post("/alerts", DISK | {"text": "\ud800", "labels": {"\udfff": "\U0001f525"}})
    assert answer.status_code == 202
    alert = house.intake.store.incidents.load(answer.json()["incidents"][0]).alert
    assert (alert.text, alert.labels) == ("?", (("?", "\U0001f525"),))


def test_over_a_mebibyte_is_refused_by_its_length(house: House) -> None:
    answer = house.post("/alerts", b" " * (5 * MOST_BYTES))
    assert answer.status_code == 413


def test_over_a_mebibyte_is_refused_while_it_arrives(house: House) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for n in range(20_000):
            sent.append(n)
            yield b" " * 65536

    try:
        status = httpx.post(
            house.url + "/alerts", content=endless(), headers={"Authorization": f"Bearer {ALL}"}, timeout=10
        ).status_code
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        status = 413
    assert status == 413
    assert len(sent) < 2000


def test_a_full_queue_says_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.intake_queue.MOST_WAITING", 0)
    answer = house.post("/alerts", DISK)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "again" in answer.json()["error"]


def test_a_lost_database_is_no_202(house: House) -> None:
    house.intake.is_gone = True
    answer = house.post("/alerts", DISK)
    assert answer.status_code == 503
    house.intake.is_gone = False
    assert house.post("/alerts", DISK).status_code == 202


def test_one_post_that_cannot_be_stored_costs_the_others_nothing(house: House) -> None:
    house.intake.gate.clear()
    with ThreadPoolExecutor(12) as pool:
        first = pool.submit(house.post, "/alerts", DISK)
        others = [
            pool.submit(house.post, "/alerts", DISK | {"host": host}) for host in ("web-1", "poison", "localhost")
        ]
        threading.Event().wait(0.3)
        house.intake.gate.set()
        statuses = [one.result().status_code for one in (first, *others)]
    assert statuses == [202, 202, 400, 202]


def test_what_waits_shares_one_commit(house: House) -> None:
    house.intake.gate.clear()
    with ThreadPoolExecutor(32) as pool:
        posts = [pool.submit(house.post, "/alerts", DISK) for _ in range(32)]
        threading.Event().wait(0.5)
        house.intake.gate.set()
        assert {post.result().status_code for post in posts} == {202}
    assert sum(house.intake.batches) == 32
    assert len(house.intake.batches) < 16


def test_alertmanager_and_grafana_are_understood(house: House) -> None:
    labels = {"alertname": "High CPU usage", "instance": "web-1:9100", "severity": "warning"}
    manager = {
        "version": "4",
        "status": "firing",
        "alerts": [{"status": "firing", "labels": labels, "startsAt": "2026-03-14T02:00:00.123Z"}],
    }
    grafana = {
        "orgId": 1,
        "alerts": [{"status": "firing", "labels": labels, "values": {"A": 93.5}, "fingerprint": "f"}],
    }
    for path, body, value in (("/alerts/alertmanager", manager, None), ("/alerts/grafana", grafana, 93.5)):
        (incident,) = house.post(path, body).json()["incidents"]
        alert = house.intake.store.incidents.load(incident).alert
        assert (alert.host, str(alert.signal), int(alert.severity)) == ("web-1", "alert.firing:High_CPU_usage", 2)
        assert alert.value in {value, None}
    assert house.post("/alerts/alertmanager", {"alerts": "x"}).status_code == 400
    assert house.post("/alerts/grafana", DISK).status_code == 400


def test_health_readiness_and_metrics_need_no_token(house: House) -> None:
    house.post("/alerts", DISK)
    assert httpx.get(house.url + "/healthz").text == "ok\n"
    assert httpx.get(house.url + "/readyz").status_code == 200
    house.reasons.append("the sandbox does not work")
    answer = httpx.get(house.url + "/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the sandbox does not work"])
    text = httpx.get(house.url + "/metrics").text
    assert 'nightshift_alerts_taken_total{source="all"} 1.0' in text
    assert "nightshift_intake_depth 0.0" in text


def test_nothing_else_is_there(house: House) -> None:
    assert httpx.get(house.url + "/").status_code == 404
    assert httpx.get(house.url + "/alerts").status_code == 405
    assert httpx.post(house.url + "/healthz").status_code == 405


def test_once_closed_nothing_is_taken(house: House) -> None:
    house.queue.close()
    assert house.post("/alerts", DISK).status_code == 503
    assert httpx.get(house.url + "/readyz").status_code == 503


def test_a_taken_port_is_one_sentence(house: House) -> None:
    port = int(house.url.rpartition(":")[2])
    metrics = Metrics(dict)
    doors = Doors(TOKENS, INVENTORY, house.queue, metrics, FakeClock(), lambda: ())
    with pytest.raises(UnavailableError, match=r"server\.port"):
        Server(build_app(doors), port).start()
