"""A rejected result is undone with nothing invented: SQLite, this machine's files, a service; and nothing edited is ever undone by."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.host.local import LocalHost
from adapters.patient import layout
from adapters.store.schema import BLOB, EFFECT
from adapters.store.store import Store
from core.execution import Executor, Operator
from core.incident import Outcome
from core.inventory import HostEntry, Inventory, Mode
from core.ports import Host
from core.service_control import ServiceControl
from tests.adapters.interrupted_run import RealClock
from tests.adapters.test_run_for_real import approved
from tests.core.run_kit import skill_of
from tests.core.test_execution import FakeCatalog
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal
from tests.patient_kit import host_of, running_patient

WRONG = """def run(host: Host, directory: str) -> Outcome:
    host.write(directory + "/app.conf", "wrong = 1\\n")
    host.write(directory + "/new.conf", "made by the run\\n")
    host.delete(directory + "/app.log.1")
    host.truncate(directory + "/app.log")
    host.move(directory + "/state", directory + "/state.moved")
    return Outcome(ok=True, summary="did all of it")
"""
GRANTS = tuple(f"fs.{verb}:{{directory}}/*" for verb in ("write", "delete", "truncate", "move"))
STOPS = """def run(host: Host, directory: str) -> Outcome:
    service = host.service("shop")
    service.stop()
    return Outcome(ok=True, summary=directory)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    opened = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), RealClock(), folder)
    yield opened
    opened.close()


@pytest.fixture
def here() -> Iterator[LocalHost]:
    host = LocalHost(())
    yield host
    host.close()


def hands(store: Store, host: Host, body: str, *grants: str) -> Executor:
    return Executor(
        hosts=FakeHosts({"localhost": host}),
        sandbox=FakeSandbox(),
        catalog=FakeCatalog(skill_of(body, *grants)),
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=Inventory((HostEntry("localhost", groups=("here",)),), (("here", Mode.APPROVE),)),
        operator=Operator(may_approve=lambda person, _host: person == "li"),
    )


def application(folder: Path) -> Path:
    """Files of several modes, and of another owner where we may give them away."""
    folder.mkdir()
    files = {"app.conf": 0o640, "app.log": 0o604, "app.log.1": 0o660, "state": 0o600, "beside": 0o644}
    owner = 1000 if os.geteuid() == 0 else os.geteuid()
    for name, mode in files.items():
        (folder / name).write_bytes(os.urandom(2000) + name.encode())
        (folder / name).chmod(mode)
        os.chown(folder / name, owner, owner if os.geteuid() == 0 else os.getegid())
    return folder


def as_it_is(folder: Path) -> dict[str, tuple[str, int, int, int]]:
    """Bytes, mode, user and group of everything."""
    return {
        path.name: (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mode,
            path.stat().st_uid,
            path.stat().st_gid,
        )
        for path in sorted(folder.iterdir())
    }


def test_after_an_undo_every_file_is_byte_for_byte_what_it_was_with_its_mode_and_owner(
    store: Store, here: LocalHost, tmp_path: Path
) -> None:
    folder = application(tmp_path / "app")
    before = as_it_is(folder)
    executor = hands(store, here, WRONG, *GRANTS)
    approval, fence = approved(executor, store, folder)
    done = executor.execute(approval, approval.id, fence)
    assert (done.error, done.effects, done.undoable) == ("", 5, 5)
    assert as_it_is(folder) != before
    back = executor.undo(approval.id, approval.incident, approval.id, fence)
    assert (back.error, back.ok, dict(back.facts)["left"]) == ("", True, [])
    assert as_it_is(folder) == before
    assert store.tampered() == ()
    assert store.audit.verify().problem == ""


def test_after_an_undo_a_service_runs_again_that_the_run_stopped(store: Store, tmp_path: Path) -> None:
    with running_patient(tmp_path) as patient, host_of(patient) as host:
        services = ServiceControl(host, frozenset({0, os.geteuid()})).services
        assert services.status(layout.SERVICE).is_running
        executor = hands(store, host, STOPS, f"service.stop:{layout.SERVICE}")
        approval, fence = approved(executor, store, Path("/srv"))
        assert executor.execute(approval, approval.id, fence).undoable == 1
        assert not services.status(layout.SERVICE).is_running
        back = executor.undo(approval.id, approval.incident, approval.id, fence)
        assert (back.error, back.ok) == ("", True)
        assert services.status(layout.SERVICE).is_running


