"""The file of who is logged in, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.probe import utmp
from tests.contracts.test_presence import record


@pytest.mark.parametrize(("machine", "form"), [("x86_64", utmp._SHORT), ("aarch64", utmp._LONG)])
def test_a_session_is_read_as_each_machine_writes_it(machine: str, form: object) -> None:
    assert {utmp._SHORT.size, utmp._LONG.size} == {384, 400}, "utmp(5)"
    data = record(7, 42, "pts/3", "li", "web", 1_700_000_000, form) + b"half a record"  # type: ignore[arg-type] # a Struct
    (entry,) = utmp.parse(data, machine)
    assert entry == utmp.Entry(42, "pts/3", "li", "web", 1_700_000_000.0)


@given(st.binary(max_size=4000))
def test_any_bytes_are_sessions_or_nothing(data: bytes) -> None:
    for machine in ("x86_64", "aarch64"):
        for entry in utmp.parse(data, machine):
            assert entry.pid > 0
            assert "\x00" not in entry.line + entry.user + entry.origin


def test_a_huge_file_is_read_to_a_bound_and_a_missing_one_is_nobody(tmp_path: Path) -> None:
    huge = tmp_path / "utmp"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    assert utmp.entries((tmp_path / "none", huge)) == ()
    assert utmp.entries((tmp_path / "none",)) == ()
