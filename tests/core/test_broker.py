"""The broker: order around an effect, plan, stop, quotas, and what hostile calls get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.broker import ENDING_ERRORS, Broker, Limits, RunMode
from core.capability import PlannedEffect, Risk, Verb
from core.errors import (
    ExpiredError,
    FencedError,
    NightshiftError,
    PlanExceededError,
    QuotaError,
    StoppedError,
    TamperedError,
    UnavailableError,
)
from core.host_call import METHODS
from core.host_change import FileWrite
from core.skill import HostError
from core.world import Json
from tests.core.run_kit import LOGS, Bench
from tests.fakes.host import FakeHost, nothing

EVERYTHING: dict[str, object] = {
    "files": {
        **LOGS["files"],  # type: ignore[dict-item]
        "/etc/resolv.conf": "nameserver 10.0.0.9\n",
        "/proc/7/fd/3": {"kind": "link", "target": "/srv/log/gone.log (deleted)", "size": 5_000_000, "links": 0},
        "/proc/7/fd/4": {"kind": "link", "target": "/srv/log/a.log", "size": 4},
        "/srv/log/big.log": {"size": 2_000_000},
    },
    "processes": [{"pid": 7, "name": "web", "started": 100}],
    "services": {"web": {}, "cron": {"is_running": False}},
    "exec": {"/usr/sbin/ip route show default": "", "/usr/sbin/ip route add default via 10.0.0.1 dev eth0": ""},
}
GRANTS = (
    "fs.list:/srv/log",
    "fs.read:/srv/log/*",
    "fs.stat:/srv/log/*",
    "fs.delete:/srv/log/*",
    "fs.truncate:/srv/log/*",
    "fs.truncate:/proc/7/fd/3",
    "fs.write:/srv/log/*",
    "fs.write:/etc/resolv.conf",
    "fs.move:/srv/log/*",
    "exec:/usr/sbin/ip route add default via {gateway:addr} dev {device:iface}",
    "exec:/usr/sbin/ip route show default",
    "service.status:*",
    "service.start:cron",
    "service.stop:web",
    "service.restart:web",
    "service.reload:web",
    "process.list",
    "process.signal:web;HUP;TERM",
)
EFFECTS: list[tuple[str, dict[str, Json], str, str]] = [
    ("fs.delete", {"path": "/srv/log/a.log.1"}, "fs.delete /srv/log/a.log.1", "restore"),
    ("fs.delete", {"path": "/srv/log/big.log"}, "fs.delete /srv/log/big.log", "none"),
    ("fs.truncate", {"path": "/srv/log/a.log"}, "fs.truncate /srv/log/a.log", "restore"),
    ("fs.truncate", {"path": "/proc/7/fd/3"}, "fs.truncate /proc/7/fd/3", "none"),
    ("fs.write", {"path": "/srv/log/a.log", "text": "new"}, "fs.write /srv/log/a.log", "restore"),
    ("fs.write", {"path": "/srv/log/c.log", "text": "new"}, "fs.write /srv/log/c.log", "unlink"),
    (
        "fs.write",
        {"path": "/etc/resolv.conf", "text": "nameserver 10.0.0.1\n"},
        "fs.write /etc/resolv.conf",
        "resolver",
    ),
    (
        "fs.move",
        {"path": "/srv/log/a.log", "to": "/srv/log/z.log"},
        "fs.move /srv/log/a.log -> /srv/log/z.log",
        "move_back",
    ),
    (
        "exec",
        {"argv": ["/usr/sbin/ip", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0"]},
        "exec /usr/sbin/ip route add default via 10.0.0.1 dev eth0",
        "route",
    ),
    ("service.start", {"name": "cron"}, "service.start cron", "stop"),
    ("service.stop", {"name": "web"}, "service.stop web", "start"),
    ("service.restart", {"name": "web"}, "service.restart web", "none"),
    ("service.reload", {"name": "web"}, "service.reload web", "none"),
    ("process.signal", {"pid": 7, "started": 100, "name": "HUP"}, "process.signal HUP web 7", "none"),
]


class Killed(BaseException):
    """kill -9 of the process, as far as Python can show it."""


def bench() -> Bench:
    return Bench(FakeHost(EVERYTHING))


def raising(error: BaseException) -> Callable[..., None]:
    def hook(*_: object) -> None:
        raise error

    return hook


# ---- order around an effect ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "args", "effect", "undo"), EFFECTS)
def test_an_intent_row_stands_before_every_effect_and_an_outcome_after(
    method: str, args: dict[str, Json], effect: str, undo: str
) -> None:
    here = bench()
    seen: list[list[str]] = []
    here.host.before = lambda _: seen.append([row.effect for row in here.store.effects.unfinished()])
    here.broker(*GRANTS).answer(method, args)
    assert seen[-1] == [effect]
    (row,) = here.store.effects.of_run("r1")
    assert (row.effect, row.ok, row.undo.kind) == (effect, True, undo)


@pytest.mark.parametrize(("method", "args", "effect", "undo"), EFFECTS)
def test_what_an_undo_needs_is_saved_before_the_effect(
    method: str, args: dict[str, Json], effect: str, undo: str
) -> None:
    here = bench()
    saved: list[set[str]] = []
    here.host.before = lambda _: saved.append(set(here.store.shelf.blobs))
    here.broker(*GRANTS).answer(method, args)
    (row,) = here.store.effects.of_run("r1")
    assert {row.undo.blob} - {""} <= saved[-1]
    assert effect == row.effect
    assert undo == row.undo.kind


@pytest.mark.parametrize(("method", "args", "effect", "undo"), EFFECTS)
def test_killed_between_intent_and_effect_leaves_an_unfinished_row_and_no_effect(
    method: str, args: dict[str, Json], effect: str, undo: str
) -> None:
    here = bench()
    broker = here.broker(*GRANTS)
    here.host.before = lambda _: raising(Killed())() if here.store.effects.unfinished() else None
    with pytest.raises(Killed):
        broker.answer(method, args)
    assert [row.effect for row in here.store.effects.unfinished()] == [effect]
    assert [one for one in here.host.done if "show" not in str(one)] == []
    assert undo


def test_a_host_that_goes_away_leaves_an_unknown_outcome_with_its_undo() -> None:
    here = bench()
    here.host.after = raising(UnavailableError("the line closed"))
    with pytest.raises(HostError, match="failed"):
        here.broker(*GRANTS).answer("fs.delete", {"path": "/srv/log/a.log.1"})
    (row,) = here.store.effects.of_run("r1")
    assert (row.ok, row.undo.kind) == (False, "restore")
    assert row.result.startswith("unknown")


def test_bytes_that_came_between_look_and_write_are_the_ones_an_undo_brings_back() -> None:
    here = bench()

    def another_writer(_: object) -> None:
        here.host.before = nothing
        here.host.change(FileWrite("/srv/log/a.log", b"theirs"))

    here.host.before = another_writer
    here.broker(*GRANTS).answer("fs.write", {"path": "/srv/log/a.log", "text": "ours"})
    (row,) = here.store.effects.of_run("r1")
    assert here.store.blobs.get(row.undo.blob) == b"theirs"


def test_a_command_that_fails_is_no_success_and_the_skill_sees_its_status() -> None:
    answers = {
        "/usr/sbin/ip route show default": "",
        "/usr/sbin/ip route add default via 10.0.0.1 dev eth0": {"status": 2},
    }
    parts = {**EVERYTHING, "exec": answers}
    here = Bench(FakeHost(parts))
    argv: list[Json] = ["/usr/sbin/ip", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0"]
    answer = here.broker(*GRANTS).answer("exec", {"argv": argv})
    (row,) = here.store.effects.of_run("r1")
    assert (answer, row.ok, row.undo.kind) == ({"status": 2, "out": "", "err": ""}, False, "none")


def test_a_command_names_its_process_in_the_journal_before_it_runs() -> None:
    here = bench()
    here.host.before = lambda _: pids.extend((row.pid, row.start) for row in here.store.effects.unfinished())
    pids: list[tuple[int, int]] = []
    here.broker(*GRANTS).answer("service.restart", {"name": "web"})
    assert pids == [here.host.started_as]


# ---- stop, fence, expiry ------------------------------------------------------------------------------------------------------------


LIVE = [
    StoppedError("all", "li"),
    FencedError("host:localhost", 3),
    ExpiredError("K7Q2MD", "too old"),
    TamperedError("the stop list"),
]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 6), st.sampled_from(LIVE))
def test_a_stop_between_any_two_effects_lets_no_further_effect_through(at: int, error: NightshiftError) -> None:
    here = Bench(FakeHost({"files": {f"/srv/log/x{number}.log": "x" for number in range(7)}}))
    broker = here.broker("fs.delete:/srv/log/*")
    for number in range(at):
        broker.answer("fs.delete", {"path": f"/srv/log/x{number}.log"})
    here.permit = raising(error)
    for number in range(at, 7):
        with pytest.raises(type(error)):
            broker.answer("fs.delete", {"path": f"/srv/log/x{number}.log"})
    here.permit = lambda: None
    with pytest.raises(type(error)):
        broker.answer("fs.delete", {"path": "/srv/log/x6.log"})
    assert len(here.host.done) == at
    assert broker.ended is error


def test_a_stop_between_intent_and_effect_lets_it_not_begin() -> None:
    here = bench()
    asked: list[int] = []

    def stop_once_intended() -> None:
        asked.append(1)
        raising(StoppedError("all", "li"))() if here.store.effects.unfinished() else None

    here.permit = stop_once_intended
    with pytest.raises(StoppedError):
        here.broker(*GRANTS).answer("fs.delete", {"path": "/srv/log/a.log"})
    (row,) = here.store.effects.of_run("r1")
    assert (row.ok, row.undo.is_possible, here.host.done) == (False, False, [])
    assert row.result.startswith("not done")


def test_a_running_skill_ends_at_its_next_look_after_a_stop() -> None:
    here = bench()
    here.permit = raising(StoppedError("all", "li"))
    with pytest.raises(StoppedError):
        here.broker(*GRANTS).answer("fs.list", {"path": "/srv/log"})


def test_looking_for_a_diagnosis_goes_on_during_a_stop() -> None:
    here = bench()
    here.permit = raising(StoppedError("all", "li"))
    assert here.broker(*GRANTS, mode=RunMode.LOOK).answer("fs.list", {"path": "/srv/log"})


# ---- the plan is the ceiling --------------------------------------------------------------------------------------------------------


def delete(path: str, content: str = "") -> PlannedEffect:
    return PlannedEffect(Verb.FS_DELETE, path, Risk.MEDIUM, True, content)


def test_fewer_effects_than_planned_are_fine() -> None:
    here = bench()
    broker = here.broker(*GRANTS, ceiling=(delete("/srv/log/a.log.1"), delete("/srv/log/b.log.1")))
    broker.answer("fs.delete", {"path": "/srv/log/b.log.1"})
    assert (broker.effects, broker.ended) == (1, None)


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("fs.delete", {"path": "/srv/log/a.log"}),
        ("fs.truncate", {"path": "/srv/log/a.log.1"}),
        ("service.restart", {"name": "web"}),
    ],
)
def test_an_effect_beyond_the_plan_ends_the_run(method: str, args: dict[str, Json]) -> None:
    here = bench()
    broker = here.broker(*GRANTS, ceiling=(delete("/srv/log/a.log.1"),))
    with pytest.raises(PlanExceededError):
        broker.answer(method, args)
    with pytest.raises(PlanExceededError):
        broker.answer("fs.delete", {"path": "/srv/log/a.log.1"})
    assert (here.host.done, here.store.effects.of_run("r1")) == ([], ())


def test_one_planned_effect_happens_once() -> None:
    here = bench()
    planned = PlannedEffect(Verb.SERVICE_RESTART, "web", Risk.MEDIUM, False)
    broker = here.broker(*GRANTS, ceiling=(planned,))
    broker.answer("service.restart", {"name": "web"})
    with pytest.raises(PlanExceededError):
        broker.answer("service.restart", {"name": "web"})


def test_a_run_may_write_back_what_it_found_without_having_planned_it_and_nothing_else() -> None:
    here = bench()
    write = {"path": "/srv/log/a.log", "text": "new"}
    dry = here.broker(*GRANTS, mode=RunMode.REHEARSE)
    dry.answer("fs.write", {**write})
    broker = here.broker(*GRANTS, ceiling=dry.plan)
    found = str(broker.answer("fs.read", {"path": "/srv/log/a.log", "limit": 1000}))
    broker.answer("fs.write", {**write})
    broker.answer("fs.write", {"path": "/srv/log/a.log", "text": found})
    with pytest.raises(PlanExceededError):
        broker.answer("fs.write", {"path": "/srv/log/a.log", "text": "third"})


def test_after_an_imagined_change_a_dry_run_does_not_ask_a_program_to_test_what_is_not_there() -> None:
    test: dict[str, Json] = {"argv": ["/usr/sbin/nginx", "-t"]}
    here = Bench(FakeHost({**EVERYTHING, "exec": {"/usr/sbin/nginx -t": {"status": 1, "err": "[emerg]"}}}))
    dry = here.broker("exec:/usr/sbin/nginx -t", "fs.write:/srv/log/*", mode=RunMode.REHEARSE)
    assert dry.answer("exec", test) == {"status": 1, "out": "", "err": "[emerg]"}
    dry.answer("fs.write", {"path": "/srv/log/a.log", "text": "x"})
    assert dry.answer("exec", test) == {"status": 0, "out": "", "err": ""}


def test_a_yes_to_a_write_binds_its_bytes() -> None:
    here = bench()
    dry = here.broker(*GRANTS, mode=RunMode.REHEARSE)
    dry.answer("fs.write", {"path": "/srv/log/a.log", "text": "shown"})
    broker = here.broker(*GRANTS, ceiling=dry.plan)
    with pytest.raises(PlanExceededError):
        broker.answer("fs.write", {"path": "/srv/log/a.log", "text": "other"})
    assert here.host.files["/srv/log/a.log"] == "aaaa"


# ---- modes --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "args", "effect", "undo"), EFFECTS)
def test_looking_has_no_effect(method: str, args: dict[str, Json], effect: str, undo: str) -> None:
    here = bench()
    with pytest.raises(HostError, match="only looks"):
        here.broker(*GRANTS, mode=RunMode.LOOK).answer(method, args)
    assert [one for one in here.host.done if "show" not in str(one)] == []
    assert here.store.effects.of_run("r1") == ()
    assert effect
    assert undo


@pytest.mark.parametrize(("method", "args", "effect", "undo"), EFFECTS)
def test_a_rehearsal_plans_what_the_run_would_do_and_does_nothing(
    method: str, args: dict[str, Json], effect: str, undo: str
) -> None:
    here = bench()
    before = here.host.files
    dry = here.broker(*GRANTS, mode=RunMode.REHEARSE)
    imagined = dry.answer(method, args)
    assert [one for one in here.host.done if "show" not in str(one)] == []
    assert (here.host.files, here.store.effects.of_run("r1"), here.store.shelf.blobs) == (before, (), {})
    assert [(str(one), one.is_reversible) for one in dry.plan] == [(effect, undo != "none")]
    assert imagined == here.broker(*GRANTS, ceiling=dry.plan).answer(method, args)


def test_a_rehearsal_goes_on_as_if_its_effects_had_happened() -> None:
    here = bench()
    dry = here.broker(*GRANTS, mode=RunMode.REHEARSE)
    dry.answer("fs.delete", {"path": "/srv/log/a.log.1"})
    dry.answer("fs.move", {"path": "/srv/log/a.log", "to": "/srv/log/z.log"})
    dry.answer("service.stop", {"name": "web"})
    dry.answer("process.signal", {"pid": 7, "started": 100, "name": "TERM"})
    listed = dry.answer("fs.list", {"path": "/srv/log"})
    assert [entry["path"] for entry in listed] == ["/srv/log/b.log.1", "/srv/log/big.log", "/srv/log/z.log"]  # type: ignore[union-attr, index, call-overload]
    assert dry.answer("fs.read", {"path": "/srv/log/z.log", "limit": 10}) == "aaaa"
    assert dry.answer("service.status", {"name": "web"})["is_running"] is False  # type: ignore[index, call-overload]
    assert dry.answer("process.list", {}) == []
    with pytest.raises(HostError, match="missing"):
        dry.answer("fs.delete", {"path": "/srv/log/a.log.1"})


def test_a_looking_command_is_run_for_real_in_a_rehearsal() -> None:
    here = bench()
    dry = here.broker(*GRANTS, mode=RunMode.REHEARSE)
    answer = dry.answer("exec", {"argv": ["/usr/sbin/ip", "route", "show", "default"]})
    assert (answer, dry.plan, len(here.host.done)) == ({"status": 0, "out": "", "err": ""}, (), 1)


# ---- quotas -------------------------------------------------------------------------------------------------------------------------


def use(broker: Broker, method: str, args: dict[str, Json], times: int) -> None:
    for _ in range(times):
        broker.answer(method, args)


@pytest.mark.parametrize(
    ("limits", "method", "args", "allowed"),
    [
        (Limits(calls=5), "now", {}, 5),
        (Limits(effects=3), "service.restart", {"name": "web"}, 3),
        (Limits(bytes=10), "fs.write", {"path": "/srv/log/n", "text": "four"}, 2),
    ],
)
def test_going_over_a_quota_ends_the_run(limits: Limits, method: str, args: dict[str, Json], allowed: int) -> None:
    broker = bench().broker(*GRANTS, limits=limits)
    use(broker, method, args, allowed)
    with pytest.raises(QuotaError):
        broker.answer(method, args)
    with pytest.raises(QuotaError):
        broker.answer("now", {})


def test_too_many_refused_calls_end_the_run_and_each_is_noted() -> None:
    here = bench()
    broker = here.broker("fs.list:/srv/log")
    for _ in range(25):
        with pytest.raises(HostError, match="denied"):
            broker.answer("fs.delete", {"path": "/srv/log/a.log"})
    with pytest.raises(QuotaError):
        broker.answer("fs.delete", {"path": "/srv/log/a.log"})
    assert len(here.refused) == 26


# ---- hostile calls ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("fs.delete", {"path": "/srv/log/../../etc/passwd"}),
        ("fs.delete", {"path": "/srv/log//a.log"}),
        ("fs.delete", {"path": "srv/log/a.log"}),
        ("fs.delete", {"path": "/srv/log/a.log\x00"}),
        ("fs.delete", {"path": "/srv/log/a\u202e.log"}),
        ("fs.delete", {"path": "/srv/log/\ud800"}),
        ("fs.delete", {"path": ["/srv/log/a.log"]}),
        ("fs.delete", {"path": None}),
        ("fs.delete", {}),
        ("fs.delete", {"path": "/srv/log/a.log", "force": True}),
        ("fs.delete", {"path": "/srv/log"}),
        ("fs.delete", {"path": "/etc/passwd"}),
        ("fs.read", {"path": "/srv/log/a.log", "limit": True}),
        ("fs.read", {"path": "/srv/log/a.log", "limit": -1}),
        ("fs.read", {"path": "/srv/log/a.log", "limit": 1.0}),
        ("fs.read", {"path": "/etc/shadow", "limit": 10}),
        ("fs.read", {"path": "/proc/1/environ", "limit": 10}),
        ("fs.read", {"path": "/srv/log/id_rsa", "limit": 10}),
        ("fs.write", {"path": "/etc/resolv.conf", "text": "nameserver 169.254.169.254\n"}),
        ("fs.write", {"path": "/etc/resolv.conf", "text": "nameserver 10.0.0.1\n$(reboot)\n"}),
        ("fs.write", {"path": "/root/.ssh/authorized_keys", "text": "x"}),
        ("fs.truncate", {"path": "/proc/7/fd/4"}),
        ("fs.move", {"path": "/srv/log/a.log", "to": "/etc/cron.d/a"}),
        ("exec", {"argv": ["/bin/sh", "-c", "id"]}),
        ("exec", {"argv": "/usr/sbin/ip route show default"}),
        ("exec", {"argv": ["/usr/sbin/ip", "route", "show", "default", ""]}),
        ("exec", {"argv": ["ip", "route", "show", "default"]}),
        ("exec", {"argv": ["/usr/sbin/ip", "route", "add", "default", "via", "-h", "dev", "eth0"]}),
        ("exec", {"argv": []}),
        ("service.stop", {"name": "sshd"}),
        ("service.stop", {"name": "../../etc"}),
        ("service.restart", {"name": "--all"}),
        ("service.restart", {"name": "nightshift"}),
        ("process.signal", {"pid": 7, "started": 100, "name": "STOP"}),
        ("process.signal", {"pid": 7, "started": 100, "name": 9}),
        ("process.signal", {"pid": True, "started": 100, "name": "HUP"}),
        ("process.signal", {"pid": -1, "started": 100, "name": "TERM"}),
        ("fs.chmod", {"path": "/srv/log/a.log"}),
        ("__class__", {}),
        ("", {}),
    ],
)
def test_a_hostile_call_is_denied_and_does_nothing(method: str, args: dict[str, Any]) -> None:
    here = bench()
    with pytest.raises(HostError, match="denied"):
        here.broker(*GRANTS).answer(method, args)
    assert (here.host.done, here.store.effects.of_run("r1")) == ([], ())
    assert len(here.refused) == 1


def test_a_signal_for_a_process_that_has_ended_says_changed() -> None:
    here = bench()
    with pytest.raises(HostError, match="changed"):
        here.broker(*GRANTS).answer("process.signal", {"pid": 7, "started": 99, "name": "HUP"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("/srv/log/a.log"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for checks in METHODS.values() for name in checks})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(map(str, METHODS))) | st.text(max_size=12),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=3),
)
def test_whatever_comes_out_of_the_pipe_the_broker_answers_or_refuses_in_our_words(
    method: str, args: dict[str, Json]
) -> None:
    here = bench()
    try:
        here.broker("process.list").answer(method, args)
    except (HostError, *ENDING_ERRORS):
        assert here.store.effects.of_run("r1") == ()
    assert here.host.done == []
