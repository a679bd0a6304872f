"""One call of a skill as it comes out of the pipe: which methods there are, and the exact names and types of their arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from core.capability import Verb
from core.errors import InvalidError
from core.paths import has_hidden_character, parts_of
from core.web import MAX_BODY, Headers, headers_of
from core.world import Json

Argument: TypeAlias = str | int | tuple[str, ...] | Headers

MAX_READ = 256 * 1024
"""Bytes of one read; a larger limit is cut to this."""

MAX_TEXT = 1 << 20
SIGNALS = ("TERM", "HUP", "USR1", "USR2", "KILL")

_SERVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,127}")
_SECRET = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_AUDIENCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

MAX_NOTE = 64 * 1024
"""Bytes of one value that a skill keeps."""


@dataclass(frozen=True, slots=True)
class HostCall:
    """A well-formed call; `verb` None only for `now`, which needs no grant. A path has only one spelling."""

    method: str
    verb: Verb | None
    arguments: tuple[tuple[str, Argument], ...]

    def text(self, name: str) -> str:
        """A string argument."""
        return cast(str, dict(self.arguments)[name])

    def number(self, name: str) -> int:
        """An integer argument."""
        return cast(int, dict(self.arguments)[name])

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line of an `exec`."""
        return cast("tuple[str, ...]", dict(self.arguments)["argv"])

    @property
    def target(self) -> str:
        """What it is done to, in words of the grant grammar; a signal names its process only once that was looked up."""
        if self.verb is Verb.EXEC:
            return shlex.join(self.argv)
        if self.verb is Verb.FS_MOVE:
            return f"{self.text('path')} -> {self.text('to')}"
        return next((str(value) for name, value in self.arguments if name in ("path", "name", "url", "to", "key")), "")

    @property
    def headers(self) -> Headers:
        """The headers of an HTTP call."""
        return cast(Headers, dict(self.arguments)["headers"])

    @property
    def is_recall(self) -> bool:
        """True for the looking half of `kv`."""
        return self.method == "kv.recall"


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidError("a path is text")
    parts_of(value)
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise InvalidError("expected an integer")
    return value


def _limit(value: object) -> int:
    number = _whole(value)
    if number < 1:
        raise InvalidError("a limit is at least 1")
    return min(number, MAX_READ)


def _id(value: object) -> int:
    number = _whole(value)
    if not 0 <= number < 1 << 53:
        raise InvalidError("a process is named by its pid and start, as process.list gave them")
    return number


def _content(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or re.search(r"[\ud800-\udfff]", value):
        raise InvalidError(f"text is at most {MAX_TEXT} valid characters")
    return value


def _line(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 1500:
        raise InvalidError("a notice has 1 to 1500 characters")
    return _content(value)


def _body_limit(value: object) -> int:
    number = _whole(value)
    if number < 1:
        raise InvalidError("a limit is at least 1")
    return min(number, MAX_BODY)


def _note(value: object) -> str:
    text = _content(value)
    if len(text.encode()) > MAX_NOTE:
        raise InvalidError(f"at most {MAX_NOTE} bytes are kept under one key")
    return text


def _argv(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 64 or not all(isinstance(item, str) for item in value):
        raise InvalidError("argv is a list of 1 to 64 strings")
    argv = tuple(cast("list[str]", value))
    if sum(map(len, argv)) > 8192 or any(has_hidden_character(item) for item in argv):
        raise InvalidError("argv is at most 8192 characters, without control or invisible ones")
    _path(argv[0])
    return argv


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InvalidError(f"not a {what}")
        return value

    return check


_name = _matching(_SERVICE, "service name")
_signal = _matching(re.compile("|".join(SIGNALS)), f"signal; known: {', '.join(SIGNALS)}")
_url = _matching(re.compile(r"https?://[!-~]{1,2000}"), "URL of http or https")

METHODS: Mapping[str, Mapping[str, Callable[[object], Argument]]] = {
    Verb.FS_READ: {"path": _path, "limit": _limit},
    Verb.FS_LIST: {"path": _path},
    Verb.FS_STAT: {"path": _path},
    Verb.FS_WRITE: {"path": _path, "text": _content},
    Verb.FS_DELETE: {"path": _path},
    Verb.FS_MOVE: {"path": _path, "to": _path},
    Verb.FS_TRUNCATE: {"path": _path},
    Verb.EXEC: {"argv": _argv},
    Verb.SERVICE_STATUS: {"name": _name},
    Verb.SERVICE_START: {"name": _name},
    Verb.SERVICE_STOP: {"name": _name},
    Verb.SERVICE_RESTART: {"name": _name},
    Verb.SERVICE_RELOAD: {"name": _name},
    Verb.PROCESS_LIST: {},
    Verb.PROCESS_SIGNAL: {"pid": _id, "started": _id, "name": _signal},
    Verb.HTTP_GET: {"url": _url, "headers": headers_of, "limit": _body_limit},
    Verb.HTTP_POST: {"url": _url, "body": _content, "headers": headers_of, "limit": _body_limit},
    "kv.recall": {"key": _matching(_KEY, "key")},
    "kv.keep": {"key": _matching(_KEY, "key"), "text": _note},
    Verb.NOTIFY: {"text": _line, "to": _matching(_AUDIENCE, "name of a group")},
    Verb.SECRET: {"name": _matching(_SECRET, "secret's name")},
    "now": {},
}
"""Every method a skill can call; exactly these arguments, all of them."""


def parse_call(method: object, arguments: object) -> HostCall:
    """Reads what came out of a guest; raises InvalidError for anything but exactly one of METHODS with exactly its arguments."""
    checks = METHODS.get(method) if isinstance(method, str) else None
    if checks is None or not isinstance(method, str):
        raise InvalidError("unknown method")
    if not isinstance(arguments, dict) or set(arguments) != set(checks):
        raise InvalidError(f"{method} takes exactly: {', '.join(checks) or 'nothing'}")
    given = cast("dict[str, Json]", arguments)
    parsed = tuple((name, check(given[name])) for name, check in checks.items())
    return HostCall(str(method), _verb_of(method), parsed)


def _verb_of(method: str) -> Verb | None:
    if method == "now":
        return None
    return Verb.KV if method.startswith("kv.") else Verb(method)
