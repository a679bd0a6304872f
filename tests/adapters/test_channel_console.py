"""The terminal as a terminal: a real pty, a real tmux, keys, and what a hostile text may not do to it."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from adapters import channel_console
from adapters.channel_console import ConsoleChannel, fold
from bot.messages import en
from core.card import Card, CardKind
from core.errors import UnavailableError
from core.message import Message
from tests.fakes.clock import FakeClock
from tests.source_tree import ROOT

PROPOSAL = Card("K7Q2MD:ask", CardKind.PROPOSAL, "i-1", "K7Q2MD")
OTHER = Card("ABCDEF:ask", CardKind.PROPOSAL, "i-2", "ABCDEF")
CHOICES = Card("PPPPPP:ask", CardKind.CHOICES, "i-3", "PPPPPP")


@dataclass
class Terminal:
    """A pty with the channel on its inner side; `keys` is a finger, `screen` an eye."""

    channel: ConsoleChannel
    outer: int
    inner: int

    def keys(self, text: str) -> None:
        os.write(self.outer, text.encode())

    def heard(self, wait: float = 2.0) -> str | None:
        message: Message | None = self.channel.receive(wait)
        return message.text if message else None

    def screen(self) -> str:
        shown = b""
        while select.select([self.outer], [], [], 0.1)[0]:
            shown += os.read(self.outer, 65536)
        return shown.decode()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setattr(channel_console, "_is_in_front", lambda _fd: True)
    outer, inner = pty.openpty()
    out = io.TextIOWrapper(os.fdopen(os.dup(inner), "wb", 0), encoding="utf-8", write_through=True)
    channel = ConsoleChannel(inner, out, FakeClock(), en.WORDS)
    yield Terminal(channel, outer, inner)
    channel.close()
    out.close()
    os.close(inner)
    os.close(outer)


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("y", "approve K7Q2MD"),
        ("p", "plan K7Q2MD"),
        ("d", "dry run K7Q2MD"),
        ("t", "take K7Q2MD"),
        ("s", "stop"),
        ("?", "help"),
    ],
)
def test_a_key_is_the_command_of_its_button_with_the_cards_id(terminal: Terminal, key: str, command: str) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.keys(key)
    assert terminal.heard() == command


def test_a_key_with_enter_is_the_same(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.keys("y\r")
    assert terminal.heard() == "approve K7Q2MD"


def test_no_asks_why_and_escape_takes_it_back(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.keys("n")
    assert terminal.heard(0.6) is None
    assert "Why not?" in terminal.screen()
    terminal.keys("\x1b")
    assert terminal.heard(0.3) is None
    terminal.keys("n")
    assert terminal.heard(0.6) is None
    terminal.keys("太危险\r")
    assert terminal.heard() == "reject K7Q2MD 太危险"


def test_a_word_that_begins_with_a_key_is_a_word(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.keys("sta")
    assert terminal.heard(0.6) is None
    terminal.keys("tux\x7fs\r")
    assert terminal.heard() == "status"


def test_a_card_that_came_up_under_the_finger_is_not_approved_by_the_first_press(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.channel.send("another", OTHER)
    terminal.keys("y")
    assert terminal.heard(0.6) is None
    assert "ABCDEF" in terminal.screen()
    terminal.keys("y")
    assert terminal.heard() == "approve ABCDEF"
    terminal.keys("y")
    assert terminal.heard() == "approve K7Q2MD"


def test_numbers_pick_only_from_choices(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.keys("2")
    assert terminal.heard(0.6) is None
    terminal.keys("\x15")
    terminal.channel.send("choices", CHOICES)
    time.sleep(channel_console.SETTLED)
    terminal.keys("2")
    assert terminal.heard() == "pick PPPPPP 2"


def test_without_an_open_card_a_yes_is_nothing_and_stop_still_stops(terminal: Terminal) -> None:
    terminal.channel.send("card", PROPOSAL)
    terminal.channel.send("over", Card("i-1:report", CardKind.REPORT, "i-1", "i-1"))
    terminal.keys("y")
    assert terminal.heard(0.6) is None
    assert "No open card" in terminal.screen()
    terminal.keys("s")
    assert terminal.heard() == "stop"


def test_what_was_typed_survives_a_card_that_comes_in_between(terminal: Terminal) -> None:
    terminal.keys("stat")
    assert terminal.heard(0.2) is None
    terminal.channel.send("card", PROPOSAL)
    assert terminal.screen().endswith("> stat")
    terminal.keys("us\r")
    assert terminal.heard() == "status"


def test_arrow_keys_and_letters_in_parts_do_no_harm(terminal: Terminal) -> None:
    terminal.keys("st\x1b[A\x1b[1;5Catus")
    assert terminal.heard(0.2) is None
    os.write(terminal.outer, "状态".encode()[:4])
    assert terminal.heard(0.2) is None
    os.write(terminal.outer, "状态".encode()[4:] + b"\r")
    assert terminal.heard() == "status状态"


def test_what_is_worked_on_shows_progress_after_a_second(terminal: Terminal) -> None:
    terminal.channel.send("repairing", Card("a", CardKind.ACTING, "i-1", "K7Q2MD"))
    assert terminal.heard(2.2) is None
    assert re.search(r"working … [12] s", terminal.screen())


def test_a_hostile_text_cannot_move_the_cursor_or_forge_colour(terminal: Terminal) -> None:
    terminal.screen()
    terminal.channel.send("head\x1b[2J\x1b]0;title\x07 [bold]x[/bold]\rgone", PROPOSAL)
    shown = terminal.screen()
    assert "\x1b[2J" not in shown
    assert "\x1b]0" not in shown
    assert "[bold]x[/bold]" in shown


def test_the_terminal_is_given_back_as_it_was() -> None:
    outer, inner = pty.openpty()
    before = termios.tcgetattr(inner)
    program = (
        "import os, sys\n"
        "from adapters.channel_console import ConsoleChannel\n"
        "from bot.messages import en\n"
        "from tests.fakes.clock import FakeClock\n"
        "os.setsid(); import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "c = ConsoleChannel(0, sys.stdout, FakeClock(), en.WORDS); assert c._has_keys; c.close()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdin=inner, stdout=inner, stderr=subprocess.PIPE, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    assert termios.tcgetattr(inner) == before
    os.close(inner)
    os.close(outer)


def test_when_the_input_ends_the_last_line_counts_and_the_channel_is_closed() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"status\nhelp")
    os.close(writing)
    channel = ConsoleChannel(reading, io.StringIO(), FakeClock(), en.WORDS)
    assert [getattr(channel.receive(1.0), "text", None) for _ in range(3)] == ["status", "help", None]
    assert not channel.is_open
    os.close(reading)


TALK = """
import sys
from adapters.channel_console import ConsoleChannel, fold
from bot.messages import en
from core.card import Card, CardKind
from tests.fakes.clock import FakeClock
channel = ConsoleChannel(0, sys.stdout, FakeClock(), en.WORDS)
channel.send("localhost: disk / 97% full - approve?\\n[K7Q2MD] 为什么", Card("a", CardKind.PROPOSAL, "i-1", "K7Q2MD"))
message = None
while message is None:
    message = channel.receive(1.0)
