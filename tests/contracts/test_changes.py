"""Contract of port Changes: this machine, a patient, and the fake; and what a look below a root of our own finds in detail."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder
from adapters.probe import recent_changes
from adapters.probe.process_list import ProcessList
from adapters.probe.raw_system import CannotTell
from adapters.probe.recent_changes import RecentChanges
from adapters.probe.served import MODULE
from adapters.probe.surroundings import ServedChanges
from core.errors import UnknownError
from core.people_ports import Changes
from core.scene import HostEvent
from tests.fakes.changes import FakeChanges
from tests.patient_kit import running_patient

Place = tuple[Changes, Callable[[], str]]
"""The port, and something that changes a configuration file there and says which."""


@contextmanager
def in_namespaces(request: pytest.FixtureRequest) -> Iterator[Place]:
    holder = request.getfixturevalue("holder")
    children = KeptChildren(holder, MODULE)

    def change() -> str:
        subprocess.run([*holder(), "/bin/sh", "-c", "echo x > /etc/app.conf"], check=True)
        return "/etc/app.conf"

    yield ServedChanges({"web-1": children.ask}, {"web-1": ("shop",)}), change
    children.close()


@contextmanager
def fake(_request: pytest.FixtureRequest) -> Iterator[Place]:
    changes = FakeChanges(("web-1",))

    def change() -> str:
        changes.add("web-1", HostEvent("config", "/etc/app.conf", datetime.now(UTC)))
        return "/etc/app.conf"

    yield changes, change


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with running_patient(tmp_path_factory.mktemp("patient")) as patient:
        yield Holder(*patient.holder)


@pytest.fixture(params=[in_namespaces, fake], ids=lambda make: make.__name__)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with request.param(request) as made:
        yield made


def test_what_changed_is_seen_with_its_kind_and_time(place: Place) -> None:
    changes, change = place
    before = datetime.now(UTC) - timedelta(seconds=1)
    what = change()
    (event,) = (one for one in changes.since("web-1", before) if one.what == what)
    assert event.kind == "config"
    assert before <= event.at <= datetime.now(UTC) + timedelta(seconds=1)
    assert what not in {one.what for one in changes.since("web-1", datetime.now(UTC) + timedelta(hours=1))}


def test_of_a_host_without_eyes_nothing_can_be_told(place: Place) -> None:
    with pytest.raises(UnknownError, match="web-1"):
        place[0].since("cam-1", datetime.now(UTC))


def test_this_machine_answers_in_time() -> None:
    children = KeptChildren(lambda: (), MODULE)
    try:
        began = time.monotonic()
        events = ServedChanges({"localhost": children.ask}, {}).since(
            "localhost", datetime.now(UTC) - timedelta(days=9)
        )
        assert len(events) <= 20
        assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
        assert time.monotonic() - began < 8
    finally:
        children.close()


# ---- below a root of our own ------------------------------------------------------------------------------------------------------


class Root:
    """A machine that is a folder: everything in it is a day old, until a test changes something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.began = time.time()

    def write(self, path: str, text: str = "x") -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def seen(self, since: float = -5.0, services: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        pids = [pid for name in services for pid in ProcessList().pids(name)]
        found = RecentChanges(self.folder).read(self.began + since, pids)
        return [(event.kind, event.what) for event in found]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_units_are_told_from_configuration_and_noise_from_both(root: Root) -> None:
    for path in (
        "etc/nginx/nginx.conf",
        "etc/systemd/system/app.service",
        "usr/lib/systemd/system/app.timer",
        "etc/init.d/app",
        "etc/sv/app/run",
        "etc/sv/app/supervise/status",
        "etc/mtab",
        "etc/ld.so.cache",
        "etc/passwd-",
        "etc/nginx/.nginx.conf.swp",
        "etc/.git/HEAD",
        "etc/resolv.conf",
        "home/li/notes",
    ):
        root.write(path)
    assert set(root.seen()) == {
        ("config", "/etc/nginx/nginx.conf"),
        ("config", "/etc/resolv.conf"),
        ("unit", "/etc/systemd/system/app.service"),
        ("unit", "/usr/lib/systemd/system/app.timer"),
        ("unit", "/etc/init.d/app"),
        ("unit", "/etc/sv/app/run"),
    }
    assert root.seen(since=60) == []


def test_a_backdated_file_has_changed_all_the_same(root: Root) -> None:
    root.write("etc/app.conf")
    os.utime(root.folder / "etc/app.conf", (0, 0))
    assert ("config", "/etc/app.conf") in root.seen()


def test_a_file_that_was_taken_away_is_told_by_its_folder(root: Root) -> None:
    root.write("etc/nginx/sites/shop")
    (root.folder / "etc/nginx/sites/shop").unlink()
    assert ("config", "/etc/nginx/sites/") in root.seen()


def test_no_link_is_followed(root: Root, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("x")
    root.write("etc/app.conf")
    (root.folder / "etc/away").symlink_to(outside)
    (root.folder / "etc/loop").symlink_to(root.folder / "etc")
    (root.folder / "lib").symlink_to(root.folder / "usr/lib")
    root.write("usr/lib/systemd/system/app.service")
    assert set(root.seen()) == {
        ("config", "/etc/app.conf"),
        ("config", "/etc/away"),
        ("config", "/etc/loop"),
        ("unit", "/usr/lib/systemd/system/app.service"),
    }


def test_packages_are_told_from_the_log_of_dpkg_and_the_files_of_others(root: Root) -> None:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    root.write(
        "var/log/dpkg.log",
        "\n".join(
            [
                "2020-01-01 03:00:00 upgrade old:amd64 1 2",
                f"{now} upgrade nginx:amd64 1.22.1-9 1.22.1-9+deb12u1",
                f"{now} status installed nginx:amd64 1.22.1-9+deb12u1",
                f"{now} remove telnet:amd64 0.17 <none>",
                f"{now} upgrade \x1b[2Jevil:amd64 1 2",
                "\xff\xfe",
            ]
        ),
    )
    root.write("var/lib/rpm/rpmdb.sqlite")
    root.write("etc/apk/world", "nginx\n")
    assert {what for kind, what in root.seen() if kind == "package"} == {
        "upgrade nginx 1.22.1-9+deb12u1",
        "remove telnet",
        "rpm packages",
        "apk packages",
    }


def test_an_upgrade_of_hundreds_of_files_does_not_hide_the_rest(root: Root) -> None:
    for number in range(300):
        root.write(f"etc/many/{number}")
    root.write("etc/systemd/system/app.service")
    os.utime(root.folder / "etc/systemd/system/app.service", (0, root.began - 4))
    seen = root.seen()
    assert len(seen) <= 20
    assert ("unit", "/etc/systemd/system/app.service") in seen


def test_a_service_whose_program_was_replaced_while_it_runs_is_told(root: Root, tmp_path: Path) -> None:
    program = tmp_path / "shopd-of-a-test"
    shutil.copy2("/bin/sleep", program)
    running = subprocess.Popen([program, "30"])
    try:
        shutil.copy2("/bin/sleep", tmp_path / "next")
        (tmp_path / "next").rename(program)
        assert ("service", str(program)) in root.seen(services=("shopd-of-a-test",))
    finally:
        running.kill()
        running.wait()


def test_too_much_to_look_at_is_said_and_not_half_told(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_changes, "MOST_ENTRIES", 10)
    for number in range(20):
        root.write(f"etc/{number}")
    with pytest.raises(CannotTell, match="too much below /etc"):
        root.seen()


def test_a_folder_without_anything_is_a_machine_where_nothing_changed(root: Root) -> None:
    assert root.seen() == []
