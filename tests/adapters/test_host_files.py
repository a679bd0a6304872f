"""Files of the machine: what a path, a link, a race or a full disk may not bring about."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from adapters.host.files import FileChange, Files
from adapters.host.local import LocalHost
from adapters.host.walk import inodes_of
from core.errors import NeverError
from core.host_change import FileDelete, FileMove, FileTruncate, FileWrite
from core.skill import HostError
from tests.patient_kit import host_of, running_patient

SECRET = b"the secret outside"


@pytest.fixture
def files() -> Files:
    return Files(frozenset())


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    (place / "diary").write_bytes(SECRET)
    return place


@pytest.fixture
def inside(tmp_path: Path, outside: Path) -> Path:
    """A folder full of traps that all lead to the secret."""
    place = tmp_path / "inside"
    place.mkdir()
    (place / "link").symlink_to(outside / "diary")
    (place / "folder").symlink_to(outside)
    os.link(outside / "diary", place / "second-name")
    os.mkfifo(place / "pipe")
    return place


def changes(path: Path) -> tuple[FileChange, ...]:
    name = str(path)
    return FileWrite(name, b"x"), FileDelete(name), FileTruncate(name), FileMove(name, f"{path.parent}/elsewhere")


@pytest.mark.parametrize("name", ["link", "folder/diary", "second-name", "pipe", "folder"])
def test_no_trap_is_read(files: Files, inside: Path, name: str) -> None:
    with pytest.raises(HostError) as caught:
        files.read(str(inside / name), 100)
    assert caught.value.code == "denied"


@pytest.mark.parametrize("name", ["link", "folder/diary", "second-name"])
@pytest.mark.parametrize("kind", range(4))
def test_no_trap_changes_what_it_leads_to(files: Files, inside: Path, outside: Path, name: str, kind: int) -> None:
    with suppress(HostError):
        files.change(changes(inside / name)[kind])
    assert (outside / "diary").read_bytes() == SECRET


def test_a_link_is_listed_with_its_text_and_its_own_size(files: Files, inside: Path, outside: Path) -> None:
    entry = next(info for info in files.list(str(inside), 100) if info.path.endswith("/link"))
    assert (entry.kind, entry.target) == ("link", str(outside / "diary"))
    assert entry.size == len(entry.target)


def test_a_swapper_of_links_never_gets_the_secret_read_or_changed(files: Files, tmp_path: Path, outside: Path) -> None:
    place = tmp_path / "swapped"
    place.mkdir()
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            (place / "z").write_bytes(b"harmless")
            (place / "z").replace(place / "x")
            (place / "y").symlink_to(outside / "diary")
            (place / "y").replace(place / "x")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(300):
            assert SECRET not in outcome_of(lambda: files.read(str(place / "x"), 100))
            for change in changes(place / "x"):
                assert SECRET not in outcome_of(partial(files.change, change))
    finally:
        over.set()
        swapper.join()
    assert (outside / "diary").read_bytes() == SECRET


def outcome_of(act: Callable[[], object]) -> bytes:
    try:
        return repr(act()).encode()
    except HostError as error:
        return str(error).encode()


def test_nightshifts_own_is_known_by_inode_wherever_it_appears(tmp_path: Path) -> None:
    own = tmp_path / "var"
    (own / "deep").mkdir(parents=True)
    (own / "deep" / "nightshift.db").write_bytes(b"rows")
    key = tmp_path / "key"
    key.write_bytes(b"0" * 32)
    files = Files(inodes_of((own, key)))
    for path in (own / "deep" / "nightshift.db", key):
        with pytest.raises(NeverError):
            files.read(str(path), 10)
        for change in changes(path):
            with pytest.raises(NeverError):
                files.change(change)
    with pytest.raises(NeverError):
        files.list(str(own), 10)
    with pytest.raises(NeverError):
        files.change(FileWrite(str(own / "new"), b""))


def test_a_database_is_known_by_what_lies_beside(files: Files, tmp_path: Path) -> None:
    (tmp_path / "somewhere" / "base").mkdir(parents=True)
    (tmp_path / "somewhere" / "PG_VERSION").write_text("15")
    with pytest.raises(NeverError):
        files.change(FileWrite(str(tmp_path / "somewhere" / "base" / "1"), b""))


def test_a_replaced_file_keeps_its_mode_and_no_privilege(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o4750)
    changed = files.change(FileWrite(str(path), b"new"))
    assert path.stat().st_mode & 0o7777 == 0o750
    assert changed.before_mode == 0o750
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_only_small_former_bytes_are_kept(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "big.log.1"
    path.write_bytes(b"x" * ((1 << 20) + 1))
    changed = files.change(FileDelete(str(path)))
    assert (changed.bytes, changed.before) == ((1 << 20) + 1, None)


def test_a_name_that_is_not_utf8_is_shown_and_cannot_be_acted_upon(files: Files, tmp_path: Path) -> None:
    os.close(os.open(os.fsencode(tmp_path) + b"/bad\xff.log", os.O_CREAT | os.O_WRONLY))
    (shown,) = files.list(str(tmp_path), 10)
    shown.path.encode()
    with pytest.raises(HostError):
        files.change(FileDelete(shown.path))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A deleted file of 3 MB that another process holds open, and its path below /proc."""
    path = tmp_path / "app.log"
    path.write_bytes(b"x" * 3_000_000)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        os.open(path, os.O_RDWR | os.O_APPEND)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    yield path, f"/proc/{pid}/fd"
    os.close(writing)
    os.waitpid(pid, 0)


