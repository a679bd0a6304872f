"""Which hosts `~/.ssh/config` names and where they are: read as data by OpenSSH's first-wins rule; nothing in it is ever run."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InvalidError
from core.inventory import Listed, Listing

_MOST_BYTES = 256 * 1024
_MOST_FILES = 64
_MOST_HOSTS = 1000
_MOST_SCOPES = 2000
_DEEPEST = 8
_LINE = re.compile(r"(?P<key>[A-Za-z]+)(?:\s*=\s*|\s+)(?P<value>.*)")
_DETOURS = {
    "proxycommand": "ProxyCommand",
    "proxyjump": "ProxyJump",
    "localcommand": "LocalCommand",
    "knownhostscommand": "KnownHostsCommand",
}
_TAKEN = frozenset({"hostname", "port", *_DETOURS})
_GLOB = frozenset("*?!")


@dataclass(frozen=True, slots=True)
class _Scope:
    """For whom lines hold: every host, those of `Host`, or those of `Match`; `unclear` is a criterion that only a run could decide."""

    patterns: tuple[str, ...] = ("*",)
    unclear: str = ""

    def holds(self, alias: str) -> bool:
        named = [one for one in self.patterns if not one.startswith("!")]
        but = [one[1:] for one in self.patterns if one.startswith("!")]
        return any(_fits(one, alias) for one in named) and not any(_fits(one, alias) for one in but)


@dataclass(slots=True)
class _Book:
    """The lines that count, in order, each with its scope; and the aliases that `Host` names literally."""

    folder: Path
    lines: list[tuple[_Scope, str, str]] = field(default_factory=list)
    aliases: dict[str, None] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    scopes: int = 0


def listed(path: Path) -> Listing:
    """The hosts of one client configuration; raises InvalidError, with one sentence, for anything that is none."""
    book = _Book(path.parent)
    _read(path, _Scope(), book, 0)
    found, notes = [], list(book.notes)
    for alias in book.aliases:
        host = _host(alias, book)
        if isinstance(host, str):
            notes.append((alias, host))
        else:
            found.append(host)
    return Listing(tuple(found), tuple(notes))


def _read(path: Path, scope: _Scope, book: _Book, depth: int) -> None:
    outer = scope
    for number, raw in enumerate(_text(path, book).splitlines(), 1):
        line = raw.strip()
        match = _LINE.fullmatch(line)
        if not line or line[0] == "#":
            continue
        if match is None:
            raise InvalidError(f"the SSH configuration {path}: line {number} cannot be read; write Keyword value")
        key = match["key"].lower()
        if key in {"host", "match"}:
            scope = _scoped(key, _words(match["value"], path, number), book)
            # What is included under a Host holds at most where that Host does.
            scope = (
                scope if outer == _Scope() else _Scope(scope.patterns, scope.unclear or "Include below Host or Match")
            )
        elif key == "include":
            for name in _words(match["value"], path, number):
                _include(name, scope, book, depth)
        elif key in _TAKEN:
            words = _words(match["value"], path, number)
            book.lines.append((scope, key, words[0] if words else ""))


def _text(path: Path, book: _Book) -> str:
    book.files += 1
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidError(f"the SSH configuration {path} is no file")
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidError(
            f"cannot read the SSH configuration {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    book.bytes += len(data)
    if book.bytes > _MOST_BYTES or book.files > _MOST_FILES:
        raise InvalidError(
            f"the SSH configuration {path} is more than {_MOST_BYTES >> 10} KiB or {_MOST_FILES} files with what it includes"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"the SSH configuration {path} is not UTF-8 text") from error


def _words(value: str, path: Path, number: int) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError as error:
        raise InvalidError(f"the SSH configuration {path}: line {number} cannot be read: {error}") from error


def _scoped(key: str, words: list[str], book: _Book) -> _Scope:
    if key == "host":
        for word in words:
            if _GLOB.isdisjoint(word):
                book.aliases.setdefault(word)
    book.scopes += 1
    if len(book.aliases) > _MOST_HOSTS or book.scopes > _MOST_SCOPES:
        raise InvalidError(
            f"the SSH configuration names more than {_MOST_HOSTS} hosts or {_MOST_SCOPES} Host and Match"
        )
    return _Scope(tuple(words)) if key == "host" else _matched(words)


def _matched(words: list[str]) -> _Scope:
    """`Match all` and `Match host …` are known by the name; whether anything else holds, only a connection could say."""
    patterns: tuple[str, ...] = ("*",)
    unclear = ""
    rest = iter(words)
    for word in rest:
        criterion = word.lower()
        if criterion == "all":
            continue
        argument = next(rest, "")
        if criterion == "originalhost" and patterns == ("*",):
            patterns = tuple(argument.split(","))
        else:
            unclear = f"Match {word[:20]}"
    return _Scope(patterns, unclear)


def _include(name: str, scope: _Scope, book: _Book, depth: int) -> None:
    """Files below the folder of the configuration alone; what is elsewhere is not read, and said."""
    if depth >= _DEEPEST:
        raise InvalidError(f"the SSH configuration includes files deeper than {_DEEPEST}")
    folder = book.folder.resolve()
    pattern = str(Path(name).expanduser()) if name.startswith("~/") else name
    if Path(pattern).is_absolute():
        if not pattern.startswith(f"{folder}/"):
            book.notes.append(("", f"Include {name[:80]} is not read: it does not lie below {folder}"))
            return
        pattern = pattern.removeprefix(f"{folder}/")
    for path in _below(folder, pattern, book):
        _read(path, scope, book, depth + 1)


def _below(folder: Path, pattern: str, book: _Book) -> Iterator[Path]:
    if ".." in Path(pattern).parts or "**" in pattern or not pattern:
        book.notes.append(("", f"Include {pattern[:80]} is not read: write the file's own path below {folder}"))
        return
    try:
        found = sorted(folder.glob(pattern))[: _MOST_FILES + 1]
    except (ValueError, NotImplementedError, OSError, re.error) as error:
        raise InvalidError(f"the SSH configuration includes {pattern[:80]!r}, which is no path: {error}") from error
    for path in found:
        real = path.resolve()
        if not real.is_relative_to(folder):
            book.notes.append(("", f"Include {path} is not read: it leads out of {folder}"))
        elif real.is_file():
            yield real


def _host(alias: str, book: _Book) -> Listed | str:
    """The host, or why it cannot be taken; of each keyword the first that holds counts."""
    given: dict[str, str] = {}
    for scope, key, value in book.lines:
        if scope.holds(alias):
            if scope.unclear:
                return f"{scope.unclear} may set its {key}; write it into [hosts.{alias[:60]}]"
            given.setdefault(key, value)
    if detour := next((key for key in _DETOURS if given.get(key, "none").lower() != "none"), ""):
        return f"has {_DETOURS[detour]}; it must be reached without"
    address = given.get("hostname", "").replace("%h", alias)
    if "%" in address or "$" in address:
        return f"its HostName {address[:60]!r} is a template; write it into [hosts.{alias[:60]}]"
    port = given.get("port", "22")
    if not re.fullmatch(r"[1-9]\d{0,4}", port, re.ASCII) or int(port) > 65535:
        return f"{port[:20]!r} is no port"
    return Listed(alias, address, int(port))


def _fits(pattern: str, name: str) -> bool:
    """`*` and `?` alone; in time that grows with length times length, whatever the pattern."""
    if _GLOB.isdisjoint(pattern):
        return pattern == name
    reached = {0}
    for sign in pattern[:256]:
        if sign == "*":
            reached = set(range(min(reached, default=len(name) + 1), len(name) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(name) and sign in ("?", name[at])}
    return len(name) in reached
