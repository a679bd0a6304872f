"""Undo: the records, the order, and that nothing that was changed since is touched."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.broker import Broker
from core.capability import Undo
from core.errors import ChangedError, NeverError, TamperedError, UnknownError
from core.host_change import FileDelete, FileTruncate, FileWrite
from core.network_change import undo_of_command
from core.skill import HostError
from core.undo import describe, plan_undo
from core.world import Json
from tests.core.run_kit import Bench
from tests.core.test_broker import GRANTS, bench
from tests.fakes.host import FakeHost

WRITE: tuple[str, dict[str, Json]] = ("fs.write", {"path": "/srv/log/a.log", "text": "new"})


def took_back(here: Bench, broker: Broker) -> list[str]:
    steps = plan_undo(here.store.effects.of_run("r1"))
    return [broker.take_back(row, step) for row, step in steps if step is not None]


REVERSIBLE: list[tuple[str, dict[str, Json]]] = [
    WRITE,
    ("fs.write", {"path": "/srv/log/c.log", "text": "new"}),
    ("fs.write", {"path": "/etc/resolv.conf", "text": "nameserver 10.0.0.1\n"}),
    ("fs.delete", {"path": "/srv/log/a.log.1"}),
    ("fs.truncate", {"path": "/srv/log/a.log"}),
    ("fs.move", {"path": "/srv/log/a.log", "to": "/srv/log/z.log"}),
]


def present(here: Bench) -> dict[str, str | None]:
    return {path: text for path, text in here.host.files.items() if text is not None}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(REVERSIBLE), max_size=8))
def test_undoing_newest_first_brings_every_byte_back(effects: list[tuple[str, dict[str, Json]]]) -> None:
    here = bench()
    before = present(here)
    broker = here.broker(*GRANTS)
    for method, args in effects:
        with contextlib.suppress(HostError):  # what is gone already, or in the way, is no effect
            broker.answer(method, args)
    took_back(here, broker)
    assert present(here) == before


@pytest.mark.parametrize(("method", "args"), REVERSIBLE)
def test_an_undo_is_journalled_like_any_effect_and_marks_what_it_took_back(method: str, args: dict[str, Json]) -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    broker.answer(method, args)
    seen: list[str] = []
    here.host.before = lambda _: seen.extend(row.effect for row in here.store.effects.unfinished())
    took_back(here, broker)
    first, second = here.store.effects.of_run("r1")
    assert seen == [f"undo {first.effect}"]
    assert (first.undone_by, second.ok, second.undo.is_possible) == (second.action, True, False)
    assert plan_undo(here.store.effects.of_run("r1"))[0][1] is None


@pytest.mark.parametrize(
    ("method", "args", "meddling"),
    [
        (*WRITE, FileWrite("/srv/log/a.log", b"somebody's")),
        (*WRITE, FileDelete("/srv/log/a.log")),
        ("fs.write", {"path": "/srv/log/c.log", "text": "new"}, FileTruncate("/srv/log/c.log")),
        ("fs.delete", {"path": "/srv/log/a.log.1"}, FileWrite("/srv/log/a.log.1", b"somebody's")),
        ("fs.truncate", {"path": "/srv/log/a.log"}, FileWrite("/srv/log/a.log", b"a new line")),
        ("fs.move", {"path": "/srv/log/a.log", "to": "/srv/log/z.log"}, FileWrite("/srv/log/a.log", b"somebody's")),
    ],
)
def test_what_was_changed_since_is_left_alone(
    method: str, args: dict[str, Json], meddling: FileWrite | FileDelete | FileTruncate
) -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    broker.answer(method, args)
    here.host.change(meddling)
    files = here.host.files
    with pytest.raises(ChangedError, match="left alone"):
        took_back(here, broker)
    assert here.host.files == files


def test_saved_bytes_are_verified_before_they_are_written_back() -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    broker.answer(*WRITE)
    here.store.shelf.blobs.clear()
    with pytest.raises((UnknownError, TamperedError)):
        took_back(here, broker)
    assert here.host.files["/srv/log/a.log"] == "new"


@pytest.mark.parametrize(("order", "name", "is_running"), [("start", "cron", False), ("stop", "web", True)])
def test_a_service_goes_back_to_the_state_it_was_in(order: str, name: str, is_running: bool) -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    broker.answer(f"service.{order}", {"name": name})
    took_back(here, broker)
    assert here.host.status(name).is_running is is_running


def test_an_undo_never_reaches_what_is_on_the_never_list() -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    action = here.store.effects.intend("r1", "localhost", "fs.write /etc/passwd", {}, here.store.clock.now())
    here.store.effects.done(action, True, "", Undo("unlink", "/etc/passwd", after="x"), here.store.clock.now())
    with pytest.raises(NeverError):
        took_back(here, broker)


ADD = ("/usr/sbin/ip", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0")
REPLACE = ("/usr/sbin/ip", "route", "replace", "default", "via", "10.0.0.1", "dev", "eth0")
DELETE = ("/usr/sbin/ip", "route", "del", "default", "via", "10.0.0.1", "dev", "eth0")


@pytest.mark.parametrize(
    ("argv", "routes", "back"),
    [
        (ADD, "", "/usr/sbin/ip route del default via 10.0.0.1 dev eth0"),
        (
            ADD,
            "default via 10.0.0.9 dev eth1 proto dhcp metric 100 \n",
            "/usr/sbin/ip route del default via 10.0.0.1 dev eth0",
        ),
        (REPLACE, "", "/usr/sbin/ip route del default via 10.0.0.1 dev eth0"),
        (
            REPLACE,
            "default via 10.0.0.9 dev eth1 onlink \n",
            "/usr/sbin/ip route replace default via 10.0.0.9 dev eth1",
        ),
        (DELETE, "default via 10.0.0.1 dev eth0 \n", "/usr/sbin/ip route replace default via 10.0.0.1 dev eth0"),
    ],
)
def test_a_default_route_is_set_back_to_what_was_observed_before(argv: tuple[str, ...], routes: str, back: str) -> None:
    undo = undo_of_command(argv, routes)
    assert " ".join(json.loads(dict(undo.detail)["argv"])) == back


@pytest.mark.parametrize("argv", [("/usr/sbin/ip", "link", "set", "dev", "eth0", "up"), ("/usr/bin/apt-get", "clean")])
def test_other_commands_cannot_be_taken_back(argv: tuple[str, ...]) -> None:
    assert not undo_of_command(argv, "").is_possible


def test_a_route_that_somebody_set_since_is_left_alone() -> None:
    show = "/usr/sbin/ip route show default"
    parts = {"exec": {show: ["", "default via 10.0.0.7 dev eth0 \n"], " ".join(ADD): ""}}
    here = Bench(FakeHost(parts))
    broker = here.broker(*GRANTS)
    broker.answer("exec", {"argv": [*ADD]})
    with pytest.raises(ChangedError, match="left alone"):
        took_back(here, broker)


def test_a_route_is_taken_back() -> None:
    show = "/usr/sbin/ip route show default"
    answers = {
        show: ["", "default via 10.0.0.1 dev eth0 \n"],
        " ".join(ADD): "",
        " ".join((*ADD[:2], "del", *ADD[3:])): "",
    }
    here = Bench(FakeHost({"exec": answers}))
    broker = here.broker(*GRANTS)
    broker.answer("exec", {"argv": [*ADD]})
    assert took_back(here, broker) == ["exec /usr/sbin/ip route del default via 10.0.0.1 dev eth0"]


def test_every_undo_step_is_said_in_one_line() -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    for method, args in (*REVERSIBLE[:4], ("service.stop", {"name": "web"}), ("service.restart", {"name": "web"})):
        broker.answer(method, args)  # type: ignore[arg-type]
    assert [describe(step) for _, step in plan_undo(here.store.effects.of_run("r1"))] == [
        "service.stop web",
        "service.start web",
        "fs.write /srv/log/a.log.1",
        "fs.write /etc/resolv.conf",
        "fs.delete /srv/log/c.log",
        "fs.write /srv/log/a.log",
    ]
