"""The line to a far host: whose key it is, who is let in, and what is said when it cannot be had, on a real sshd."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.host.far_program import FarProgram
from adapters.host.ssh_connection import HostKeyError, RefusedKeyError, SshConnection, Talk, host_key_of
from core.errors import InvalidError, UnavailableError
from tests.far.far_host import FarHost, far_host
from tests.far.lines import address_of, loop_on_a_thread, ssh_host
from tests.skills.patient import eventually

pytestmark = [pytest.mark.root, pytest.mark.needs("sshd", "sudo")]

ECHO = """
import json, sys
print('{"ready": true}', flush=True)
for line in iter(sys.stdin.buffer.readline, b""):
    print(json.dumps({"ok": json.loads(line)}), flush=True)
"""


def saying(*lines: str) -> str:
    """A program that gives these answers, each a Python expression for the text, whatever it is asked."""
    said = "".join(f"sys.stdin.buffer.readline(); print({line}, flush=True)\n" for line in lines)
    return f"import sys, time\nprint('{{\"ready\": true}}', flush=True)\n{said}time.sleep(60)\n"


@pytest.fixture(scope="module")
def far() -> Iterator[FarHost]:
    with far_host() as made:
        yield made


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with loop_on_a_thread() as made:
        yield made


@pytest.fixture
def line(far: FarHost, loop: asyncio.AbstractEventLoop) -> Iterator[SshConnection]:
    made = SshConnection(loop, address_of(far))
    yield made
    made.close()


def test_a_key_that_is_not_let_in_is_said_so(far: FarHost, loop: asyncio.AbstractEventLoop) -> None:
    wrong = SshConnection(loop, replace(address_of(far), key_file=far.look_key))
    with pytest.raises(
        RefusedKeyError, match=r"far lets nobody in as hand with the key .*look_key; see `nightshift hosts add far`"
    ):
        wrong.check()


def test_a_user_that_is_not_there_is_refused_like_a_key(far: FarHost, loop: asyncio.AbstractEventLoop) -> None:
    with pytest.raises(RefusedKeyError, match="lets nobody in as nobody-here"):
        SshConnection(loop, replace(address_of(far), user="nobody-here")).check()


def test_a_key_file_that_is_none_is_named(far: FarHost, loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_text("no key")
    with pytest.raises(RefusedKeyError, match="junk"):
        SshConnection(loop, replace(address_of(far), key_file=junk)).check()
    with pytest.raises(UnavailableError, match="absent"):
        SshConnection(loop, replace(address_of(far), key_file=tmp_path / "absent")).check()


@pytest.mark.parametrize("content", [None, "", "[127.0.0.1]:1 ssh-ed25519 AAAA\n"])
def test_a_host_that_nobody_pinned_is_not_believed(
    far: FarHost, loop: asyncio.AbstractEventLoop, tmp_path: Path, content: str | None
) -> None:
    known = tmp_path / "known_hosts"
    [known.write_text(text) for text in (content,) if text is not None]
    with pytest.raises(UnavailableError, match=r"not known|no file of host keys"):
        SshConnection(loop, replace(address_of(far), known_hosts=known)).check()


def test_a_changed_host_key_is_never_accepted_and_both_are_named(loop: asyncio.AbstractEventLoop) -> None:
    with far_host() as far:
        line = SshConnection(loop, address_of(far))
        line.check()
        before = host_key_of(loop, line.address)
        assert far.known_hosts.read_text().strip().startswith(before.line)
        far.change_host_key()
        with pytest.raises(
            HostKeyError, match=r"CHANGED from SHA256:.* to SHA256:.*`nightshift hosts trust far`"
        ) as caught:
            line.check()
        now = host_key_of(loop, line.address)
        assert (caught.value.known, caught.value.offered) == ((before.fingerprint,), now.fingerprint)
        assert now.fingerprint != before.fingerprint
        far.shell("rm /etc/ssh/host_key* && ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/host_key")
        far.stop()
        far.start()
        other = SshConnection(loop, line.address)
        with pytest.raises(HostKeyError, match="CHANGED"):
            other.check()


class Belated(SshConnection):
    """One that gets to speak only when the other side has ended already."""

    async def talk(self, command: str, most: int) -> Talk:
        """See `SshConnection`."""
        made = await super().talk(command, most)
        await made.end()
        return made


@pytest.mark.parametrize("stdin", [b"", b"never read"])
def test_a_command_that_ended_before_it_was_spoken_to_has_its_status(
    far: FarHost, loop: asyncio.AbstractEventLoop, stdin: bytes
) -> None:
    line = Belated(loop, address_of(far))
    assert line.exec(("sh", "-c", "echo out; exit 3"), stdin, 5) == (3, b"out\n", b"")
    line.close()


def test_a_host_that_is_down_is_said_so_and_is_back_when_it_is_back() -> None:
    with far_host() as far, ssh_host(far) as host:
        assert host.run(("/bin/echo", "1"), 5, lambda _p, _s: None).out == "1\n"
        far.stop()
        with pytest.raises(UnavailableError):
            host.read("/etc/hostname", 10)
        with pytest.raises(UnavailableError, match=rf"far cannot be reached at 127.0.0.1:{far.port}: "):
            host.read("/etc/hostname", 10)
        far.start()
        time.sleep(0.6)
        assert host.run(("/bin/echo", "2"), 5, lambda _p, _s: None).out == "2\n"


def test_a_program_is_kept_and_several_questions_have_several_processes(line: SshConnection) -> None:
    program = FarProgram(line, ECHO)
    assert [program.ask({"n": n}, 5) for n in range(3)] == [{"n": 0}, {"n": 1}, {"n": 2}]
    program.close()


def test_a_login_shell_that_talks_and_dawdles_costs_only_once() -> None:
    with far_host() as far:
        far.write("/home/hand/.bashrc", "echo welcome to the machine; sleep 0.7\n")
        with ssh_host(far) as host:
            host.read("/etc/hostname", 10)
            began = time.perf_counter()
            host.read("/etc/hostname", 10)
            assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "said",
    [
        "'no json'", "'[1, 2]'", "'{}'", "'{\"error\": 7}'", "'{\"error\": []}'", "'{\"error\": [1, 2]}'",
        "'{\"error\": [\"host\", \"odd\", \"x\"]}'",
        "'{\"ok\": NaN}'", "'[' * 100000", "'x' * 9000000", "'{\"ok\": \"\\\\ud800\"}'",
        "'{\"error\": [\"unknown\", \"x\"]}'", "'{\"hello\": [1, 2]}'",
        "'\\xff'",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_unavailable_and_nothing_worse(line: SshConnection, said: str) -> None:
    program = FarProgram(line, saying(said))
    with pytest.raises(UnavailableError):
        program.ask({}, 10)
    program.close()


def test_a_refusal_keeps_its_class_but_no_terminal_tricks(line: SshConnection) -> None:
    program = FarProgram(line, saying('\'{"error": ["invalid", "red \\\\u001b[31m"]}\''))
    with pytest.raises(InvalidError, match=r"^red  \[31m$"):
        program.ask({}, 10)
    program.close()


def test_what_was_said_unasked_is_no_answer_to_the_next_question(line: SshConnection) -> None:
    program = FarProgram(line, saying('\'{"ok": 1}\\n{"ok": "forged"}\'', "'{\"ok\": 2}'"))
    assert [program.ask({}, 10), program.ask({}, 10)] == [1, 1]
    program.close()


def test_a_program_that_does_not_answer_is_given_up(line: SshConnection) -> None:
    program = FarProgram(line, saying())
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=r"far did not answer within 0\.5 seconds"):
        program.ask({}, 0.5)
    assert time.monotonic() - began < 5


def test_words_arrive_exactly_through_the_login_shell_too(line: SshConnection) -> None:
    words = ("a b", "$(id)", "`id`", "", "-n", "'\"", "new\nline", "*", "\\", "!x", "ü")
    status, out, _ = line.exec(("/usr/bin/printf", "[%s]", *words), b"", 5)
    assert (status, out.decode()) == (0, "".join(f"[{word}]" for word in words))
    assert line.exec(("/bin/cat",), b"stdin\0\n", 5) == (0, b"stdin\0\n", b"")


def test_a_command_through_the_login_shell_is_ended_over_there(line: SshConnection, far: FarHost) -> None:
    assert line.exec(("/bin/sleep", "4711"), b"", 1)[0] == 124
    assert not [command for command in far.commands() if "4711" in command]


def test_a_host_that_talks_without_end_is_hung_up_on(loop: asyncio.AbstractEventLoop) -> None:
    endless = saying("'{\"ok\": 1}'").replace("time.sleep(60)", "time.sleep(0.2)\nwhile True: print('4711 ' * 1000)")
    with far_host() as far:
        connection = SshConnection(loop, address_of(far))
        program = FarProgram(connection, endless)
        assert program.ask({}, 10) == 1
        assert eventually(lambda: not [command for command in far.commands() if "python3 -I" in command])
        program.close()
        connection.close()


# ---- a stranger at the other end ---------------------------------------------------------------------------------------------------


def test_what_a_login_shell_says_first_is_no_part_of_a_commands_output() -> None:
    with far_host(python=False) as far:
        far.write("/home/hand/.bashrc", "echo welcome; echo 'No such file' >&2; printf '\\033[2J'\n")
        far.shell("echo content > /srv/file; chmod 644 /srv/file")
        with ssh_host(far) as host:
            assert host.read("/srv/file", 100).data == b"content\n"
            assert host.run(("/bin/echo", "1"), 5, lambda _p, _s: None).out == "1\n"


@pytest.mark.parametrize("has_python", [True, False], ids=["Python", "none"])
@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("usermod -s /usr/sbin/nologin hand", "This account is currently not available"),
        ('sed -i \'s,^restrict,restrict\\,command="echo hello \\\\"$USER\\\\"",\' /etc/ssh/keys/hand', "hello"),
        ("usermod -s /bin/false hand", ""),
        ("usermod -s /no/such/shell hand", ""),
        ("usermod -s /bin/cat hand", ""),
    ],
    ids=["nologin", "forced command", "false", "missing", "cat"],
)
def test_a_user_who_may_run_nothing_is_told_so(how: str, says: str, has_python: bool) -> None:
    with far_host(python=has_python) as far:
        far.shell(how)
        with ssh_host(far) as host, pytest.raises(UnavailableError, match=f"far.*{says}") as refused:
            host.read("/etc/hostname", 10)
        assert refused.value.message.isprintable()


def test_a_second_kind_of_host_key_is_no_change_of_the_first(loop: asyncio.AbstractEventLoop) -> None:
    with far_host() as far:
        far.shell("ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/host_rsa")
        far.shell("echo 'HostKey /etc/ssh/host_rsa' >> /etc/ssh/sshd_config")
        kind, key = far.shell("cat /etc/ssh/host_rsa.pub").split()[:2]
        far.known_hosts.write_text(f"[127.0.0.1]:{far.port} {kind} {key}\n")
        far.stop()
        far.start()
        line = SshConnection(loop, address_of(far))
        assert line.exec(("id", "-u"), b"", 5)[1] == b"2002\n"
        assert f" {kind} {key}" in host_key_of(loop, address_of(far)).line
        line.close()
        far.shell("sed -i '/host_rsa/d' /etc/ssh/sshd_config")
        far.stop()
        far.start()
        with pytest.raises(HostKeyError, match="CHANGED"):
            line.check()


@pytest.mark.parametrize(
    "text", ["", "garbage\n", "@revoked * ssh-ed25519 AAAA\n", "\x00\xff\n", "@cert-authority * x y\n"]
)
def test_a_book_of_host_keys_that_says_nothing_of_use_lets_nobody_in(
    far: FarHost, loop: asyncio.AbstractEventLoop, tmp_path: Path, text: str
) -> None:
    (tmp_path / "book").write_text(text)
    for book in (tmp_path / "book", tmp_path):
        with pytest.raises(UnavailableError) as refused:
            SshConnection(loop, replace(address_of(far), known_hosts=book)).check()
        assert refused.value.message.isprintable()


class Stranger:
    """Speaks on a port, and is no sshd."""

    def __init__(self, said: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._said, self._open = said, list[socket.socket]()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._open.append(line)
                line.sendall(self._said)


GOODBYE = b"SSH-2.0-x\r\n\x00\x00\x00\x30\x04\x01\x00\x00\x00\x02\x00\x00\x00\x0e\x1b[2Jgo away\n!!" + b"\x00" * 40


@pytest.mark.parametrize(
    "said",
    [
        b"", b"\x1b[2J\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\x1b[31m\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 70000,
        b"x" * 500_000, b"SSH-1.5-old\r\n", GOODBYE,
    ],
    ids=["silence", "escape", "web", "odd version", "garbage", "flood", "old", "goodbye"],
)  # fmt: skip
def test_what_is_no_ssh_server_is_one_plain_sentence_in_bounded_time(
    far: FarHost, loop: asyncio.AbstractEventLoop, tmp_path: Path, said: bytes
) -> None:
    stranger = Stranger(said)
    book = tmp_path / "book"
    book.write_text(far.known_hosts.read_text().replace(str(far.port), str(stranger.port)))
    began = time.perf_counter()
    with pytest.raises(UnavailableError) as refused:
        SshConnection(loop, replace(address_of(far), port=stranger.port, known_hosts=book)).check()
    stranger.close()
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 400
    assert time.perf_counter() - began < 21


SHELLS = [("fish", True), ("fish", False), ("dash", True), ("dash", False), ("tcsh", True)]


@pytest.mark.parametrize(("shell", "python"), SHELLS)
def test_other_login_shells_are_another_way_to_the_same_words(shell: str, python: bool) -> None:
    with far_host(python=python) as far, ssh_host(far) as host:
        far.shell(f"usermod -s {program(shell)} hand; chmod 755 /srv")
        far.write("/srv/file", "it is \\n 100% !x\n")
        assert host.read("/srv/file", 100).data == b"it is \\n 100% !x\n"
        words = ("/bin/echo", "a b", "'", '"', "$HOME", "!!", "*", "\\", "#", "a\nb")
        assert host.run(words, 5, lambda _p, _s: None).out == " ".join(words[1:]) + "\n"


@pytest.mark.parametrize(
    ("shell", "python", "says"),
    [("tcsh", False, "Unmatched"), ("rbash", False, "restricted"), ("rbash", True, "restricted")],
)
def test_a_login_shell_that_cannot_carry_our_words_is_named_in_one_sentence(
    shell: str, python: bool, says: str
) -> None:
    with far_host(python=python) as far, ssh_host(far) as host:
        far.shell(f"usermod -s {program(shell)} hand")
        with pytest.raises(UnavailableError, match=f"far.*it sa(?:ys|id): .*{says}"):
            host.read("/etc/hostname", 100)


def program(shell: str) -> str:
    """Where it is, or a skipped test."""
    found = shutil.which(shell)
    return found or pytest.skip(f"needs {shell}")
