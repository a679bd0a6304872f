"""What the store refuses to open, in one sentence each: data folders, databases, keys."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from adapters.key_file import key_path, open_key
from adapters.store.data_folder import DataFolder
from adapters.store.schema import METADATA, REVISION
from adapters.store.store import Store
from core.errors import InvalidError
from tests.fakes.clock import FakeClock
from tests.fakes.seal import FakeSeal

ROOT = Path(__file__).parents[2]


def open_store(url: str, folder: Path) -> Store:
    """A store nobody wants anything of."""
    return Store(url, FakeSeal(), FakeClock(), folder / "var")


# ---- database -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////nowhere/at/all/n.db", "does not exist"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "would forget"),
        ("mysql://u@h/n", "SQLite or PostgreSQL"),
        ("no url at all", "not a database URL"),
        ("postgresql://u:secret@127.0.0.1:1/n", "cannot be opened"),
    ],
)
def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(InvalidError, match=says) as caught:
        open_store(url, tmp_path)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "n.db"
    file.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(InvalidError, match="cannot be used"):
        open_store(f"sqlite:///{file}", tmp_path)
    assert file.read_bytes() == b"dear diary, " * 1000


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/n.db"
    store = open_store(url, tmp_path)
    with store.db.engine.begin() as conn:
        conn.execute(sa.text("UPDATE ns_alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(InvalidError, match="newer version"):
        open_store(url, tmp_path)


def test_the_migrations_make_exactly_the_tables_of_the_schema(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/n.db", tmp_path)
    with store.db.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"version_table": "ns_alembic_version"})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISION
    store.close()


# ---- data folder ----------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_made_private(tmp_path: Path) -> None:
    DataFolder(tmp_path / "a" / "var")
    assert stat.S_IMODE((tmp_path / "a" / "var").stat().st_mode) == 0o700


def test_a_readable_folder_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    DataFolder(tmp_path / "var")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(mode)
    with pytest.raises(InvalidError, match="writable by others"):
        DataFolder(tmp_path / "var")


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(InvalidError, match="cannot be made"):
        DataFolder(tmp_path / "var")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o500)
    with pytest.raises(InvalidError, match="not writable"):
        DataFolder(tmp_path / "var")


def test_a_second_up_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from adapters.store.data_folder import DataFolder\n"
        "folder = DataFolder(pathlib.Path(sys.argv[1])); folder.lock(); print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "var")]
    child = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"held\n"
    folder = DataFolder(tmp_path / "var")
    assert folder.holder() == child.pid
    with pytest.raises(InvalidError, match=f"process {child.pid}"):
        folder.lock()
    child.stdin.close()
    child.stdout.close()
    child.wait()
    assert folder.holder() == 0
    folder.lock()
    folder.unlock()


def test_an_executor_keeps_its_name(tmp_path: Path) -> None:
    name = DataFolder(tmp_path / "var").executor_id()
    assert DataFolder(tmp_path / "var").executor_id() == name
    assert DataFolder(tmp_path / "other").executor_id() != name


# ---- key ------------------------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_private_at_the_first_start(tmp_path: Path) -> None:
    open_key({"HOME": str(tmp_path)}, tmp_path / "var")
    key = tmp_path / ".config" / "nightshift" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [path.name for path in key.parent.iterdir()] == ["key"]


def test_a_credential_of_systemd_is_read_and_never_made(tmp_path: Path) -> None:
    credential = tmp_path / "nightshift-key"
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "HOME": str(tmp_path)}
    assert key_path(environment)[0] == tmp_path / ".config" / "nightshift" / "key"
    credential.write_text("k" * 64)
    assert key_path(environment) == (credential, False)
    assert open_key(environment, tmp_path / "var").sign(b"x")


def test_the_named_file_goes_before_all(tmp_path: Path) -> None:
    (tmp_path / "nightshift-key").write_text("k" * 64)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "NIGHTSHIFT_KEY_FILE": "/elsewhere/key"}
    assert key_path(environment) == (Path("/elsewhere/key"), True)


@pytest.mark.parametrize(("text", "mode", "says"), [("short", 0o600, "too short"), ("k" * 64, 0o644, "read by others")])
def test_a_key_that_protects_nothing_is_refused(tmp_path: Path, text: str, mode: int, says: str) -> None:
    key = tmp_path / "key"
    key.write_text(text)
    key.chmod(mode)
    with pytest.raises(InvalidError, match=says):
        open_key({"NIGHTSHIFT_KEY_FILE": str(key)}, tmp_path / "var")


@pytest.mark.parametrize("name", ["var/key", "var/deep/key", "link/key"])
def test_a_key_inside_the_data_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "var")
    with pytest.raises(InvalidError, match="data folder"):
        open_key({"NIGHTSHIFT_KEY_FILE": str(tmp_path / name)}, tmp_path / "var")
    assert list((tmp_path / "var").iterdir()) == []


def test_a_key_where_nothing_can_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidError, match="NIGHTSHIFT_KEY_FILE"):
        open_key({"NIGHTSHIFT_KEY_FILE": str(tmp_path / "file" / "key")}, tmp_path / "var")


def test_a_key_of_another_user_is_no_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    open_key({"NIGHTSHIFT_KEY_FILE": str(key)}, tmp_path / "var")
    given_away(key)
    with pytest.raises(InvalidError, match="belongs to user id 4242"):
        open_key({"NIGHTSHIFT_KEY_FILE": str(key)}, tmp_path / "var")


def given_away(path: Path) -> None:
    """Only root can make a file another's."""
    try:
        os.chown(path, 4242, -1)
    except PermissionError:
        pytest.skip("needs root")
