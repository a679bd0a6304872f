"""What a person asks for is an incident of its own, and nothing from outside can look like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.alert import Alert, AlertStatus, Signal
from core.task import is_task, said_yes, task

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)


def run(id: str, **typed: str) -> Alert:
    return task(id, "li", "localhost", "run", "restart_service", typed=typed, at=NOW, is_yes=True)


def claim() -> Alert:
    """The same words, from a door."""
    labels = (("value:service", "web"), ("yes", "li"))
    signal = Signal.parse("task.run:restart_service")
    return Alert("m1", "localhost", signal, "claim:first", AlertStatus.FIRING, NOW, labels=labels)


def test_a_claim_in_the_words_of_a_task_is_none() -> None:
    assert not is_task(claim())
    assert said_yes(claim()) == ""
    assert said_yes(replace(run("m1"), signal=Signal.parse("disk.used_percent:/"))) == ""


def test_two_things_asked_for_are_two_and_a_claim_is_neither() -> None:
    first, second = run("m1", service="web"), run("m2", service="db")
    assert len({first.dedupe_key, second.dedupe_key, claim().dedupe_key}) == 3
    assert first.dedupe_key == run("m1", service="web").dedupe_key
    assert first.fingerprint != claim().fingerprint


def test_half_a_character_has_a_fingerprint() -> None:
    assert replace(claim(), text="\ud800").fingerprint
