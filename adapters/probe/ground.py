"""The ground a probe stands on: bare facts of one machine, told here, or over there and carried to us; readings are made of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from adapters.probe import raw_containers, raw_network, raw_system
from adapters.probe.raw_system import CannotTell
from core.errors import UnavailableError
from core.redaction import clean

Tell = Callable[[str, dict[str, Any]], Any]
"""Name of a fact and its arguments -> the fact as JSON. Raises OSError and CannotTell as the raw facts do."""

T = TypeVar("T")
_MOST_WORDS = 300

FACTS: Mapping[str, Callable[..., Any]] = {
    "space": raw_system.space,
    "text": raw_system.text,
    "cores": raw_system.cores,
    "processes": raw_system.processes,
    "open_files": raw_system.open_files,
    "newest": raw_system.newest,
    "links": raw_system.links,
    "identity": raw_system.identity,
    "connect": raw_network.connect,
    "page": raw_network.page,
    "certificate": raw_network.certificate,
    "exchange": raw_network.exchange,
    "datagram": raw_network.datagram,
    "container": raw_containers.container,
}
"""Every bare fact there is; what tells them over there has the same table."""


def told_here(name: str, arguments: dict[str, Any]) -> Any:
    """Facts of this machine."""
    return FACTS[name](**arguments)


class Ground:
    """The facts with their types. What comes from elsewhere is not believed to have the right shape: UnavailableError where it has not.

    OSError and CannotTell become UnavailableError here, but for files and directories, where the reader must know what is missing.
    """

    def __init__(self, tell: Tell = told_here) -> None:
        self._tell = tell

    def space(self, path: str) -> tuple[int, ...]:
        """See `raw_system.space`: six numbers."""
        try:
            return self._shaped(lambda told: _numbers(told, 6), "space", path=path)
        except OSError as error:
            raise UnavailableError(f"cannot measure {path}: {error.strerror}") from error

    def text(self, path: str) -> tuple[str, float]:
        """A file's text and when it was written; OSError where it cannot be read."""
        return self._shaped(lambda told: (_text(told[0]), float(told[1])), "text", path=path)

    def cores(self) -> int:
        """At least 1."""
        return max(1, self._shaped(int, "cores"))

    def processes(self) -> tuple[float, float, list[Any]]:
        """Ticks a second, boot time, rows: see `raw_system.processes`."""
        try:
            return self._shaped(lambda told: (float(told[0]), float(told[1]), list(told[2])), "processes")
        except OSError as error:
            raise UnavailableError(f"the process table cannot be read: {error}") from error

    def open_files(self, pid: int) -> tuple[int, str]:
        """How many, and the limits."""
        try:
            return self._shaped(lambda told: (int(told[0]), _text(told[1])), "open_files", pid=pid)
        except OSError as error:
            raise UnavailableError(f"cannot look at the open files of process {pid}: {error.strerror}") from error

    def newest(self, folder: str) -> tuple[float, str, int] | None:
        """When it was written, path and size; None where there is no file with something in it."""
        try:
            return self._shaped(
                lambda told: (float(told[0]), _text(told[1]), int(told[2])) if told else None, "newest", folder=folder
            )
        except OSError as error:
            raise UnavailableError(f"cannot look below {folder}: {error.strerror}") from error

    def links(self) -> dict[str, tuple[bool, str]]:
        """By name: whether it is up, its IPv4 address or ''."""
        try:
            return self._shaped(lambda told: {_text(one[0]): (bool(one[1]), _text(one[2])) for one in told}, "links")
        except OSError as error:
            raise UnavailableError(f"the interfaces cannot be looked at: {error.strerror}") from error

    def identity(self) -> tuple[str, int]:
        """Boot id and pid namespace."""
        return self._shaped(lambda told: (_text(told[0]), int(told[1])), "identity")

    def container(self, called: str) -> tuple[str, str, int, bool, int]:
        """See `raw_containers.container`."""
        return self._shaped(
            lambda told: (_text(told[0]), _text(told[1]), int(told[2]), bool(told[3]), int(told[4])),
            "container",
            called=called,
        )

    def connect(self, host: str, port: int) -> str:
        """'' or why not."""
        return self._shaped(_text, "connect", host=host, port=port)

    def page(self, scheme: str, host: str, port: int, path: str) -> tuple[int, str]:
        """1 when it failed, and what came."""
        url = [scheme, host, port, path]
        return self._shaped(lambda told: (1 if told[0] else 0, _text(told[1])), "page", url=url)

    def certificate(self, host: str, port: int) -> bytes:
        """DER; UnavailableError when none is shown."""
        return self._shaped(_bytes, "certificate", host=host, port=port)

    def exchange(self, host: str, port: int, data: bytes, until: int, seconds: float) -> tuple[bytes, str]:
        """What came back over TCP, and '' or why there was nothing."""
        sent = base64.b64encode(data).decode("ascii")
        arguments = {"host": host, "port": port, "data": sent, "until": until, "seconds": seconds}
        return self._shaped(lambda told: (_bytes(told[0]), _text(told[1])), "exchange", **arguments)

    def datagram(self, server: str, port: int, data: bytes, seconds: float) -> tuple[bytes, str]:
        """The answer, and '' or why there is none."""
        sent = base64.b64encode(data).decode("ascii")
        arguments = {"server": server, "port": port, "data": sent, "seconds": seconds}
        return self._shaped(lambda told: (_bytes(told[0]), _text(told[1])), "datagram", **arguments)

    def _shaped(self, shape: Callable[[Any], T], name: str, **arguments: Any) -> T:
        try:
            return shape(self._tell(name, arguments))
        except CannotTell as error:
            raise UnavailableError(str(error)) from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UnavailableError(f"what was told of {name} is no such fact") from error


