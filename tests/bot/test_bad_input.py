"""What people get wrong: each mistake is one sentence that says what and what to do, the right exit code, and nothing half done."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.bot.machine import Machine
from tests.source_tree import ROOT

SKILL = ROOT / "skills" / "disk" / "free_rotated_logs.py"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "var", tmp_path / "key")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which something has happened already."""
    folder = tmp_path_factory.mktemp("used")
    machine = Machine(folder / "var", folder / "key")
    assert machine.type("alert", "disk.used_percent:/", "--host", "localhost").returncode == 0
    return machine


def refused(run: subprocess.CompletedProcess[str], code: int, *says: str) -> None:
    """One sentence on stderr, nothing on stdout, no traceback."""
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    for part in says:
        assert part in run.stderr


def ids(machine: Machine) -> list[str]:
    found = machine.data("incidents")
    assert isinstance(found, list)
    return [one["id"] for one in found]


# ---- names and values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "nosuch", "--host", "localhost"), "unknown skill 'nosuch'; known: "),
        (("run", "restart_service", "--host", "nosuch"), "unknown host 'nosuch'; known: localhost"),
        (("run", "restart_service", "--host", "a;reboot", "service=x"), "unknown host 'a;reboot'"),
        (
            ("run", "restart_service", "--host", "localhost", "colour=red"),
            "unknown parameter of restart_service 'colour'",
        ),
        (("run", "free_rotated_logs", "--host", "localhost", "days=soon"), "days must be float, not 'soon'"),
        (("run", "free_rotated_logs", "--host", "localhost", "directory=../etc"), "absolute path"),
        (("undo", "99"), "unknown action '99'"),
        (("alert", "disk.used_percent:/", "--host", "$(reboot)"), "is not a host name; use letters"),
        (("alert", "disk.used_percent:/", "--host", "localhost", "--value", "nan"), "no measurement"),
        (("why", "zzz"), "zzz"),
    ],
)
def test_an_unknown_name_or_value_begins_nothing(used: Machine, words: tuple[str, ...], says: str) -> None:
    before = ids(used)
    run = used.type(*words)
    assert (run.returncode, run.stdout) == (1, "")
    assert says.casefold() in run.stderr.casefold()
    assert "Traceback" not in run.stderr
    assert ids(used) == before


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "exactly one '# /// script' header and has 0"),
        ("# /// script\n# broken = [\n# ///\n", "the header is not TOML"),
        (SKILL.read_text().replace('risk = "medium"', 'risk = "harmless"'), "risk"),
        (SKILL.read_text().replace("def run(host", "def run((host"), "this is not Python"),
        (SKILL.read_text().replace("fs.delete:", "fs.shred:"), "fs.shred"),
    ],
)
def test_a_skill_file_that_is_broken_is_named_with_its_mistake(machine: Machine, source: str, says: str) -> None:
    file = machine.key.parent / "free_logs.py"
    file.write_text(source)
    refused(machine.type("skills", "test", str(file)), 2, str(file), says)


def test_a_skill_file_that_is_not_there_is_said_to_be_missing(machine: Machine) -> None:
    refused(
        machine.type("skills", "test", "nowhere/free_logs.py"),
        2,
        "No such file or directory; name a skill or a Python file",
    )


