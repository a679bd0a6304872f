"""Typed values found in free text, English or Chinese: hosts, paths, addresses, ports, units, sizes, durations, percentages.

Found means spelled out; nothing is inferred. Whoever uses one says that it came from text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from core.errors import InvalidError
from core.paths import parts_of

MOST = 4096
"""Characters of a text that are looked at."""

_BEFORE = r"(?<![A-Za-z0-9_./:@-])"
"""Where a word of ASCII may begin; Chinese is written up against it without a blank, so that `\\b` would not do."""
_COLON = "[ :=\uff1a]{0,3}[\"'\u201c]?"
_NAME = r"[A-Za-z][A-Za-z0-9_.@-]{1,80}"

_URL = re.compile(r"https?://[!#$%&*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_PATH = re.compile(
    rf"{_BEFORE}(/(?:[A-Za-z0-9_.@+=-]+/)*[A-Za-z0-9_.@+=-]+)(?:/(?=[\s,;:)\"']|$))?(?![A-Za-z0-9_.@+=/-])"
    rf"|{_BEFORE}(/)(?![A-Za-z0-9_.@+=/-])"
)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV6 = re.compile(r"(?<![0-9A-Fa-f:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Fa-f:.])")
_PORT = re.compile(
    "(?:(?<![A-Za-z])port[ =:]{0,3}|\u7aef\u53e3[ \u53f7\u4e3a\u662f=:\uff1a]{0,3}|(?<=[A-Za-z0-9\\].]):)(\\d{1,5})(?![\\d.:])",
    re.IGNORECASE,
)
_UNIT = re.compile(
    rf"(?<![A-Za-z0-9_.@-])({_NAME})\.service(?![A-Za-z0-9])"
    rf"|(?:(?<![A-Za-z])(?:service|unit)|服务){_COLON}({_NAME})"
    rf"|(?<![A-Za-z0-9_.@-])({_NAME}) ?(?:服务|service(?![A-Za-z]))"
)
_HOST = re.compile(
    rf"(?:(?<![A-Za-z])(?:host|server|node|machine)|主机|服务器|机器|节点){_COLON}([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)"
)
_DOMAIN = re.compile(r"(?<![A-Za-z0-9_./@-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![A-Za-z0-9_./-])")
_PID = re.compile(r"(?:(?<![A-Za-z])pid|进程号|进程)[ :=#\uff1a]{0,3}(\d{1,10})(?!\d)", re.IGNORECASE)
_PERCENT = re.compile(
    "(?<![A-Za-z0-9_.])(\\d{1,3}(?:\\.\\d{1,6})?) ?(?:%|\uff05|percent)|百分之 ?(\\d{1,3}(?:\\.\\d{1,6})?)"
)
_SIZE = re.compile(
    r"(?<![A-Za-z0-9_.])(\d{1,12}(?:\.\d{1,6})?) ?([KMGTP]i?B?|bytes?|字节|B)(?![A-Za-z])", re.IGNORECASE
)
_DURATION = re.compile(
    r"(?<![A-Za-z0-9_.])(\d{1,9}(?:\.\d{1,6})?) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d"
    r"|毫秒|秒钟?|分钟|分|小时|天|日)(?![A-Za-z])"
)
_QUOTED = re.compile(
    "\"([^\"\\n]{1,300})\"|'([^'\\n]{1,300})'|\u201c([^\u201d\\n]{1,300})\u201d|\u300c([^\u300d\\n]{1,300})\u300d|`([^`\\n]{1,300})`"
)
_NO_NAMES = (
    "the a an is was are has had down up this that failed fails and or of to in on at for with unit service host not no"
)
_NO_NAME = frozenset(_NO_NAMES.split())

_BYTES = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "字节": 1,
    "k": 1 << 10,
    "m": 1 << 20,
    "g": 1 << 30,
    "t": 1 << 40,
    "p": 1 << 50,
}
_SECONDS = (
    (("ms", "milli", "毫"), 0.001),
    (("s", "秒"), 1.0),
    (("m", "分"), 60.0),
    (("h", "小"), 3600.0),
    (("d", "天", "日"), 86400.0),
)


def extract(kind: str, text: str) -> tuple[str | int | float, ...]:
    """Every value of a kind in the text, in order, each once.

    Kinds: url path address port unit host domain pid percent bytes seconds quoted. Sizes are in bytes, durations in seconds.
    A kind nobody knows finds nothing.
    """
    find = _FINDERS.get(kind)
    return tuple(dict.fromkeys(find(text[:MOST]))) if find else ()


def _urls(text: str) -> list[str | int | float]:
    return [found.rstrip(".,;:!?") for found in _URL.findall(text)]


def _paths(text: str) -> list[str | int | float]:
    found = (match[1] or match[2] for match in _PATH.finditer(_URL.sub(" ", text)))
    return [path for path in (text.rstrip(".") for text in found) if _is_path(path)]


def _is_path(text: str) -> bool:
    try:
        parts_of(text)
    except InvalidError:
        return False
    return True


def _addresses(text: str) -> list[str | int | float]:
    found = sorted((match.start(), match[0]) for pattern in (_IPV4, _IPV6) for match in pattern.finditer(text))
    return [address for _, address in found if _is_address(address)]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _ports(text: str) -> list[str | int | float]:
    return [int(found) for found in _PORT.findall(text) if 0 < int(found) < 1 << 16]


def _units(text: str) -> list[str | int | float]:
    named = [str(name).removesuffix(".service").rstrip(".-") for name in _firsts(_UNIT)(text)]
    return [name for name in named if name.lower() not in _NO_NAME]


def _hosts(text: str) -> list[str | int | float]:
    return [name.rstrip(".-") for name in _HOST.findall(text) if name.lower() not in _NO_NAME and not name.isdigit()]


def _sizes(text: str) -> list[str | int | float]:
    found = ((float(number), unit.lower()) for number, unit in _SIZE.findall(text))
    return [round(number * (_BYTES.get(unit) or _BYTES[unit[0]])) for number, unit in found]


def _durations(text: str) -> list[str | int | float]:
    return [float(number) * _factor(unit) for number, unit in _DURATION.findall(text)]


def _factor(unit: str) -> float:
    return next(factor for beginnings, factor in _SECONDS if unit.startswith(beginnings))


def _firsts(pattern: re.Pattern[str]) -> Callable[[str], list[str | int | float]]:
    return lambda text: [next(group for group in match.groups() if group) for match in pattern.finditer(text)]


_FINDERS: Mapping[str, Callable[[str], list[str | int | float]]] = {
    "url": _urls,
    "path": _paths,
    "address": _addresses,
    "port": _ports,
    "unit": _units,
    "host": _hosts,
    "domain": lambda text: list(_DOMAIN.findall(_URL.sub(" ", text))),
    "pid": lambda text: [int(found) for found in _PID.findall(text)],
    "percent": lambda text: [float(found) for found in map(str, _firsts(_PERCENT)(text))],
    "bytes": _sizes,
    "seconds": _durations,
    "quoted": _firsts(_QUOTED),
}
