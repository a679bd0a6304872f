"""Somebody edits what an undo goes by, while Nightshift runs: it is refused, and it is an incident of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.host.local import LocalHost
from adapters.probe.local import LocalProbe
from adapters.store.schema import BLOB, EFFECT
from bot import dispatcher as dispatching
from bot.dispatcher import Dispatcher
from bot.wiring import CONSOLE, House, Place, build, desk_of
from core.alert import LOCALHOST
from core.desk import Patience
from core.errors import TamperedError, UnknownError
from core.inventory import HostEntry, Inventory, Mode
from core.undo import undo_of_delete
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock


@pytest.fixture
def house(tmp_path: Path) -> House:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    clock = FakeClock()
    return build(
        Place(
            home=home,
            database_url=f"sqlite:///{home}/nightshift.db",
            inventory=Inventory((HostEntry(LOCALHOST, groups=("here",)),), (("here", Mode.APPROVE),)),
            checks=(),
            hosts={LOCALHOST: LocalHost(())},
            probes={LOCALHOST: LocalProbe(clock)},
            channels=(CONSOLE,),
            patience=Patience(),
            replica_lease=30.0,
            key_file=tmp_path / "key",
        )
    )


def one_effect(house: House, path: Path) -> None:
    """A deletion as a broker journals it, with the bytes it saved."""
    store, now = house.store, house.store.clock.now()
    path.write_bytes(b"what was there\n")
    old = house.place.hosts[LOCALHOST].read(str(path), 4096)
    store.blobs.put(old.data)
    action = store.effects.intend("r1", LOCALHOST, f"fs.delete {path}", {}, now)
    store.effects.done(action, True, "15 bytes", undo_of_delete(str(path), old), now)


def edit_blob(house: House) -> None:
    with house.store.db.engine.begin() as conn:
        conn.execute(sa.update(BLOB).values(data=b"somebody's own\n"))


def edit_row(house: House) -> None:
    with house.store.db.engine.begin() as conn:
        conn.execute(sa.update(EFFECT).values(undo='{"kind":"unlink","target":"/etc/hosts"}'))


def delete_blob(house: House) -> None:
    with house.store.db.engine.begin() as conn:
        conn.execute(sa.delete(BLOB))


def delete_row(house: House) -> None:
    with house.store.db.engine.begin() as conn:
        conn.execute(sa.delete(EFFECT))


def read_for_an_undo(house: House) -> None:
    for row in house.store.effects.of_run("r1"):
        house.store.blobs.get(row.undo.blob)


EDITS = [(edit_blob, "blob"), (edit_row, "effect"), (delete_blob, "blob"), (delete_row, "effect")]


@pytest.mark.parametrize(("edit", "named"), EDITS)
def test_an_edited_undo_is_refused_and_raises_an_incident(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[House], None], named: str
) -> None:
    monkeypatch.setattr(dispatching, "INSPECT_EVERY", 1)
    one_effect(house, tmp_path / "app.conf")
    edit(house)
    with pytest.raises((TamperedError, UnknownError)):
        read_for_an_undo(house)
    desk = desk_of(house, "en", {CONSOLE: FakeChannel(CONSOLE, FakeClock())})
    dispatcher = Dispatcher(house, desk, (CONSOLE,))
    dispatcher.start()
    try:
        deadline = time.monotonic() + 15
        found: tuple[str, ...] = ()
        while not found and time.monotonic() < deadline:
            open_now = house.store.incidents.incidents(only_open=True, limit=10)
            found = tuple(str(one.signal) for one in open_now if one.signal.metric == "row_tampered")
    finally:
        dispatcher.close()
    assert found[0].startswith(f"nightshift.row_tampered:{named}_")


@pytest.mark.parametrize(("edit", "named"), [(edit_row, "effect"), (delete_blob, "blob"), (delete_row, "effect")])
def test_it_is_found_before_anybody_asks_for_an_undo(
    house: House, tmp_path: Path, edit: Callable[[House], None], named: str
) -> None:
    one_effect(house, tmp_path / "app.conf")
    with closing(house) as open_house:
        assert open_house.store.tampered() == ()
        edit(open_house)
        assert [row.partition(" ")[0] for row in open_house.store.tampered()] == [named]


@pytest.mark.parametrize("edit", [edit_blob, edit_row, delete_row])
def test_audit_verify_names_it(house: House, tmp_path: Path, edit: Callable[[House], None]) -> None:
    one_effect(house, tmp_path / "app.conf")
    with closing(house) as open_house:
        assert open_house.store.audit.verify().broken_at == 0
        edit(open_house)
        assert open_house.store.audit.verify().broken_at > 0