# ---- settings -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("nightshift.toml", '[[checks]]\nsignal = "disk.usedpercent:/"\nover = 3', "did you mean disk.used_percent?"),
        ("nightshift.toml", "[server]\nport = 99999", "server.port cannot be 99999"),
        ("nightshift.toml", '[hosts."a;b"]\n', "is not a host name"),
        (".env", "A=b\nfoo bar baz", "line 2 cannot be read; write KEY=value"),
        (".env", "DATABSE_URL=x", "did you mean 'DATABASE_URL'?"),
        (".env", "NIGHTSHIFT_ALERT_TOKEN=short", "write 16 to 512"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_the_file(machine: Machine, file: str, text: str, says: str) -> None:
    machine.home.mkdir(mode=0o700)
    (machine.home / file).write_text(text)
    refused(machine.type("status"), 2, str(machine.home / file), says)
    assert sorted(path.name for path in machine.home.iterdir()) == [file]


def test_a_key_that_env_names_is_the_key(machine: Machine) -> None:
    machine.home.mkdir(mode=0o700)
    other = machine.key.with_name("named in env")
    (machine.home / ".env").write_text(f"NIGHTSHIFT_KEY_FILE='{other}'")
    assert machine.type("status", NIGHTSHIFT_KEY_FILE="").returncode == 0
    assert other.exists()
    assert not machine.key.exists()


# ---- folders, keys and databases ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["relative folder", "with spaces/and more"])
def test_a_data_folder_may_be_called_anything(machine: Machine, home: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "status"],
        env=machine.environment | {"NIGHTSHIFT_HOME": home},
        cwd=machine.key.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "All quiet" in run.stdout
    assert (machine.key.parent / home / "nightshift.db").exists()


@pytest.mark.parametrize("language", [{"LANG": "C", "LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONIOENCODING": ""}])
def test_a_bare_environment_is_enough(machine: Machine, language: dict[str, str]) -> None:
    machine.home.mkdir(mode=0o700)
    (machine.home / "nightshift.toml").write_text('language = "zh"')
    run = machine.type("status", HOME="", USER="", LOGNAME="", TERM="", **language)
    assert run.returncode == 0, run.stderr
    assert "一切平静" in run.stdout


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null", "/dev/null/var"])
def test_a_data_folder_that_cannot_be_is_refused(machine: Machine, home: str) -> None:
    refused(machine.type("status", NIGHTSHIFT_HOME=home), 2, home, "NIGHTSHIFT_HOME")


def break_mode(machine: Machine) -> None:
    machine.home.chmod(0o777)


def break_key(machine: Machine) -> None:
    machine.key.chmod(0o644)


def hide_key_in_home(machine: Machine) -> None:
    shutil.copy(machine.key, machine.home / "key")
    machine.key.unlink()
    machine.key.symlink_to(machine.home / "key")


def make_newer(machine: Machine) -> None:
    with closing(sqlite3.connect(machine.home / "nightshift.db")) as db:
        db.execute("update ns_alembic_version set version_num = '9999'")
        db.commit()


def overwrite(machine: Machine) -> None:
    for rest in machine.home.glob("nightshift.db-*"):
        rest.unlink()
    (machine.home / "nightshift.db").write_text("no database at all " * 100)


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (break_mode, "chmod 700"),
        (break_key, "chmod 600"),
        (hide_key_in_home, "set NIGHTSHIFT_KEY_FILE to another place"),
        (make_newer, "of a newer version (9999); update Nightshift, or restore a backup"),
        (overwrite, "restore a backup"),
    ],
)
def test_what_cannot_be_trusted_is_refused_and_left_as_it_is(
    machine: Machine, breaks: Callable[[Machine], None], says: str
) -> None:
    machine.type("stop")
    breaks(machine)
    before = (machine.home / "nightshift.db").read_bytes()
    for command in (("status",), ("go",), ("up",)):
        refused(machine.type(*command), 2, says)
    assert (machine.home / "nightshift.db").read_bytes() == before
    doctor = machine.type("doctor")
    assert doctor.returncode == 1
    assert says in doctor.stdout


@pytest.mark.parametrize(
    "url", ["sqlite:////nonexistent/folder/x.db", "sqlite:////", "postgresql://u:hunter2@127.0.0.1:1/x", "mysql://x"]
)
def test_a_database_that_is_missing_is_named_without_its_password(machine: Machine, url: str) -> None:
    run = machine.type("status", DATABASE_URL=url)
    assert run.returncode in {1, 2}
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert "hunter2" not in run.stderr
    assert "Traceback" not in run.stderr