channel.send("HEARD " + message.text, Card("b", CardKind.REPLY, "", "b"))
channel.close()
"""


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_it_works_in_tmux(tmp_path: Path) -> None:
    script, server = tmp_path / "talk.py", f"nightshift-test-{os.getpid()}"

    def tmux(*arguments: str) -> str:
        command = ["tmux", "-L", server, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    script.write_text(TALK, encoding="utf-8")
    environment = f"PYTHONPATH={ROOT} LANG=C.UTF-8"
    tmux("-u", "new-session", "-d", "-x", "80", "-y", "24", f"{environment} {sys.executable} {script}; sleep 30")
    try:
        assert "approve?" in _until("approve?", lambda: tmux("capture-pane", "-p"))
        tmux("send-keys", "y")
        assert "HEARD approve K7Q2MD" in _until("HEARD", lambda: tmux("capture-pane", "-p"))
    finally:
        tmux("kill-server")


def _until(text: str, look: Callable[[], str]) -> str:
    deadline = time.monotonic() + 20
    while text not in (shown := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return shown


def test_a_reader_that_went_away_is_a_channel_that_is_gone_and_not_the_end() -> None:
    read, write = os.pipe()
    os.close(read)
    out = os.fdopen(write, "wb", buffering=0)
    lines = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    with Path(os.devnull).open("rb") as nobody:
        channel = ConsoleChannel(nobody.fileno(), lines, FakeClock(), en.WORDS)
        with pytest.raises(UnavailableError):
            channel.send("anything", Card("k", CardKind.NOTE, "", "s", "anything"))
        channel.close()
    lines.detach()
    out.close()


# ---- as wide as the terminal --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("Keep this terminal in sight.", "Keep this terminal\nin sight."),
        ("approve GVTFMC | stop", "approve GVTFMC |\nstop"),
        ("  undented", "  undented"),
        ("/a/path/longer/than/a/row x", "/a/path/longer/than/\na/row x"),
        ("y /a/path/longer/than/a/row", "y\n/a/path/longer/than/\na/row"),
        ("这一行比一行能放下的还要长得多", "这一行比一行能放下的\n还要长得多"),
        ("这一行正好放得下十个，标点不在行首", "这一行正好放得下十\n个，标点不在行首"),
        ("", ""),
    ],
)
def test_a_line_is_broken_between_words_and_before_wide_characters(line: str, rows: str) -> None:
    assert fold(line, 20) == rows


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=200), st.integers(20, 90))
def test_folding_loses_nothing_but_spaces_and_no_row_is_too_wide(line: str, columns: int) -> None:
    rows = fold(line, columns).split("\n")
    assert "".join("".join(rows).split()) == "".join(line.split())
    assert all(cell_len(row.rstrip()) <= columns for row in rows)
