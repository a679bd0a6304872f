"""Port Channel on this machine's terminal: coloured cards, single keys on the newest open one, typed lines from a pipe."""

from __future__ import annotations

import codecs
import errno
import getpass
import os
import re
import select
import shutil
import termios
import threading
import time
import tty
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from core.card import Card, CardKind
from core.errors import UnavailableError
from core.message import Message
from core.ports import Clock

CHANNEL = "console"
KEY_PAUSE = 0.35
"""Seconds without a further letter after which a single letter is a key and not the beginning of a word."""
SETTLED = 1.0
"""Seconds that a card must have been on the screen for a yes to mean it, when another was there before it."""

LEAST_COLUMNS = 20
"""Narrower than this nothing is broken between words."""
_ATOM = re.compile(r"(?:[\x21-\x7e]+|[^\x21-\x7e])[，。；：、！？）”…]* *")
"""What stays together: an ASCII word, or one character of any other script, with the marks and spaces after it."""

_COLOURS = {
    CardKind.PROPOSAL: "bold yellow",
    CardKind.CHOICES: "bold yellow",
    CardKind.QUESTION: "bold yellow",
    CardKind.REMINDER: "bold magenta",
    CardKind.ALERT: "bold red",
    CardKind.STOPPED: "bold red",
    CardKind.ACTING: "bold cyan",
    CardKind.REPORT: "bold green",
    CardKind.DECIDED: "bold blue",
}
_OPENS = frozenset({CardKind.PROPOSAL, CardKind.CHOICES, CardKind.QUESTION, CardKind.REMINDER})
_NUMBERED = frozenset({CardKind.CHOICES, CardKind.QUESTION})
_ON_CARD = {"y": "approve {id}", "p": "plan {id}", "d": "dry run {id}", "t": "take {id}"}
_ALWAYS = {"s": "stop", "?": "help", "h": "help"}
_ENDS_CARD = frozenset("yt123456789")


@dataclass(slots=True)
class _Shown:
    """An open card on the screen: a number key picks from it where it offers choices."""

    id: str
    thread: str
    has_choices: bool
    at: float