def test_with_another_key_nothing_is_believed_and_nothing_decided(machine: Machine) -> None:
    machine.type("stop")
    machine.key.rename(machine.key.with_name("former"))
    for command in (("go",), ("status",)):
        run = machine.type(*command)
        assert run.returncode == 1
        assert "the key is another one" in run.stderr
    assert machine.type("audit", "verify").returncode == 1
    machine.key.with_name("former").replace(machine.key)
    assert machine.type("audit", "verify").returncode == 0
    assert "everything" in machine.type("status").stdout


# ---- the terminal -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["incidents", "--help", "skills"])
def test_a_stdout_that_takes_nothing_is_said_once(used: Machine, command: str) -> None:
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bot {command} >/dev/full"],
        env=used.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    refused(run, 1, "No space left on device")


@pytest.mark.parametrize("closed", [">&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_error(used: Machine, closed: str) -> None:
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bot incidents {closed}"],
        env=used.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")


# ---- up and demo --------------------------------------------------------------------------------------------------------------------


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


def test_a_port_that_is_taken_ends_up_in_one_sentence(machine: Machine) -> None:
    machine.home.mkdir(mode=0o700)
    with taken_port() as port:
        (machine.home / "nightshift.toml").write_text(f"checks = []\n[server]\nport = {port}\n")
        refused(machine.type("up"), 1, str(port), "server.port in nightshift.toml")
    assert machine.type("status").stdout.startswith("up does not run")


def test_the_demo_asks_only_where_somebody_can_answer(machine: Machine) -> None:
    refused(machine.type("demo"), 2, "add --yes")
    refused(
        machine.type("demo", "--yes", "--night", "nosuch"),
        2,
        "unknown night 'nosuch'; known: process, disk, network, unknown",
    )
    assert not (machine.home / "demo").exists()


# ---- what a demo left ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def after_demo(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Rows in the data folder, and others in the demo's below it."""
    folder = tmp_path_factory.mktemp("demo")
    machine = Machine(folder / "var", folder / "key")
    Machine(machine.home / "demo", machine.key).type("alert", "process.down:shop", "--host", "patient-1")
    Machine(machine.home / "demo", machine.key).type("stop", "localhost")
    machine.type("alert", "disk.used_percent:/", "--host", "localhost")
    machine.type("stop", "localhost")
    return machine


def demo_id(machine: Machine) -> str:
    found = machine.data("incidents")
    assert isinstance(found, list)
    (found_id,) = [one["id"] for one in found if one.get("demo")]
    return str(found_id)


def test_what_the_demo_left_is_listed_after_what_is_real_and_marked(after_demo: Machine) -> None:
    lines = after_demo.type("incidents").stdout.splitlines()
    assert ["localhost: disk / full" in lines[0], lines[1], "patient-1: shop is down" in lines[2]] == [
        True,
        "From the demo:",
        True,
    ]


@pytest.mark.parametrize("command", [("why",), ("incidents", "show")])
def test_an_id_of_the_demo_is_found(after_demo: Machine, command: tuple[str, ...]) -> None:
    run = after_demo.type(*command, demo_id(after_demo)[:6])
    assert run.returncode == 0
    assert run.stdout.startswith("From the demo:")
    assert "patient-1: shop is down" in run.stdout


def test_both_trails_are_walked_and_a_break_in_either_is_named(after_demo: Machine) -> None:
    whole = after_demo.data("audit", "verify")
    assert isinstance(whole, dict)
    assert (whole["count"], whole["demo"]["count"]) == (1, 1)
    assert after_demo.type("audit", "verify", "--head", whole["demo"]["head"][:12]).returncode == 0
    assert after_demo.type("audit", "verify", "--head", "0123456789ab").returncode == 1
    with closing(sqlite3.connect(after_demo.home / "demo" / "nightshift.db")) as db:
        db.execute("update ns_audit set subject = 'x'")
        db.commit()
    broken = after_demo.type("audit", "verify")
    assert broken.returncode == 1
    assert "demo BROKEN at row 1" in broken.stdout
    assert after_demo.type("incidents").returncode == 0
