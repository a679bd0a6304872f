"""What people and pipelines say they changed: typed, or posted; each wrong one is answered with one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alert_tokens import AlertToken, AlertTokens, hash_of
from bot.intake_queue import IntakeQueue
from bot.metrics import Metrics
from bot.noting import ChangesDoor
from bot.refused_post import RefusedPost
from bot.server import Doors, Server, build_app
from core.errors import InvalidError
from core.inventory import HostEntry, Inventory
from core.scene import Mark
from core.world import Json
from tests.bot.open_night import INVENTORY, OpenNight
from tests.fakes.clock import FakeClock
from tests.fakes.marks import FakeMarks

HOSTS = Inventory((HostEntry("localhost", groups=("local",)), HostEntry("web-1", groups=("web",))))
ALL, WEB = AlertToken("ci", hash_of("a" * 20)), AlertToken("web", hash_of("w" * 20), ("web",))


class Door:
    """The door of /changes with its rows."""

    def __init__(self) -> None:
        self.marks, self.clock = FakeMarks(), FakeClock()
        self.door = ChangesDoor(self.marks, HOSTS, self.clock)

    def post(self, body: Json, token: AlertToken = ALL) -> tuple[int, dict[str, Json]]:
        return self.door.post(body, token)

    def kept(self, host: str = "web-1") -> tuple[Mark, ...]:
        now = self.clock.now()
        return self.marks.between(host, now - timedelta(days=8), now)


# ---- typed ------------------------------------------------------------------------------------------------------------------------


def test_a_note_stands_on_the_next_card_of_its_host() -> None:
    night = OpenNight()
    said = night.say("note deploy api v2.3 host=localhost", "slack:U1", "slack")
    assert said.text == "Noted for localhost: deploy api v2.3. It stands on the cards of the next hour."
    now = night.store.clock.now()
    (mark,) = night.store.marks.between("localhost", now - timedelta(hours=1), now)
    assert (mark.text, mark.by, mark.host) == ("deploy api v2.3", "li", "localhost")


def test_a_note_without_a_host_is_about_all_of_them() -> None:
    night = OpenNight()
    assert night.say("记一笔 切换机房").text.startswith("Noted for all hosts: 切换机房.")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("note deploy host=nowhere", "unknown host 'nowhere'; known: localhost"),
        ("note host=localhost host=localhost", "once and at the end"),
        ("note host=localhost deploy", "once and at the end"),
        (f"note {'x' * 300}", "300 characters are too long"),
        ("note", "Did you mean: note WORDS [host=H]"),
        ("note \u202e\u200b", "Did you mean: note WORDS [host=H]"),
    ],
)
def test_a_note_that_cannot_be_kept_is_one_clear_sentence(typed: str, sentence: str) -> None:
    said = OpenNight().say(typed)
    assert not said.ok
    assert sentence in said.text
    assert "\n" not in said.text


def test_a_viewer_may_not_write_on_cards() -> None:
    people = (replace(INVENTORY.people[1], roles=("viewer",)),)
    night = OpenNight(replace(INVENTORY, people=people))
    assert night.say("note deploy", "slack:U2", "slack").text == "note needs the role responder."


# ---- posted -----------------------------------------------------------------------------------------------------------------------


def test_one_change_or_a_list_is_kept_once_by_its_id() -> None:
    door = Door()
    change: Json = {"host": "web-1", "text": "deploy api v2.3", "id": "run-17", "by": "li"}
    assert door.post(change) == (202, {"taken": 1, "new": 1})
    assert door.post([change, {"text": "new certificates"}]) == (202, {"taken": 2, "new": 1})
    assert {(mark.host, mark.text, mark.by) for mark in door.kept()} == {
        ("", "new certificates", "ci"),
        ("web-1", "deploy api v2.3", "li"),
    }


def test_two_pipelines_may_count_their_runs_alike() -> None:
    door = Door()
    door.post({"host": "web-1", "text": "a", "id": "1"})
    assert door.post({"host": "web-1", "text": "b", "id": "1"}, WEB) == (202, {"taken": 1, "new": 1})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"host": "web-1", "text": "x", "at": "2030-01-01T00:00:00Z"}, "is in the future"),
        ({"host": "web-1", "text": "x", "at": "2020-01-01T00:00:00Z"}, "over 7 days ago"),
        ({"host": "web-1", "text": "x", "at": "yesterday"}, "ISO 8601"),
        ({"host": "web-1", "text": "x", "at": "2026-03-14T03:00:00"}, "time zone"),
        ({"host": "web-1"}, "say what was changed"),
        ({"host": "web-1", "text": " \x1b[2J\u200b "}, "say what was changed"),
        ({"host": "web-1", "text": "x" * 201}, "too long"),
        ({"host": ["web-1"], "text": "x"}, "host must be text"),
        ({"host": "web-1", "txt": "x"}, "no key 'txt'"),
        (["x"], "a change is an object"),
        ([], "send 1 to 100"),
        ([{"text": "x"}] * 101, "send 1 to 100"),
        ("x", "a change is an object"),
        (None, "a change is an object"),
    ],
)
def test_a_change_that_cannot_be_kept_is_refused_whole(body: Json, sentence: str) -> None:
    door = Door()
    with pytest.raises(InvalidError, match=sentence):
        door.post(body)
    assert door.kept() == ()


@pytest.mark.parametrize(
    ("body", "token", "status", "sentence"),
    [
        ({"host": "web-9", "text": "x"}, ALL, 404, "unknown host 'web-9'; known: localhost, web-1"),
        ({"host": "web-9", "text": "x"}, WEB, 404, "unknown host 'web-9'; known: web-1"),
        ({"host": "localhost", "text": "x"}, WEB, 403, "token 'web' may not speak of host 'localhost'"),
        ({"text": "x"}, WEB, 403, "name a host: web-1"),
    ],
)
def test_a_host_that_is_unknown_or_another_s_is_said_with_those_there_are(
    body: Json, token: AlertToken, status: int, sentence: str
) -> None:
    with pytest.raises(RefusedPost) as refused:
        Door().post([{"host": "web-1", "text": "fine"}, body], token)
    assert (refused.value.status, sentence in refused.value.sentence) == (status, True)


_json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["host", "text", "at", "id", "by", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(_json)
def test_whatever_is_posted_is_kept_clean_or_refused_in_our_words(body: Json) -> None:
    door = Door()
    try:
        door.post(body)
    except (InvalidError, RefusedPost):
        assert door.kept() == ()
    for mark in door.kept():
        assert 0 < len(mark.text) <= 200
        assert "\n" not in mark.text + mark.by
        assert "\x1b" not in mark.text + mark.by


@pytest.fixture
def url() -> Iterator[tuple[str, Door]]:
    """The real door."""
    door, metrics = Door(), Metrics(lambda: {})
    queue = IntakeQueue(OpenNight().store.intake, door.clock, metrics.committed)
    tokens = AlertTokens((ALL, WEB))
    doors = Doors(tokens, HOSTS, queue, metrics, door.clock, tuple, {"/changes": door.door.post})
    server = Server(build_app(doors), 0)
    server.start()
    yield f"http://127.0.0.1:{server.port}/changes", door
    server.close()
    queue.close()


def test_over_the_wire_a_change_is_202_and_a_stranger_is_401(url: tuple[str, Door]) -> None:
    place, door = url
    headers = {"Authorization": f"Bearer {'a' * 20}"}
    assert httpx.post(place, json={"host": "web-1", "text": "部署"}, headers=headers).status_code == 202
    assert [mark.text for mark in door.kept()] == ["部署"]
    assert httpx.post(place, json={"host": "web-1", "text": "x"}).status_code == 401
    unknown = httpx.post(place, json={"host": "web-9", "text": "x"}, headers=headers)
    assert (unknown.status_code, unknown.json()) == (404, {"error": "unknown host 'web-9'; known: localhost, web-1"})
