"""A skill that may signal by pid reaches no part of Nightshift: not the hands of another run, not the keeper of an armed undo."""

from __future__ import annotations

from contextlib import closing

import pytest

from adapters.host.local import LocalHost
from core.errors import NeverError
from core.host_change import ProcessSignal


def test_the_hands_of_one_run_are_not_ended_by_another() -> None:
    with closing(LocalHost(())) as first, closing(LocalHost(())) as second:
        known = {process.pid for process in second.processes() if "adapters.host.serve" in process.argv}
        hands = [p for p in first.processes() if "adapters.host.serve" in p.argv and p.pid in known]
        assert hands
        for process in hands:
            with pytest.raises(NeverError):
                second.change(ProcessSignal(process.pid, process.started, "KILL"))
        assert {process.pid for process in second.processes()} >= {process.pid for process in hands}
