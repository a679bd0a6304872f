"""Contract of port EffectLog."""

from __future__ import annotations

import pytest

from core.capability import NO_UNDO, Undo
from core.errors import UnknownError
from tests.stores import Case

UNDO = Undo("restore", "/var/log/app.log.3", "ab" * 32, "", (("mode", "420"),))


def test_an_effect_is_an_intent_and_then_an_outcome(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    action = log.intend("r1", "web-1", "fs.delete /var/log/app.log.3", {"risk": "medium"}, now)
    (intent,) = log.unfinished()
    assert (intent.action, intent.ok, intent.at, intent.undo) == (action, None, now, NO_UNDO)
    log.started(action, 4711, 99)
    log.done(action, True, "gone", UNDO, now)
    (row,) = log.of_run("r1")
    assert (row.ok, row.result, row.undo, row.pid, row.start, row.undone_by) == (True, "gone", UNDO, 4711, 99, 0)
    assert log.unfinished() == ()


def test_a_second_outcome_changes_nothing(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    action = log.intend("r1", "web-1", "x", {}, now)
    log.done(action, True, "first", UNDO, now)
    log.done(action, False, "second", NO_UNDO, now)
    assert log.of_run("r1")[0].result == "first"


def test_effects_come_in_order_and_by_run(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    actions = [log.intend(run, "web-1", f"e{n}", {}, now) for n, run in enumerate(["r1", "r2", "r1"])]
    assert actions == sorted(set(actions))
    assert [row.effect for row in log.of_run("r1")] == ["e0", "e2"]


def test_what_takes_an_effect_back_is_noted_on_it(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    action = log.intend("r1", "web-1", "x", {}, now)
    log.done(action, True, "", UNDO, now)
    failed = log.intend("r1", "web-1", "undo x", {"undoes": action}, now)
    log.done(failed, False, "", NO_UNDO, now)
    assert log.of_run("r1")[0].undone_by == 0
    undo = log.intend("r1", "web-1", "undo x", {"undoes": action}, now)
    log.done(undo, True, "", NO_UNDO, now)
    assert log.of_run("r1")[0].undone_by == undo


def test_an_undo_that_is_taken_back_leaves_the_effect_standing(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    action = log.intend("r1", "web-1", "x", {}, now)
    log.done(action, True, "", UNDO, now)
    undo = log.intend("r1.undo", "web-1", "undo x", {"undoes": action}, now)
    log.done(undo, True, "", NO_UNDO, now)
    again = log.intend("r1.undo.rollback", "web-1", "undo undo x", {"undoes": undo}, now)
    log.done(again, True, "", NO_UNDO, now)
    assert log.of_run("r1")[0].undone_by == 0
    assert log.of_run("r1.undo")[0].undone_by == again


def test_the_trail_has_intent_and_outcome(case: Case) -> None:
    log, now = case.store.effects, case.clock.now()
    log.done(log.intend("r1", "web-1", "x", {}, now), True, "", NO_UNDO, now)
    assert [row.kind for row in case.store.audit.tail(9, "r1")] == ["intent", "outcome"]


def test_an_unknown_action_is_refused(case: Case) -> None:
    with pytest.raises(UnknownError):
        case.store.effects.done(99, True, "", NO_UNDO, case.clock.now())
