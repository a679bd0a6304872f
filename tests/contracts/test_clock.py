"""Contract of port Clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.clock_system import SystemClock
from core.ports import Clock
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize("clock", [FakeClock(), SystemClock()], ids=["fake", "system"])
def test_now_is_aware_in_utc_and_never_runs_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert second >= first
