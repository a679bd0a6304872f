"""Hands over SSH on a real far host: what is ended, what stays whole, what is refused, and what is left behind: nothing."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.host.far_source import far_source
from adapters.host.namespace import NamespaceHost
from adapters.host.process_table import started
from adapters.host.ssh import SshHost
from core.errors import NeverError, NightshiftError, UnavailableError
from core.host_change import FileDelete, FileMove, FileTruncate, FileWrite, ProcessSignal
from core.ports import Host
from core.skill import HostError
from tests.far.far_host import LOOK, FarHost, far_host
from tests.far.lines import hang_up, ssh_host
from tests.skills.patient import eventually

pytestmark = [pytest.mark.root, pytest.mark.needs("sshd", "sudo")]

HOME = "/home/hand"


def nobody(_pid: int, _started: int) -> None:
    """Who does not want to know which process it is."""


@pytest.fixture(scope="module")
def far() -> Iterator[FarHost]:
    with far_host() as made:
        made.sudoers(
            "hand ALL=(root) NOPASSWD: /usr/bin/id -u, /bin/sleep, /bin/sh", "Defaults:hand user_command_timeouts"
        )
        yield made


@pytest.fixture
def hand(far: FarHost) -> Iterator[SshHost]:
    with ssh_host(far, sudo=lambda argv: argv[0] != "/bin/echo") as host:
        yield host


@pytest.fixture
def plain_hand(far: FarHost) -> Iterator[SshHost]:
    with ssh_host(far) as host:
        yield host


def runs(far: FarHost, word: str) -> bool:
    return any(word in command for command in far.commands())


# ---- commands -----------------------------------------------------------------------------------------------------------------------


def test_words_arrive_exactly(plain_hand: SshHost) -> None:
    words = ("a b", "$(id)", "`id`", "", "-n", "'\"", "new\nline", "*", "\\", "ü")
    result = plain_hand.run(("/usr/bin/printf", "[%s]", *words), 5, nobody)
    assert result.out == "".join(f"[{word}]" for word in words)


def test_a_command_does_not_begin_before_it_was_noted(plain_hand: SshHost, far: FarHost) -> None:
    noted: list[bool] = []
    plain_hand.run(("/bin/touch", f"{HOME}/began"), 5, lambda _p, _s: noted.append("began" in far.shell(f"ls {HOME}")))
    assert noted == [False]
    assert "began" in far.shell(f"ls {HOME}")


def test_what_may_not_be_noted_never_begins(plain_hand: SshHost, far: FarHost) -> None:
    def full(_pid: int, _started: int) -> None:
        raise OSError("the journal is full")

    with pytest.raises(OSError, match="journal"):
        plain_hand.run(("/bin/touch", f"{HOME}/never"), 5, full)
    time.sleep(0.3)
    assert "never" not in far.shell(f"ls {HOME}")


def test_a_hanging_command_is_ended_over_there_with_all_it_started(plain_hand: SshHost, far: FarHost) -> None:
    result = plain_hand.run(("/bin/sh", "-c", "sleep 4801 & sleep 4802"), 0.5, nobody)
    assert result.timed_out
    assert not runs(far, "480")


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("use_pty", "sleep 4803"),
        ("!use_pty", "sleep 4803"),
        ("use_pty", "trap '' HUP TERM INT; sleep 4803; sleep 4804"),
    ],
)
def test_a_hanging_command_under_sudo_is_ended_too(how: str, what: str) -> None:
    with far_host() as far, ssh_host(far, sudo=lambda _: True) as host:
        far.sudoers(f"Defaults:hand {how}", "hand ALL=(root) NOPASSWD: /bin/sh")
        assert host.run(("/bin/sh", "-c", what), 1, nobody).timed_out
        assert eventually(lambda: not runs(far, "480"), 6), far.commands()


def test_what_cannot_be_stopped_is_not_called_stopped() -> None:
    with far_host() as far, ssh_host(far, sudo=lambda _: True) as host:
        far.sudoers("Defaults:hand !use_pty", "hand ALL=(root) NOPASSWD: /bin/sh")
        with pytest.raises(UnavailableError, match="could not be stopped"):
            host.run(("/bin/sh", "-c", "trap '' HUP TERM INT; sleep 4803; sleep 4804"), 1, nobody)


def test_sudo_says_what_it_does_not_allow_and_which_line_would(hand: SshHost) -> None:
    assert hand.run(("/usr/bin/id", "-u"), 5, nobody).out == "0\n"
    with pytest.raises(
        HostError, match=r"sudo on far does not allow: /usr/bin/id; `nightshift hosts add far`"
    ) as caught:
        hand.run(("/usr/bin/id",), 5, nobody)
    assert caught.value.code == "denied"


@pytest.mark.needs("nginx", "iptables")
@pytest.mark.parametrize("argv", [("/usr/sbin/nginx", "-t"), ("/usr/sbin/iptables", "-S", "INPUT")], ids=" ".join)
@pytest.mark.parametrize("python", [True, False], ids=["Python", "none"])
def test_what_only_root_is_told_is_no_answer_for_who_looks(argv: tuple[str, ...], python: bool) -> None:
    with far_host(python=python) as far, ssh_host(far, LOOK) as look:
        far.shell("chmod 700 /etc/nginx")
        with pytest.raises(HostError, match="on far only root gets an answer from") as refused:
            look.run(argv, 10, nobody)
        assert refused.value.code == "denied"
        assert look.run(("/bin/ls", "/root/no"), 5, nobody).status != 0


def test_what_fails_under_sudo_is_no_refusal(hand: SshHost) -> None:
    result = hand.run(("/bin/sh", "-c", "echo sudo: nothing >&2; exit 1"), 5, nobody)
    assert (result.status, result.err) == (1, "sudo: nothing\n")


def test_a_hundred_megabytes_are_capped_over_there(plain_hand: SshHost) -> None:
    result = plain_hand.run(("/usr/bin/head", "-c", "100000000", "/dev/zero"), 20, nobody)
    assert (result.status, len(result.out)) == (0, 64 * 1024)


def in_the_middle(host: Host, argv: tuple[str, ...], then: Callable[[], object]) -> list[Exception]:
    """Runs a command, does something while it runs; what the runner saw."""
    seen: list[Exception] = []
    has_begun = threading.Event()

    def run() -> None:
        try:
            host.run(argv, 30, lambda _p, _s: has_begun.set())
        except (NightshiftError, HostError) as error:
            seen.append(error)

    runner = threading.Thread(target=run)
    runner.start()
    assert has_begun.wait(10)
    time.sleep(0.3)
    then()
    runner.join(20)
    assert not runner.is_alive()
    return seen


def test_a_helper_that_is_killed_in_the_middle_leaves_the_end_unknown_and_nothing_running(
    plain_hand: SshHost, far: FarHost
) -> None:
    seen = in_the_middle(plain_hand, ("/bin/sleep", "4805"), lambda: far.shell("pkill -9 -u hand python3"))
    assert [type(error) for error in seen] == [UnavailableError]
    assert eventually(lambda: not runs(far, "4805"))
    assert plain_hand.run(("/bin/echo", "back"), 5, nobody).out == "back\n"


def test_under_sudo_it_ends_with_the_helper_too(hand: SshHost, far: FarHost) -> None:
    seen = in_the_middle(hand, ("/bin/sleep", "4806"), lambda: far.shell("pkill -9 -u hand python3"))
    assert [type(error) for error in seen] == [UnavailableError]
    assert eventually(lambda: not runs(far, "4806"))


def test_when_the_line_is_lost_what_ran_is_ended(plain_hand: SshHost, far: FarHost) -> None:
    seen = in_the_middle(plain_hand, ("/bin/sleep", "4807"), lambda: hang_up(plain_hand))
    assert [type(error) for error in seen] == [UnavailableError]
    assert eventually(lambda: not runs(far, "4807"))


# ---- files --------------------------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file_whole(plain_hand: SshHost, far: FarHost) -> None:
    far.shell(f"mkdir -p {HOME}/small && mount -t tmpfs -o size=100k,uid=2002,mode=700 t {HOME}/small")
    plain_hand.change(FileWrite(f"{HOME}/small/a", b"o" * 60_000))
    with pytest.raises(HostError) as caught:
        plain_hand.change(FileWrite(f"{HOME}/small/a", b"n" * 60_000))
    assert caught.value.code == "full"
    assert plain_hand.read(f"{HOME}/small/a", 1 << 20).data == b"o" * 60_000
    assert far.shell(f"ls -A {HOME}/small") == "a\n"
    far.shell(f"umount {HOME}/small")


def test_a_deleted_file_is_emptied_through_who_holds_it_open(plain_hand: SshHost, far: FarHost) -> None:
    far.shell(
        f"setpriv --reuid 2002 --regid 2002 --clear-groups sh -c 'exec 9>>{HOME}/held.log; head -c 90000 /dev/zero >&9;"
        f" rm {HOME}/held.log; echo $$ > {HOME}/pid; exec sleep 4808' >/dev/null 2>&1 &"
    )
    assert eventually(lambda: runs(far, "sleep 4808"))
    pid = far.shell(f"cat {HOME}/pid").strip()
    info = plain_hand.read(f"/proc/{pid}/fd/9", 0).info
    assert (info.links, info.size) == (0, 90000)
    assert plain_hand.change(FileTruncate(f"/proc/{pid}/fd/9")).bytes >= 90000
    assert plain_hand.read(f"/proc/{pid}/fd/9", 0).info.size == 0
    with pytest.raises(HostError, match="not a deleted file"):
        plain_hand.change(FileTruncate(f"/proc/{pid}/fd/0"))
    process = next(one for one in plain_hand.processes() if one.pid == int(pid))
    plain_hand.change(ProcessSignal(process.pid, process.started, "TERM"))
    assert eventually(lambda: not runs(far, "sleep 4808"))


def test_a_databases_own_directory_is_known_by_what_it_holds(plain_hand: SshHost, far: FarHost) -> None:
    far.shell(
        f"mkdir -p {HOME}/data/base && echo 15 > {HOME}/data/PG_VERSION && echo x > {HOME}/data/base/1 && chown -R hand {HOME}/data"
    )
    for change in (
        FileDelete(f"{HOME}/data/base/1"),
        FileWrite(f"{HOME}/data/new", b""),
        FileTruncate(f"{HOME}/data/base/1"),
    ):
        with pytest.raises(NeverError, match="PG_VERSION"):
            plain_hand.change(change)


def test_nightshifts_own_is_known_on_its_own_machine_whatever_it_is_called_there(far: FarHost) -> None:
    far.write("/srv/ours/data", "x")
    own = Path(f"/proc/{far.enter.pid}/root/srv/ours")
    with ssh_host(far, protected=(own,)) as host, pytest.raises(NeverError, match="Nightshift's own"):
        host.read("/srv/ours/data", 10)


def test_who_only_looks_changes_nothing(far: FarHost) -> None:
    with ssh_host(far, LOOK) as look:
        assert look.identity()[2] == 2001
        for change in (FileWrite("/srv/x", b""), FileDelete(f"{HOME}/.profile"), FileTruncate("/var/log/nothing")):
            with pytest.raises((HostError, NeverError)):
                look.change(change)


def test_nothing_of_ours_is_left_on_its_disk() -> None:
    with far_host() as far, ssh_host(far) as host:
        before = far.shell("find /etc /run /srv /var/log /var/lib /tmp /home -type f -newer /etc/sudoers | sort")
        host.read("/etc/hostname", 10)
        host.run(("/bin/echo", "hi"), 5, nobody)
        with suppress(HostError):
            host.change(FileDelete(f"{HOME}/nothing"))
        host.close()
        hang_up(host)
        assert (
            far.shell("find /etc /run /srv /var/log /var/lib /tmp /home -type f -newer /etc/sudoers | sort") == before
        )
        assert eventually(lambda: not runs(far, "python3 -I"))


def test_the_text_that_is_sent_reads_as_python_3_7() -> None:
    text = far_source("helper")
    tree = ast.parse(text, feature_version=(3, 7))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "typing", "pathlib", "collections.abc"}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not attributes & {
        "removeprefix",
        "removesuffix",
        "waitstatus_to_exitcode",
        "is_relative_to",
        "prod",
        "cache",
    }


# ---- the same walls as here -----------------------------------------------------------------------------------------------------------

TREE = f"""cd {HOME} && rm -rf walls && mkdir -p walls/dir/inner walls/db && cd walls
echo text > file; echo inner > dir/inner/file; ln -s file link; ln -s dir way; ln file hard; ln -s /etc out; mkfifo pipe; ln -s nowhere gone
echo 1 > db/PG_VERSION; echo row > db/1; chown -hR hand {HOME}/walls"""
NAMES = (
    "file",
    "dir",
    "inner",
    "link",
    "way",
    "hard",
    "out",
    "pipe",
    "gone",
    "db",
    "1",
    "none",
    ".ssh",
    "x.pem",
    "..",
    ".",
    "",
    "PG_VERSION",
)


@pytest.fixture(scope="module")
def both(far: FarHost) -> Iterator[tuple[Host, Host]]:
    near = NamespaceHost(far.enter.pid, started(far.enter.pid) or 0)
    with ssh_host(far) as over_there:
        yield near, over_there
    near.close()


def outcome(host: Host, path: str, what: str) -> tuple[str, ...]:
    """What comes of it, without the words for people."""
    acts: dict[str, Callable[[], object]] = {
        "read": lambda: host.read(path, 100).data,
        "look": lambda: host.read(path, 0).info,
        "list": lambda: host.list(path, 100),
        "write": lambda: host.change(FileWrite(path, b"new")),
        "delete": lambda: host.change(FileDelete(path)),
        "truncate": lambda: host.change(FileTruncate(path)),
        "move": lambda: host.change(FileMove(path, f"{HOME}/walls/moved")),
    }
    try:
        return "done", str(acts[what]())
    except HostError as error:
        return "host", error.code
    except NightshiftError as error:
        return "nightshift", type(error).__name__


@settings(max_examples=120)
@given(
    names=st.lists(st.sampled_from(NAMES), max_size=4),
    what=st.sampled_from(["read", "look", "list", "write", "delete", "truncate", "move"]),
)
def test_over_there_the_walls_stand_where_they_stand_here(
    far: FarHost, both: tuple[Host, Host], names: list[str], what: str
) -> None:
    path = "/".join([f"{HOME}/walls", *names])
    outcomes = []
    for host in both:
        far.shell(TREE)
        outcomes.append(without_times(outcome(host, path, what)))
    assert outcomes[0] == outcomes[1]


def without_times(words: tuple[str, ...]) -> tuple[str, ...]:
    """The two looks are at trees that were made one after the other."""
    return tuple(" ".join(part for part in word.split(", ") if not part.startswith("mtime=")) for word in words)