class Missing(Exception):  # noqa: N818 - not an error: it says what is wanted next
    """A fact that nobody has asked for yet."""


class Batch:
    """Facts of one far host for many readings: those that are wanted are asked for together.

    A reading is tried; where it wants a fact that is not there yet, it is noted and tried again after the next round. So a reading costs
    as many rounds as it has questions that follow from each other, and ten readings no more than the longest of them.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self.wanted: dict[str, tuple[str, dict[str, Any]]] = {}

    def tell(self, name: str, arguments: dict[str, Any]) -> Any:
        """A known fact, or Missing."""
        key = json.dumps([name, arguments], sort_keys=True)
        if key not in self._known:
            self.wanted[key] = (name, arguments)
            raise Missing(name)
        return told(self._known[key])

    def learn(self, ask: Callable[[list[Any]], Any]) -> None:
        """Asks for what is wanted, all at once."""
        keys, questions = list(self.wanted), [[name, arguments] for name, arguments in self.wanted.values()]
        self.wanted = {}
        answers = ask(questions)
        if not isinstance(answers, list) or len(answers) != len(keys):
            raise UnavailableError("what was told is no answer to what was asked")
        self._known.update(zip(keys, answers, strict=True))


def told(answer: Any) -> Any:
    """A fact as it came from elsewhere: its value, or the error that it was."""
    match answer:
        case {"fact": fact}:
            return fact
        case {"os": [int(number), str(words)]}:
            raise OSError(number, one_line(words)[:200])
        case {"cannot": str(words)}:
            raise CannotTell(one_line(words))
        case _:
            raise CannotTell("it told nothing")


def one_line(words: str) -> str:
    """What another machine says of something, as it may stand on a card: it could say lines of its own."""
    return " ".join(clean(words, _MOST_WORDS).split())


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    numbers = tuple(int(one) for one in value)
    if len(numbers) != count or min(numbers) < 0:
        raise ValueError(count)
    return numbers


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _bytes(value: Any) -> bytes:
    return base64.b64decode(_text(value), validate=True)