# ---- somebody edits the rows --------------------------------------------------------------------------------------------------------


def other_bytes(store: Store) -> None:
    """The saved bytes become somebody's own, under the same name."""
    with store.db.engine.begin() as conn:
        conn.execute(sa.update(BLOB).values(data=b"root::0:0::/root:/bin/sh\n"))


def no_bytes(store: Store) -> None:
    with store.db.engine.begin() as conn:
        conn.execute(sa.delete(BLOB))


def changed_undo(**values: object) -> Callable[[Store], None]:
    """Each undo record says something else: another file, other bytes, another mode."""

    def edit(store: Store) -> None:
        with store.db.engine.begin() as conn:
            for row in conn.execute(sa.select(EFFECT)).mappings().all():
                undo = json.dumps({**json.loads(row["undo"]), **values})
                conn.execute(sa.update(EFFECT).where(EFFECT.c.action == row["action"]).values(undo=undo))

    return edit


def changed_column(**values: object) -> Callable[[Store], None]:
    def edit(store: Store) -> None:
        with store.db.engine.begin() as conn:
            conn.execute(sa.update(EFFECT).values(**values))

    return edit


EDITS = [
    (other_bytes, "blob"),
    (changed_undo(target="/etc/cron.d/x"), "effect"),
    (changed_undo(blob=hashlib.sha256(b"x").hexdigest()), "effect"),
    (changed_undo(kind="unlink"), "effect"),
    (changed_undo(after=""), "effect"),
    (changed_column(host="db-1"), "effect"),
    (changed_column(undone_by=0, ok=False), "effect"),
    (changed_column(mark="0" * 64), "effect"),
]


def wrong_result(
    store: Store, host: Host, folder: Path
) -> tuple[Callable[[], Outcome], dict[str, tuple[str, int, int, int]]]:
    executor = hands(store, host, WRONG, *GRANTS)
    approval, fence = approved(executor, store, folder)
    assert executor.execute(approval, approval.id, fence).effects == 5
    return lambda: executor.undo(approval.id, approval.incident, approval.id, fence), as_it_is(folder)


@pytest.mark.parametrize(("edit", "named"), EDITS)
def test_what_was_edited_is_not_undone_by_and_is_reported(
    store: Store, here: LocalHost, tmp_path: Path, edit: Callable[[Store], None], named: str
) -> None:
    undo, _ = wrong_result(store, here, application(tmp_path / "app"))
    edit(store)
    back = undo()
    assert not back.ok
    restored = [path.read_bytes() for path in (tmp_path / "app").iterdir()]
    assert not any(b"root::0:0" in data for data in restored)
    assert any(row.startswith(named) for row in store.tampered())


def test_nothing_at_all_is_done_by_a_row_that_was_edited(store: Store, here: LocalHost, tmp_path: Path) -> None:
    undo, left = wrong_result(store, here, application(tmp_path / "app"))
    changed_undo(target=str(tmp_path / "app" / "beside"))(store)
    back = undo()
    assert back.error.startswith("TamperedError")
    assert as_it_is(tmp_path / "app") == left
    assert [row.kind for row in store.audit.tail(1)] == ["run.refused"]


def test_bytes_that_are_gone_keep_the_rest_of_an_undo_from_nothing(
    store: Store, here: LocalHost, tmp_path: Path
) -> None:
    undo, _ = wrong_result(store, here, application(tmp_path / "app"))
    no_bytes(store)
    back = undo()
    assert not back.ok
    assert (tmp_path / "app" / "state").exists()
    assert not (tmp_path / "app" / "new.conf").exists()


def test_what_somebody_changed_since_is_left_alone(store: Store, here: LocalHost, tmp_path: Path) -> None:
    undo, _ = wrong_result(store, here, application(tmp_path / "app"))
    (tmp_path / "app" / "app.conf").write_text("a person's own\n", encoding="ascii")
    back = undo()
    assert not back.ok
    assert (tmp_path / "app" / "app.conf").read_text(encoding="ascii") == "a person's own\n"
    assert store.tampered() == ()