@pytest.fixture
def host() -> Iterator[LocalHost]:
    made = LocalHost(())
    yield made
    made.close()


def held_entry(host: LocalHost, table: str, path: Path) -> str:
    deadline = threading.Event()
    for _ in range(200):
        found = [info.path for info in host.list(table, 100) if info.target.startswith(str(path))]
        if found:
            return found[0]
        deadline.wait(0.01)
    raise AssertionError(table)


def test_a_deleted_file_that_is_still_held_is_emptied(host: LocalHost, held: tuple[Path, str]) -> None:
    path, table = held
    name = held_entry(host, table, path)
    path.unlink()
    (info,) = (info for info in host.list(table, 100) if info.path == name)
    assert (info.links, info.size, info.target) == (0, 3_000_000, f"{path} (deleted)")
    assert host.change(FileTruncate(name)).bytes >= 3_000_000
    assert host.read(name, 0).info.size == 0


def test_an_open_file_that_is_not_deleted_is_never_emptied_that_way(host: LocalHost, held: tuple[Path, str]) -> None:
    path, table = held
    with pytest.raises(HostError) as caught:
        host.change(FileTruncate(held_entry(host, table, path)))
    assert caught.value.code == "denied"
    assert path.stat().st_size == 3_000_000


def test_shared_memory_looks_deleted_and_is_left_alone(host: LocalHost) -> None:
    memory = os.memfd_create("shared")
    os.write(memory, b"in use")
    with pytest.raises(HostError) as caught:
        host.change(FileTruncate(f"/proc/{os.getpid()}/fd/{memory}"))
    assert caught.value.code == "denied"
    assert os.fstat(memory).st_size == 6
    os.close(memory)


def test_a_full_disk_says_so_and_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    with running_patient(tmp_path) as patient, host_of(patient) as host:
        host.change(FileWrite("/srv/shop/log/settings", b"old"))
        patient.fill_disk()
        before = host.list("/srv/shop/log", 100)
        with pytest.raises(HostError) as caught:
            host.change(FileWrite("/srv/shop/log/settings", b"x" * 8_000_000))
        assert caught.value.code == "full"
        assert host.read("/srv/shop/log/settings", 10).data == b"old"
        assert [info.path for info in host.list("/srv/shop/log", 100)] == [info.path for info in before]