class _PlainConsole(Console):
    """A console whose reader going away is an error like any other; Rich would end the process."""

    def on_broken_pipe(self) -> None:
        """Raised on to whoever prints."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class ConsoleChannel:
    """The terminal. It turns a key into the command of the button it stands for, with the card's id; it decides nothing.

    `words` are the sentences `console.*` of bot/messages. Call `close` at the end: it gives the terminal back as it was.
    """

    def __init__(self, stdin: int, out: TextIO, clock: Clock, words: Mapping[str, str]) -> None:
        self._fd, self._out, self._clock, self._words = stdin, out, clock, words
        self._account, self._session = f"os:{os.geteuid()}", uuid.uuid4().hex[:12]
        self._count = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._screen = threading.RLock()
        self._buffer, self._escape = "", ""
        self._reason_for: _Shown | None = None
        self._lines: list[str] = []
        self._open: list[_Shown] = []
        self._letter_at, self._busy_since = 0.0, 0.0
        self._busy_thread = ""
        self.is_open = True
        self._has_keys = os.isatty(stdin) and _is_in_front(stdin)
        self._console = _PlainConsole(file=out, highlight=False, markup=False, emoji=False)
        self._before = termios.tcgetattr(stdin) if self._has_keys else None
        self._is_listening = False
        if self._has_keys:
            tty.setcbreak(stdin)

    @property
    def greeting(self) -> str:
        """Who sits here, for the first line of `up`."""
        return f"{getpass.getuser()} ({self._account})"

    @property
    def has_typed(self) -> bool:
        """True while lines wait to be received, also after the input has ended."""
        return bool(self._lines)

    def close(self) -> None:
        """Gives the terminal back as it was."""
        with self._screen:
            if self._before is not None:
                self._wipe()
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
                self._before, self._has_keys = None, False
            self.is_open = False

    # ---- receive ----------------------------------------------------------------------------------------------------------------

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`."""
        deadline = time.monotonic() + wait
        if not self._is_listening:
            with self._screen:
                self._is_listening = True
                self._draw()
        while not self._lines:
            left = deadline - time.monotonic()
            if self._is_letter_due():
                self._press_letter()
            elif left <= 0:
                return None
            else:
                self._read(min(left, KEY_PAUSE if self._letter_at else left, 1.0))
        self._count += 1
        text = self._lines.pop(0)
        return Message(f"{self._session}-{self._count}", CHANNEL, self._account, text, "", self._clock.now())

    def _read(self, wait: float) -> None:
        if not self.is_open:
            threading.Event().wait(wait)
            return
        ready, _, _ = select.select([self._fd], [], [], wait)
        if not ready:
            self._tick()
            return
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            data = b""
        self._feed(self._decoder.decode(data, final=not data))
        if not data:
            self.is_open = False
            self._finish_line()

    def _feed(self, text: str) -> None:
        with self._screen:
            if text == "\x1b" and self._reason_for is not None:
                self._open.append(self._reason_for)
                self._reason_for = None
            for letter in text:
                self._letter_at = 0.0
                self._take(letter)
            is_key = self._has_keys and not self._reason_for and len(self._buffer) == 1 and self._is_key(self._buffer)
            self._letter_at = time.monotonic() if is_key else 0.0
            self._draw()

    def _take(self, letter: str) -> None:
        """One letter of input; arrow keys and the like are escape sequences, which are passed over."""
        if self._escape and (len(self._escape) > 1 or letter in "[O"):
            is_over = len(self._escape) > 1 and (letter.isalpha() or letter == "~")
            self._escape = "" if is_over else self._escape + letter
            return
        self._escape = ""
        if letter in "\r\n":
            self._finish_line()
        elif not self._has_keys or letter.isprintable():
            self._buffer += letter
        else:
            self._edit(letter)

    def _edit(self, letter: str) -> None:
        """Control keys: delete, delete all, end of input, the beginning of an escape sequence."""
        if letter in "\x7f\b":
            self._buffer = self._buffer[:-1]
        elif letter == "\x15":
            self._buffer = ""
        elif letter == "\x04" and not self._buffer:
            self.is_open = False
        elif letter == "\x1b":
            self._escape = "\x1b"

    def _finish_line(self) -> None:
        line, self._buffer, self._escape = self._buffer.strip(), "", ""
        if self._reason_for:
            self._say(f"reject {self._reason_for.id} {line}".strip())
            self._reason_for = None
        elif self._has_keys and len(line) == 1 and self._is_key(line):
            self._press(line)
        elif line:
            self._say(line)

    def _say(self, line: str) -> None:
        with self._screen:
            if self._has_keys:
                self._wipe()
                self._out.write(f"{self._words['console.prompt']}{line}\n")
            self._lines.append(line)

    # ---- keys -------------------------------------------------------------------------------------------------------------------

    def _is_key(self, letter: str) -> bool:
        picks = self._open and self._open[-1].has_choices and letter in "123456789"
        return bool(letter in _ON_CARD or letter in _ALWAYS or letter == "n" or picks)

    def _is_letter_due(self) -> bool:
        return bool(self._letter_at) and time.monotonic() - self._letter_at >= KEY_PAUSE

    def _press_letter(self) -> None:
        with self._screen:
            letter, self._buffer, self._letter_at = self._buffer, "", 0.0
            self._press(letter)
            self._draw()

    def _press(self, letter: str) -> None:
        """A key is the command of its button, with the id of the card that the person saw."""
        if letter in _ALWAYS:
            self._say(_ALWAYS[letter])
            return
        if not self._open:
            self._note(self._words["console.nothing"])
            return
        card = self._open[-1]
        if letter in _ENDS_CARD and len(self._open) > 1 and time.monotonic() - card.at < SETTLED:
            card.at = 0.0
            self._note(self._words["console.changed"].format(id=card.id))
            return
        if letter == "n":
            self._reason_for = card
        else:
            self._say(f"pick {card.id} {letter}" if letter.isdigit() else _ON_CARD[letter].format(id=card.id))
        if letter == "n" or letter in _ENDS_CARD:
            self._open.remove(card)

    # ---- send -------------------------------------------------------------------------------------------------------------------

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`."""
        with self._screen:
            self._keep(card)
            try:
                self._wipe()
                self._print(rendered, card)
                self._draw()
                self._out.flush()
            except (OSError, ValueError) as error:
                raise UnavailableError(f"the terminal is gone: {error}") from error

    def tell(self, line: str) -> None:
        """A line that is no card, above what is being typed."""
        with self._screen:
            self._note(line)
            self._draw()
            self._out.flush()

    def _keep(self, card: Card) -> None:
        """Which cards are open, and whether something is being worked on."""
        self._open = [one for one in self._open if one.id != card.subject]
        if card.kind is CardKind.REPORT:
            self._open = [one for one in self._open if one.thread != card.thread]
        if card.kind in _OPENS:
            self._open.append(_Shown(card.subject, card.thread, card.kind in _NUMBERED, time.monotonic()))
        if card.kind is CardKind.ACTING or card.key.endswith(":busy"):
            self._busy_since, self._busy_thread = time.monotonic(), card.thread
        elif card.thread == self._busy_thread:
            self._busy_since = 0.0

    def _print(self, rendered: str, card: Card) -> None:
        """Never markup and never an escape sequence of somebody else's: what is not printable is left out."""
        safe = "\n".join("".join(c for c in line if c.isprintable()) for line in rendered.split("\n"))
        head, newline, body = safe.partition("\n")
        text = Text(self._folded(head), style=_COLOURS.get(card.kind, ""))
        text.append(newline + self._folded(body), style="default")
        is_card = card.kind not in {CardKind.REPLY, CardKind.NOTE}
        self._console.print(text, soft_wrap=True, end="\n\n" if is_card else "\n")

    def _note(self, line: str) -> None:
        self._wipe()
        self._out.write(f"{self._folded(line)}\n")

    def _folded(self, text: str) -> str:
        """As wide as the terminal, broken between words; into a pipe every line goes as it is."""
        if not self._has_keys:
            return text
        columns = max(LEAST_COLUMNS, shutil.get_terminal_size().columns)
        return "\n".join(fold(line, columns) for line in text.split("\n"))

    # ---- the line at the bottom -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Once a second, while something is being worked on."""
        if self._has_keys and self._busy_since and not self._buffer:
            with self._screen:
                self._draw()

    def _draw(self) -> None:
        """The prompt with what was typed so far, on one line; cards are printed above it."""
        if not self._has_keys or not self._is_listening:
            return
        prompt = self._words["console.why"] if self._reason_for else self._words["console.prompt"]
        seconds = time.monotonic() - self._busy_since
        if self._busy_since and seconds >= 1 and not self._reason_for:
            prompt = f"{self._words['console.progress']} {seconds:.0f} s {prompt}"
        room = max(10, shutil.get_terminal_size().columns - len(prompt) - 1)
        self._out.write(f"\r\x1b[K{prompt}{self._buffer[-room:]}")
        self._out.flush()

    def _wipe(self) -> None:
        if self._has_keys:
            self._out.write("\r\x1b[K")


def fold(line: str, columns: int) -> str:
    """One line in rows of so many columns: broken before a word or a wide character, and inside a word only where it fills a row."""
    rows, row = [], ""
    for atom in _ATOM.findall(line):
        if cell_len(row + atom.rstrip()) <= columns:
            row += atom
            continue
        rows += [row.rstrip()] if row.strip() else []
        *full, row = chop_cells(atom.lstrip() if row.strip() else atom, columns) or [""]
        rows += full
    return "\n".join([*rows, row])


def _is_in_front(fd: int) -> bool:
    """False for a background job, which a terminal stops when it reads or changes it."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
