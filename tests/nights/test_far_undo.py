"""A rejected result is undone where it was done: over SSH and in a container, with Python there and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.host.docker import Container, hand_on
from adapters.store.store import Store
from core.execution import Executor
from core.incident import Outcome
from core.ports import Host
from core.service_control import ServiceControl
from core.sudoers import wants_sudo
from tests.adapters.test_run_for_real import approved
from tests.adapters.test_undo_for_real import GRANTS, STOPS, WRONG, changed_undo, hands, other_bytes
from tests.container_kit import container, lent_python
from tests.docker_daemon import Daemon
from tests.far.cut_off import store_in
from tests.far.far_host import HAND, far_host
from tests.far.lines import ssh_host
from tests.skills.patient import eventually

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.needs("sshd", "sudo", "docker")]

APP = Path("/srv/app")
MODES = {"app.conf": "640", "app.log": "604", "app.log.1": "660", "state": "600", "beside": "644"}
SHOP = """#!/bin/sh
case "$1" in
start) /srv/shop </dev/null >/dev/null 2>&1 & echo $! > /run/shop.pid ;;
stop) kill "$(cat /run/shop.pid)"; rm /run/shop.pid ;;
restart) "$0" stop; "$0" start ;;
esac
"""
PROGRAM = "#!/bin/sh\nwhile true; do sleep 1; done\n"


@dataclass
class Scene:
    """A hand on a host, who is root on it, who owns the files there and their folder, and the rows."""

    host: Host
    shell: Callable[[str], str]
    owner: str
    folder_owner: str
    store: Store

    def furnish(self) -> None:
        """Files of several modes and owners, and a service that runs."""
        lines = [
            f"rm -rf {APP}; mkdir -p {APP} /etc/init.d; [ ! -e /run/shop.pid ] || kill -9 $(cat /run/shop.pid); cd {APP}"
        ]
        for name, mode in MODES.items():
            lines.append(f"seq 1 500 | sed 's/^/{name} /' > {name}; chmod {mode} {name}; chown {self.owner} {name}")
        for path, text in (("/etc/init.d/shop", SHOP), ("/srv/shop", PROGRAM)):
            lines.append(f"cat > {path} <<'END'\n{text}END\nchmod 755 {path}")
        self.shell("\n".join([*lines, f"chown {self.folder_owner} {APP}", "/etc/init.d/shop start"]))

    def files(self) -> str:
        """Bytes, mode, user and group of everything."""
        return self.shell(f"cd {APP}; ls -A; sha256sum *; stat -c '%n %a %u %g' *")

    def is_running(self) -> bool:
        return "/srv/shop" in self.shell("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null; done; true")

    def done(self, body: str, *grants: str) -> tuple[Outcome, Callable[[], Outcome]]:
        """What came of an approved run, and how it is undone."""
        executor: Executor = hands(self.store, self.host, body, *grants)
        approval, fence = approved(executor, self.store, APP)
        ran = executor.execute(approval, approval.id, fence)
        return ran, lambda: executor.undo(approval.id, approval.incident, approval.id, fence)


Reach = tuple[Host, Callable[[str], str], str, str]


@contextmanager
def over_ssh(_: pytest.FixtureRequest, *, is_plain: bool) -> Iterator[Reach]:
    with far_host(python=not is_plain) as far, ssh_host(far, sudo=wants_sudo) as host:
        allowed = (f"hand ALL=(root) NOPASSWD: /etc/init.d/shop {verb}" for verb in ("start", "stop"))
        far.sudoers("Defaults:hand use_pty", *allowed)
        yield host, far.shell, f"{HAND}:{HAND}", HAND


@contextmanager
def in_container(request: pytest.FixtureRequest, *, is_plain: bool) -> Iterator[Reach]:
    daemon: Daemon = request.getfixturevalue("docker_daemon")
    options = ("--tmpfs", "/srv:mode=755,exec", *(() if is_plain else lent_python()))

    def shell(script: str) -> str:
        return daemon.docker("exec", "undone", "/bb/sh", "-ec", f"PATH=/bb; {script}")

    with container(daemon, "undone", options=options), hand_on(Container("undone", daemon.url))() as host:
        yield host, shell, "1000:1000", "0"


@pytest.fixture(scope="module", params=["ssh", "ssh-plain", "docker", "docker-plain"])
def reach(request: pytest.FixtureRequest) -> Iterator[Reach]:
    way, _, plain = request.param.partition("-")
    with {"ssh": over_ssh, "docker": in_container}[way](request, is_plain=bool(plain)) as made:
        yield made


@pytest.fixture
def scene(reach: Reach, tmp_path: Path) -> Iterator[Scene]:
    store = store_in(tmp_path)
    made = Scene(*reach, store)
    made.furnish()
    yield made
    store.close()


def test_files_are_byte_for_byte_what_they_were_with_mode_and_owner(scene: Scene) -> None:
    before = scene.files()
    ran, undo = scene.done(WRONG, *GRANTS)
    assert (ran.error, ran.effects, ran.undoable) == ("", 5, 5)
    assert scene.files() != before
    back = undo()
    assert (back.error, back.ok, dict(back.facts)["left"]) == ("", True, [])
    assert scene.files() == before
    assert scene.store.tampered() == ()
    assert scene.store.audit.verify().problem == ""


def test_a_service_that_was_stopped_runs_again(scene: Scene) -> None:
    services = ServiceControl(scene.host, frozenset({0})).services
    assert services.status("shop").is_running
    ran, undo = scene.done(STOPS, "service.stop:shop")
    assert (ran.error, ran.undoable) == ("", 1)
    assert eventually(lambda: not scene.is_running(), 3)
    back = undo()
    assert (back.error, back.ok) == ("", True)
    assert eventually(scene.is_running, 3)


@pytest.mark.parametrize(("edit", "named"), [(other_bytes, "blob"), (changed_undo(target="/srv/app/beside"), "effect")])
def test_what_was_edited_is_not_undone_by(scene: Scene, edit: Callable[[Store], None], named: str) -> None:
    beside = scene.shell(f"sha256sum {APP}/beside")
    _, undo = scene.done(WRONG, *GRANTS)
    edit(scene.store)
    assert not undo().ok
    assert "root::0:0" not in scene.shell(f"cat {APP}/*")
    assert scene.shell(f"sha256sum {APP}/beside") == beside
    assert any(row.startswith(named) for row in scene.store.tampered())


def test_what_somebody_changed_since_is_left_alone(scene: Scene) -> None:
    _, undo = scene.done(WRONG, *GRANTS)
    scene.shell(f"echo a person > {APP}/app.conf")
    back = undo()
    assert not back.ok
    assert scene.shell(f"cat {APP}/app.conf").strip() == "a person"
    assert dict(back.facts)["left"] == [f"fs.write {APP}/app.conf: {APP}/app.conf was changed since: left alone"]
