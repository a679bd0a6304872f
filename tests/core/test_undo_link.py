"""A link that a run switched on is switched off again by its undo, although no skill may switch one off."""

from __future__ import annotations

import pytest

from core.errors import NeverError
from core.never_list import why_never_run
from core.permission import check_step

IP = "/usr/sbin/ip"


def test_switching_off_takes_switching_on_back_and_is_granted_to_nobody() -> None:
    off = (IP, "link", "set", "dev", "eth0", "down")
    assert why_never_run(off) is not None
    check_step(off)


@pytest.mark.parametrize("line", ["link set dev eth0 down up", "link set eth0 down", "link delete eth0", "-b /tmp/x"])
def test_nothing_else_is_let_through_by_it(line: str) -> None:
    with pytest.raises(NeverError):
        check_step((IP, *line.split()))
