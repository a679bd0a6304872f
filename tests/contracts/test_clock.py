"""Contract of the port Clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.clock_system import SystemClock
from core.ports import Clock
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
def test_the_present_is_aware_in_utc_and_does_not_run_backwards(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second
