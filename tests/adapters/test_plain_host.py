"""A host without Python, in a real container of nothing but busybox: traps on the way, full disks, imitated output, stubborn commands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from adapters.host.docker import Container, hand_on, look_at
from adapters.host.plain import PlainHost
from adapters.host.plain_process import processes
from core.errors import NeverError, UnavailableError
from core.host_change import FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.ports import Host
from core.skill import HostError
from core.world import CommandResult
from tests.container_kit import container, lent_python
from tests.docker_daemon import Daemon
from tests.far.far_host import far_host
from tests.far.lines import ssh_host
from tests.skills.patient import eventually

NAME = "plain-host"


def nobody(_pid: int, _started: int) -> None:
    """Who does not want to know which process it is."""


@pytest.fixture(scope="module")
def daemon(docker_daemon: Daemon) -> Iterator[Daemon]:
    with container(docker_daemon, NAME, options=("--tmpfs", "/small:size=64k,mode=755")):
        yield docker_daemon


@pytest.fixture(scope="module")
def host(daemon: Daemon) -> Iterator[Host]:
    with hand_on(Container(NAME, daemon.url))() as made:
        yield made


@pytest.fixture
def eyes(daemon: Daemon) -> Host:
    return look_at(Container(NAME, daemon.url))


def shell(daemon: Daemon, script: str) -> str:
    return daemon.docker("exec", NAME, "/bb/sh", "-ec", script)


@pytest.fixture
def place(daemon: Daemon) -> str:
    """An empty folder over there."""
    shell(daemon, "rm -rf /srv/x && mkdir /srv/x && printf hello > /srv/x/a")
    return "/srv/x"


def code_of(host: Host, change: FileWrite | FileDelete | FileMove | FileTruncate) -> str:
    with pytest.raises(HostError) as caught:
        host.change(change)
    return caught.value.code


# ---- ways that are not gone ------------------------------------------------------------------------------------------------------


def test_a_link_on_the_way_or_at_the_end_is_refused(daemon: Daemon, host: Host, place: str) -> None:
    shell(daemon, f"ln -s /etc {place}/way; ln -s /etc/hostname {place}/end; printf kept > /etc/victim")
    for change in (
        FileWrite(f"{place}/way/victim", b"x"),
        FileDelete(f"{place}/way/victim"),
        FileTruncate(f"{place}/end"),
    ):
        assert code_of(host, change) == "denied"
    with pytest.raises(HostError, match="a link on the way"):
        host.read(f"{place}/way/victim", 10)
    with pytest.raises(HostError, match="link"):
        host.read(f"{place}/end", 10)
    assert shell(daemon, "cat /etc/victim") == "kept"
    assert host.read(f"{place}/end", 0).info.target == "/etc/hostname"


@pytest.mark.parametrize(
    "how", ["chmod 1777 /srv/x", "chmod 777 /srv/x", "chown 1000 /srv/x", "chgrp 7 /srv/x; chmod 775 /srv/x"]
)
def test_where_others_can_rename_a_file_is_read_or_deleted_and_nothing_else(
    daemon: Daemon, host: Host, place: str, how: str
) -> None:
    shell(daemon, f"mkdir {place}/in && cp {place}/a {place}/in/a; {how}")
    for change in (FileWrite(f"{place}/a", b"x"), FileTruncate(f"{place}/a"), FileMove(f"{place}/a", f"{place}/b")):
        assert code_of(host, change) == "denied"
    with pytest.raises(HostError, match="a race cannot be excluded"):
        host.change(FileWrite(f"{place}/new", b"x"))
    assert host.read(f"{place}/a", 10).data == b"hello"
    assert code_of(host, FileDelete(f"{place}/in/a")) == "denied"  # others could put another folder there
    assert code_of(host, FileDelete(f"{place}/in")) == "denied"
    host.change(FileDelete(f"{place}/a"))
    assert [info.path for info in host.list(place, 9)] == [f"{place}/in"]


def test_a_link_that_its_owner_puts_there_meanwhile_is_not_followed(daemon: Daemon, place: str) -> None:
    """Whoever owns the folder changes the entry right after it was looked at."""
    shell(daemon, f"printf kept > /etc/victim; chown 1000 {place}")
    with hand_on(Container(NAME, daemon.url))() as host:
        exec_ = host.connection.exec

        def raced(argv: Sequence[str], stdin: bytes, seconds: float) -> tuple[int, bytes, bytes]:
            swaps = f"cd {place} && rm -f a && ln -s /etc/victim a" if "sh" in argv else "true"
            shell(daemon, swaps)
            return exec_(argv, stdin, seconds)

        plain = PlainHost(raced)
        for act in (lambda: plain.read(f"{place}/a", 10), lambda: plain.change(FileDelete(f"{place}/a"))):
            shell(daemon, f"cd {place} && rm -f a && printf hello > a")
            with pytest.raises(HostError, match="is another file now"):
                act()
    assert shell(daemon, "cat /etc/victim") == "kept"


def test_what_is_no_plain_file_with_one_name_is_left_alone(daemon: Daemon, host: Host, place: str) -> None:
    shell(daemon, f"mkfifo {place}/pipe; mkdir {place}/dir; ln {place}/a {place}/b")
    for name in ("pipe", "dir", "b"):
        with pytest.raises(HostError, match="denied"):
            host.read(f"{place}/{name}", 10)
        assert code_of(host, FileWrite(f"{place}/{name}", b"x")) == "denied"
    assert host.change(FileDelete(f"{place}/b")).bytes == 0


def test_a_databases_own_directory_is_known_by_its_content(daemon: Daemon, host: Host, place: str) -> None:
    shell(daemon, f"mkdir -p {place}/base; : > {place}/PG_VERSION; : > {place}/base/1")
    for path in (f"{place}/base/1", f"{place}/a"):
        with pytest.raises(NeverError, match="database"):
            host.change(FileDelete(path))


def test_odd_names_stay_single_arguments(daemon: Daemon, host: Host, place: str) -> None:
    odd = ["-rf", "$(touch hacked)", "a b", "'quote\"", "back\\slash", "semi;colon", "star*"]
    for name in odd:
        host.change(FileWrite(f"{place}/{name}", name.encode()))
        assert host.read(f"{place}/{name}", 99).data == name.encode()
    shell(daemon, f"printf x > {place}/'two\nlines'")
    listed = [info.path.removeprefix(f"{place}/") for info in host.list(place, 99)]
    assert listed == sorted(["a", *odd])
    for name in odd:
        host.change(FileDelete(f"{place}/{name}"))
    assert shell(daemon, f"ls -A {place} | head -n 1") == "a"


# ---- a change is whole, or did not happen ----------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file_whole(daemon: Daemon, host: Host) -> None:
    shell(daemon, "rm -rf /small/*; printf old > /small/file; chown 7:8 /small/file; chmod 640 /small/file")
    assert code_of(host, FileWrite("/small/file", b"x" * 200_000)) == "full"
    assert shell(daemon, "cat /small/file; ls -A /small; stat -c %a:%u:%g /small/file").split() == [
        "oldfile",
        "640:7:8",
    ]


def test_a_new_content_keeps_owner_and_mode(daemon: Daemon, host: Host, place: str) -> None:
    shell(daemon, f"chown 7:8 {place}/a; chmod 640 {place}/a")
    changed = host.change(FileWrite(f"{place}/a", bytes(range(256)) * 4000))
    assert (changed.before, changed.before_mode) == (b"hello", 0o640)
    assert shell(daemon, f"stat -c %a:%u:%g {place}/a; ls -A {place}") == "640:7:8\na"
    assert host.read(f"{place}/a", 1 << 21).sha256 == hashlib.sha256(bytes(range(256)) * 4000).hexdigest()


def test_a_deleted_file_that_is_still_open_is_emptied(daemon: Daemon, host: Host, place: str) -> None:
    shell(
        daemon, f"(exec 7>>{place}/gone; head -c 50000 /dev/zero >&7; rm {place}/gone; exec sleep 60) >/dev/null 2>&1 &"
    )
    holder = next(one for one in iter(lambda: _holder(host), None) if one)
    found = next(info for info in host.list(f"/proc/{holder}/fd", 99) if info.target == f"{place}/gone (deleted)")
    assert (found.size, found.links) == (50000, 0)
    assert host.change(FileTruncate(found.path)).bytes >= 50000
    assert next(info for info in host.list(f"/proc/{holder}/fd", 99) if info.path == found.path).size == 0
    assert code_of(host, FileTruncate(f"/proc/{holder}/fd/0")) == "denied"


def _holder(host: Host) -> int | None:
    found = [one.pid for one in host.processes() if one.argv == ("sleep", "60")]
    return found[0] if found else None


# ---- processes and commands -------------------------------------------------------------------------------------------------------


def test_a_process_cannot_pose_as_another(daemon: Daemon, host: Host) -> None:
    forged = "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"
    shell(daemon, f"(exec -a '{forged}\n' sleep 61) >/dev/null 2>&1 & true")
    table = host.processes()
    assert len({one.pid for one in table}) == len(table)
    assert [one.argv for one in table if one.pid == 1] == [("/bb/sleep", "100000")]


def test_a_command_that_runs_too_long_is_ended_with_all_that_it_started(host: Host) -> None:
    result = host.run(("/bin/sh", "-c", "sleep 77 & sleep 77"), 1, lambda _pid, _start: None)
    assert (result.timed_out, result.status) == (True, -9)
    left = [one for one in host.processes() if one.argv == ("sleep", "77") and one.state != "Z"]
    assert left == []


STUBBORN = ("/bin/sh", "-c", "trap '' TERM HUP INT; sleep 79 & sleep 79; sleep 79")


MASKED = ("-v", "/dev/null:/usr/bin/timeout:ro", "-v", f"/dev/null:{Path('/usr/bin/python3').resolve()}:ro")


def test_where_there_is_no_timeout_program_what_runs_too_long_is_ended_all_the_same(docker_daemon: Daemon) -> None:
    bare = Container("plain-bare", docker_daemon.url)
    with container(docker_daemon, bare.name, options=(*lent_python(), *MASKED)), hand_on(bare)() as host:
        assert host.run(("/bin/sh", "-c", "command -v timeout || command -v python3"), 5, nobody).status == 127
        assert host.run(("/bin/echo", "1"), 300, nobody) == CommandResult(0, "1\n", "")
        assert host.run(("/bin/sh", "-c", "exit 3"), 5, nobody).status == 3
        assert host.run(STUBBORN, 1, nobody).timed_out
        assert eventually(
            lambda: not [one.argv for one in host.processes() if one.name == "sleep" and one.state != "Z"][1:], 5
        )


@pytest.mark.needs("sshd", "sudo")
def test_what_runs_too_long_over_ssh_without_python_is_ended_and_called_so() -> None:
    with far_host(python=False) as far, ssh_host(far) as host:
        result = host.run(STUBBORN, 1, nobody)
        assert (result.timed_out, result.status) == (True, -9)
        assert not [command for command in far.commands() if command.startswith("sleep 79")]
        assert host.run(("/bin/sh", "-c", "kill -9 $$"), 5, nobody) == CommandResult(-9, "", "")


def test_nothing_runs_when_it_could_not_be_noted(host: Host, place: str) -> None:
    def full(_pid: int, _start: int) -> None:
        raise UnavailableError("the journal is full")

    with pytest.raises(UnavailableError, match="journal"):
        host.run(("/bin/touch", f"{place}/ran"), 5, full)
    assert [info.path for info in host.list(place, 9)] == [f"{place}/a"]


def test_a_flood_is_cut_and_a_daemon_that_holds_the_output_is_not_waited_for(host: Host) -> None:
    flood = host.run(("/bin/sh", "-c", "head -c 40000000 /dev/zero | tr '\\0' x"), 30, lambda _pid, _start: None)
    assert (flood.status, len(flood.out)) == (0, 65536)
    left = host.run(("/bin/sh", "-c", "setsid sleep 20 & echo up"), 10, lambda _pid, _start: None)
    assert (left.status, left.out, left.timed_out) == (0, "up\n", False)


def test_exit_codes_and_missing_programs(host: Host) -> None:
    assert host.run(("/bin/sh", "-c", "exit 3"), 5, lambda _pid, _start: None).status == 3
    for program, code in (("/bin/nosuch", "missing"), ("/etc/hostname", "denied"), ("relative", "denied")):
        with pytest.raises(HostError) as caught:
            host.run((program,), 5, lambda _pid, _start: None)
        assert caught.value.code == code


def test_a_signal_reaches_the_process_that_was_meant(daemon: Daemon, host: Host) -> None:
    shell(daemon, "sleep 78 >/dev/null 2>&1 & true")
    process = next(one for one in host.processes() if one.argv == ("sleep", "78"))
    host.change(ProcessSignal(process.pid, process.started, "KILL"))
    assert eventually(lambda: not [one for one in host.processes() if one.pid == process.pid and one.state != "Z"])
    with pytest.raises(NeverError):
        host.change(ProcessSignal(1, 1, "TERM"))


# ---- who looks has no rights ------------------------------------------------------------------------------------------------------


def test_the_eyes_may_not_change_and_not_see_what_is_roots(daemon: Daemon, eyes: Host, place: str) -> None:
    shell(daemon, f"chmod 600 {place}/a; mkdir -m 700 {place}/closed; : > {place}/closed/x")
    for change in (FileWrite(f"{place}/new", b"x"), FileDelete(f"{place}/a"), FileTruncate(f"{place}/a")):
        assert code_of(eyes, change) == "denied"
    for path in (f"{place}/a", f"{place}/closed/x"):
        with pytest.raises(HostError, match="denied"):
            eyes.read(path, 10)


# ---- a host that lies, or has nothing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"nonsense\n", b"81a4 0 0 1 x 0 0 0 0 /\n", b"zz 0 0 1 1 1 1 1 1 /\n"])
def test_what_stat_says_in_another_way_is_not_guessed(said: bytes) -> None:
    with pytest.raises(UnavailableError, match="stat"):
        PlainHost(lambda _argv, _stdin, _seconds: (0, said, b"")).read("/etc/hostname", 10)


def test_a_host_without_stat_is_not_looked_at() -> None:
    with pytest.raises(UnavailableError, match="no stat"):
        PlainHost(lambda _argv, _stdin, _seconds: (127, b"", b"env: stat: not found")).read("/etc/hostname", 10)


def test_a_forged_record_cannot_guess_the_word_between_processes() -> None:
    seen: list[bytes] = []

    def exec_(_argv: Sequence[str], stdin: bytes, _seconds: float) -> tuple[int, bytes, bytes]:
        seen.append(stdin)
        return 0, b"/proc/1 0\n" + b"0" * 32 + b"1 (x) S 0", b""

    assert processes(exec_) == ()
    assert processes(exec_) == ()
    assert len(set(seen)) == 2


def test_our_own_files_are_known_where_the_host_shares_them(tmp_path: Path, docker_daemon: Daemon) -> None:
    own = tmp_path / "own"
    own.mkdir(mode=0o755)
    (own / "key").write_text("secret", encoding="ascii")
    options = ("-v", f"{own}:/srv/log")
    listed = Container("plain-own", docker_daemon.url, protected=(own,))
    with container(docker_daemon, listed.name, options=options), hand_on(listed)() as host:
        for change in (FileDelete("/srv/log/key"), FileWrite("/srv/log/new", b"x"), FileTruncate("/srv/log/key")):
            with pytest.raises(NeverError, match="Nightshift's own"):
                host.change(change)
        with pytest.raises(NeverError, match="Nightshift's own"):
            host.read("/srv/log/key", 10)
    assert (own / "key").read_text(encoding="ascii") == "secret"
