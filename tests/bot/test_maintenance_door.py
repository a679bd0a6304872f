"""POST /maintenance over a real socket, and [[maintenance]] in the settings: what is taken, and one sentence for what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.alert_tokens import AlertToken, AlertTokens, hash_of
from bot.intake_queue import IntakeQueue
from bot.maintenance_door import MOST_A_DAY, MaintenanceDoor
from bot.metrics import Metrics
from bot.server import Doors, Server, build_app
from bot.settings_files import read_toml
from core.errors import InvalidError
from core.inventory import HostEntry, Inventory
from core.pause import Pause, PauseKind
from tests.fakes.store import FakeStore

ALL, WEB = "a" * 20, "w" * 20
INVENTORY = Inventory((HostEntry("localhost", groups=("local",)), HostEntry("web-1", groups=("web", "linux"))))
TOKENS = AlertTokens((AlertToken("all", hash_of(ALL)), AlertToken("ci", hash_of(WEB), ("web",))))


@dataclass
class Door:
    url: str
    store: FakeStore

    def post(self, body: object, token: str = ALL) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.url, content=data, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    def on(self) -> list[Pause]:
        return [one for one in self.store.pauses.all() if one.is_on(self.store.clock.now())]


@pytest.fixture
def door() -> Iterator[Door]:
    store = FakeStore()
    metrics = Metrics(lambda: {"intake_depth": 0.0})
    queue = IntakeQueue(store.intake, store.clock, metrics.committed)
    post = MaintenanceDoor(store.pauses, INVENTORY, store.clock).post
    doors = Doors(TOKENS, INVENTORY, queue, metrics, store.clock, lambda: (), {"/maintenance": post})
    server = Server(build_app(doors), 0)
    server.start()
    yield Door(f"http://127.0.0.1:{server.port}/maintenance", store)
    server.close()
    queue.close()


@pytest.mark.parametrize("token", [ALL, WEB])
def test_a_pipeline_announces_maintenance_and_ends_it(door: Door, token: str) -> None:
    answer = door.post({"host": "web-1", "for": "2h", "why": "deploy api v2.3"}, token)
    assert answer.status_code == 201
    (pause,) = door.on()
    assert (pause.id, pause.kind, pause.scope) == (answer.json()["id"], PauseKind.MAINTENANCE, "host:web-1")
    assert (pause.why, pause.ends) == ("deploy api v2.3", door.store.clock.now() + timedelta(hours=2))
    again = door.post({"id": pause.id, "end": True}, token)
    assert (again.status_code, door.on()) == (200, [])
    assert door.post({"id": pause.id, "end": True}, token).json() == again.json()


def test_an_end_may_be_a_time_of_any_zone(door: Door) -> None:
    until = (door.store.clock.now() + timedelta(hours=1)).isoformat()
    assert door.post({"group": "web", "until": until}).status_code == 201
    (pause,) = door.on()
    assert (pause.scope, pause.ends) == ("group:web", door.store.clock.now() + timedelta(hours=1))


def test_a_pipeline_that_announces_without_end_is_told_to_stop(door: Door) -> None:
    now = door.store.clock.now()
    for number in range(MOST_A_DAY):
        door.store.pauses.put(
            Pause(f"p{number}", PauseKind.MAINTENANCE, "host:web-1", "POST by ci", now, now + timedelta(hours=1)),
            "ci",
            now,
        )
    answer = door.post({"host": "web-1", "for": "1h"}, WEB)
    assert answer.status_code == 429
    assert "name a group" in answer.json()["error"]
    assert door.post({"host": "web-1", "for": "1h"}).status_code == 201


def test_what_a_pipeline_says_about_it_is_one_clean_line(door: Door) -> None:
    why = "deploy\nTOKEN=abc123secret \x1b[31mred\x1b[0m \u202eevil"
    assert door.post({"host": "web-1", "for": "1h", "why": why}).status_code == 201
    (pause,) = door.on()
    assert not any(sign in pause.why for sign in ("\n", "\x1b", "\u202e", "abc123secret"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"host": "web-1", "for": NaN}',
        b'{"host": "web-1", "for": "1h", "why": 1e999}',
        b"[" * 100_000,
        b'{"host": ["web-1"], "for": "1h"}',
        b'{"host": "web-1", "for": "999999d"}',
        b'{"host": "web-1", "until": "9999-12-31T23:59:59-14:00"}',
        b'{"host": "web-1", "for": "1h", "why": "' + b"x" * 301 + b'"}',
        b'{"host": "all", "for": "1h"}',
        b'{"group": "web\\u0000", "for": "1h"}',
        b"\xff\xfe",
    ],
)
def test_a_hostile_body_is_one_sentence_and_nothing_is_laid_down(door: Door, body: bytes) -> None:
    answer = door.post(body)
    assert (answer.status_code, door.on()) == (400, [])
    assert answer.json()["error"].count("\n") == 0


def test_two_announcements_are_two_and_each_token_ends_its_own(door: Door) -> None:
    first = door.post({"host": "web-1", "for": "2h"}).json()["id"]
    second = door.post({"host": "web-1", "for": "1h"}, WEB).json()["id"]
    refused = door.post({"id": first, "end": True}, WEB)
    assert (refused.status_code, "somebody else" in refused.json()["error"]) == (403, True)
    assert [one.id for one in door.on()] == [first, second]
    door.post({"id": second, "end": True}, WEB)
    assert [one.id for one in door.on()] == [first]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not JSON"),
        ([], 400, "no object"),
        ({"host": "web-1"}, 400, "say when it ends"),
        ({"host": "web-1", "for": "2h", "until": "2026-03-14T05:00:00Z"}, 400, "say when it ends"),
        ({"for": "2h"}, 400, "one host or one group"),
        ({"host": "web-1", "group": "web", "for": "2h"}, 400, "one host or one group"),
        ({"host": "nginx", "for": "2h"}, 400, "unknown host 'nginx'; known: localhost, web-1"),
        ({"group": "nginx", "for": "2h"}, 400, "unknown group 'nginx'"),
        ({"host": "web-1", "for": "25h"}, 400, "at most 24 hours"),
        ({"host": "web-1", "for": "999999d"}, 400, "at most 24 hours"),
        ({"host": "web-1", "for": "10s"}, 400, "at least a minute"),
        ({"host": "web-1", "for": "forever"}, 400, "no duration"),
        ({"host": "web-1", "for": 2}, 400, "must be text"),
        ({"host": "web-1", "until": "2020-01-01T00:00:00Z"}, 400, "at least a minute"),
        ({"host": "web-1", "until": "2026-03-14T05:00:00"}, 400, "names no time zone"),
        ({"host": "web-1", "until": "0001-01-01T00:00:00+14:00"}, 400, "no time"),
        ({"host": "web-1", "until": "tomorrow"}, 400, "no time"),
        ({"host": "web-1", "for": "2h", "why": "x" * 301}, 400, "at most 300"),
        ({"host": "web-1", "for": "2h", "mode": "auto"}, 400, "unknown key 'mode'"),
        ({"host": ["web-1"], "for": "2h"}, 400, "must be text"),
        ({"id": "nothing", "end": True}, 400, "unknown maintenance"),
        ({"id": "nothing", "end": False}, 400, "to end maintenance"),
        ({"id": "nothing", "end": True, "host": "web-1"}, 400, "to end maintenance"),
        ({"host": "localhost", "for": "2h"}, 403, "may not speak of host"),
        ({"group": "linux", "for": "2h"}, 403, "may not speak of group"),
    ],
)
def test_anything_else_is_one_sentence_and_changes_nothing(door: Door, body: object, status: int, said: str) -> None:
    answer = door.post(body, WEB)
    assert (answer.status_code, door.on()) == (status, [])
    assert said in answer.json()["error"]


def test_without_a_token_nobody_announces_anything(door: Door) -> None:
    assert (door.post({"host": "web-1", "for": "2h"}, "x" * 20).status_code, door.on()) == (401, [])


def test_a_list_that_was_changed_takes_no_announcement(door: Door) -> None:
    door.store.shelf.broken.add("list of every pause")
    assert door.post({"host": "web-1", "for": "2h"}).status_code == 503


# ---- by the calendar --------------------------------------------------------------------------------------------------------------


def toml(folder: Path, lines: str) -> Path:
    """A nightshift.toml with one window."""
    path = folder / "nightshift.toml"
    path.write_text(f'[hosts.localhost]\ngroups = ["web"]\n[[maintenance]]\n{lines}\n')
    return path


def test_a_window_of_the_settings(tmp_path: Path) -> None:
    lines = 'cron = "0 2 * * sun"\nfor = "2h"\nhosts = ["localhost"]\ngroups = ["web"]\nzone = "Asia/Shanghai"\nwhy = "backup"'
    (table,) = read_toml(toml(tmp_path, lines)).maintenance
    window = table.window()
    assert (window.cron, window.length, window.zone) == ("0 2 * * sun", timedelta(hours=2), "Asia/Shanghai")
    assert (window.hosts, window.groups, window.why) == (("localhost",), ("web",), "backup")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('for = "2h"\nhosts = ["localhost"]', "cron is missing"),
        ('cron = "0 2 * * sun"\nhosts = ["localhost"]', "for is missing"),
        ('cron = "0 2 * * sun"\nfor = "2h"', "names no host and no group"),
        ('cron = "0 2 * * sun"\nfor = "2h"\nhosts = ["web-9"]', "'web-9', which is not in [hosts]"),
        ('cron = "0 2 * * sun"\nfor = "2h"\ngroups = ["db"]', "'db', and no host is in it"),
        ('cron = "0 2 * * sun"\nfor = "2h"\nhosts = ["localhost"]\nzone = "Mars"', "no time zone"),
        ('cron = "0 2 * *"\nfor = "2h"\nhosts = ["localhost"]', "five fields"),
        ('cron = "0 * * * *"\nfor = "1h"\nhosts = ["localhost"]', "which would never end"),
        ('cron = "0 0 30 2 *"\nfor = "1h"\nhosts = ["localhost"]', "never comes"),
        ('cron = "0 2 * * *"\nfor = "30s"\nhosts = ["localhost"]', "for cannot be"),
        ('cron = "0 2 * * *"\nfor = "30m"\nhost = ["localhost"]', "did you mean 'hosts'"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused_at_the_start(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_toml(toml(tmp_path, lines))
    assert said in caught.value.message
    assert "\n" not in caught.value.message
