"""What restarts again and again is counted; what was then stopped and stays away is down, and no crash loop any more."""

from __future__ import annotations

from collections import deque

from adapters.probe.process_watch import PATIENCE, History


def looping() -> History:
    """Away for twenty seconds between two of its starts."""
    history = History(restarts=deque([1.0, 21.0, 41.0]))
    for at, is_there in ((41.0, True), (45.0, False), (65.0, True)):
        history.note(at, is_there=is_there)
    return history


def test_what_is_away_for_no_longer_than_before_still_loops() -> None:
    history = looping()
    history.note(66.0, is_there=False)
    history.note(66.0 + PATIENCE + 20, is_there=False)
    assert len(history.restarts) == 3


def test_what_stays_away_has_ended() -> None:
    history = looping()
    history.note(66.0, is_there=False)
    history.note(66.0 + 41, is_there=False)
    assert not history.restarts


def test_what_is_there_is_counted_on() -> None:
    history = looping()
    history.note(1000.0, is_there=True)
    assert len(history.restarts) == 3
