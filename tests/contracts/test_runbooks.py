"""Contract of port Runbooks; below it, what only files can be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.runbook_files import LARGEST, MOST_FILES, FileRunbooks
from core.mind_ports import Runbooks
from core.runbook import Runbook
from tests.fakes.runbooks import FakeRunbooks

DISK = "# Disk full\n\nDelete the rotated logs of the shop first.\n"
CERT = "no heading, 证书在周一更新\n"


def on_files(folder: Path, **texts: str) -> FileRunbooks:
    """A folder with these files, as an operator would have written them."""
    place = folder / "runbooks"
    place.mkdir(mode=0o750)
    for name, text in texts.items():
        (place / f"{name}.md").write_text(text, "utf-8")
    return FileRunbooks(place)


def in_memory(folder: Path, **texts: str) -> FakeRunbooks:
    """The same without a disk."""
    del folder
    return FakeRunbooks(**texts)


@pytest.fixture(params=[in_memory, on_files], ids=["memory", "files"])
def make(request: pytest.FixtureRequest) -> Callable[..., Runbooks]:
    """Makes runbooks of one kind."""
    kind: Callable[..., Runbooks] = request.param
    return kind


def test_runbooks_come_by_name_with_the_first_heading_as_title(make: Callable[..., Runbooks], tmp_path: Path) -> None:
    found = make(tmp_path, disk=DISK, certificates=CERT).all()
    assert found == (Runbook("certificates.md", "certificates.md", CERT), Runbook("disk.md", "Disk full", DISK))


def test_a_team_that_wrote_none_has_none(make: Callable[..., Runbooks], tmp_path: Path) -> None:
    assert make(tmp_path).all() == ()


# ---- files --------------------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert FileRunbooks(tmp_path / "runbooks").all() == ()


def link_out(place: Path) -> None:
    """A name in the folder for a file outside of it."""
    outside = place.parent / "secret.txt"
    outside.write_text("# not yours")
    (place / "bad.md").symlink_to(outside)


def pipe(place: Path) -> None:
    """What would make a reader wait for ever."""
    os.mkfifo(place / "bad.md")


def writable(place: Path) -> None:
    """What anybody on this machine may have written."""
    (place / "bad.md").write_text("# anybody")
    (place / "bad.md").chmod(0o666)


def other_files(place: Path) -> None:
    """What is no runbook by its name."""
    (place / "bad.txt").write_text("# no")
    (place / ".bad.md").write_text("# no")
    (place / "bad.md").mkdir()


@pytest.mark.parametrize("spoil", [link_out, pipe, writable, other_files])
def test_what_is_no_file_of_the_team_is_left_out_and_the_rest_is_read(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    runbooks = on_files(tmp_path, disk=DISK)
    spoil(tmp_path / "runbooks")
    assert [one.name for one in runbooks.all()] == ["disk.md"]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b", b"x" * (LARGEST + 1)], ids=["not utf-8", "zero", "too large"])
def test_what_cannot_be_read_as_text_is_left_out_and_said_in_the_log(
    data: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runbooks = on_files(tmp_path, disk=DISK)
    (tmp_path / "runbooks" / "bad.md").write_bytes(data)
    assert [one.name for one in runbooks.all()] == ["disk.md"]
    assert "'bad.md' is left out" in caplog.text


def test_a_folder_in_which_everybody_may_write_holds_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    runbooks = on_files(tmp_path, disk=DISK)
    (tmp_path / "runbooks").chmod(0o777)
    assert runbooks.all() == ()
    assert "everybody may write there" in caplog.text


def test_a_folder_that_is_a_link_holds_none(tmp_path: Path) -> None:
    on_files(tmp_path, disk=DISK)
    (tmp_path / "link").symlink_to(tmp_path / "runbooks")
    assert FileRunbooks(tmp_path / "link").all() == ()


def test_no_more_than_so_many_are_read(tmp_path: Path) -> None:
    runbooks = on_files(tmp_path, **{f"r{number:03}": DISK for number in range(MOST_FILES + 5)})
    assert len(runbooks.all()) == MOST_FILES
