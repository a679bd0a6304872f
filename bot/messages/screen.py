"""One phone screen: how many rows a text takes there, and what gives way when a card has more to say than fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

COLUMNS = 46
ROWS = 26
"""A phone of 2024 held upright, in the usual size of letters; a Chinese character takes two columns."""

_ATOM = re.compile(r"[ ]+|[^ ]")
_WORD = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card. `rank` 0 never gives way; of the others the highest first, down to `least` rows."""

    text: str
    rank: int = 0
    least: int = 0


def fit(lines: Iterable[Line]) -> str:
    """The card. What gives way is cut before it is left out, and what people decide by is neither."""
    shown = [line for line in lines if line.text]
    for rank in sorted({line.rank for line in shown if line.rank}, reverse=True):
        for most in (2, 1, 0):
            if rows(shown) <= ROWS:
                break
            shown = [_shrunk(line, most) if line.rank == rank else line for line in shown]
    return "\n".join(line.text for line in shown if line.text)


def rows(lines: Iterable[Line]) -> int:
    """How many rows they take together."""
    return sum(rows_of(line.text) for line in lines if line.text)


def rows_of(text: str) -> int:
    """How many rows one line takes, broken between words and before any wide character."""
    count, column = 1, 0
    for atom in _atoms(text):
        wide = width(atom)
        if column + wide <= COLUMNS:
            column += wide
        elif atom.isspace():
            column = COLUMNS
        else:
            count += 1 if column else 0
            count += (wide - 1) // COLUMNS
            column = (wide - 1) % COLUMNS + 1
    return count


def cut_rows(text: str, most: int) -> str:
    """The text in at most so many rows, the end cut off; other people's words stay in their quotes."""
    if most <= 0:
        return ""
    if rows_of(text) <= most:
        return text
    end = "…”" if text.endswith("”") else "…"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if rows_of(text[:middle].rstrip() + end) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + end


def width(text: str) -> int:
    """Columns of a text."""
    return sum(_wide(letter) for letter in text)


def _wide(letter: str) -> int:
    if letter.isascii():
        return 1
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _atoms(text: str) -> list[str]:
    """What is not broken: ASCII words with what clings to them; of all else each character alone."""
    atoms, at = [], 0
    while at < len(text):
        match = _WORD.match(text, at) or _ATOM.match(text, at)
        atoms.append(match[0] if match else text[at])
        at += len(atoms[-1])
    return atoms


def _shrunk(line: Line, most: int) -> Line:
    return replace(line, text=cut_rows(line.text, max(most, line.least)))
