"""The line to a far host: whose key it is, who is let in, and what is said when it cannot be had, on a real sshd."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.host.far_program import FarProgram
from adapters.host.ssh_connection import HostKeyError, RefusedKeyError, SshConnection, host_key_of
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
        program = FarProgram(SshConnection(loop, address_of(far)), endless)
        assert program.ask({}, 10) == 1
        assert eventually(lambda: not [command for command in far.commands() if "python3 -I" in command])
        program.close()
