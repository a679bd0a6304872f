"""Typed values found in free text, English or Chinese: hosts, paths, addresses, ports, units, sizes, durations, percentages.

Found means spelled out, in digits or in Chinese numerals; nothing is inferred. Whoever uses one says that it came from text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from core.errors import InvalidError
from core.paths import parts_of

MOST = 4096
"""Characters of a text that are looked at."""

WIDE = str.maketrans("０１２３４５６７８９：％", "0123456789:%")
"""Digits, colons and percent signs as Chinese keyboards also write them; letter for letter."""

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
_HAN = "零〇一二两三四五六七八九十百千万"
_COUNT = rf"((?<![A-Za-z0-9_.])\d{{1,12}}(?:\.\d{{1,6}})?|(?<![{_HAN}半])(?:[{_HAN}]{{1,9}}|半))"
"""A number in digits or Chinese numerals."""
_PORT = re.compile(
    r"(?:(?<![A-Za-z])port[ =:]{0,3}|端口[ 号为是=:]{0,3}|(?<=[A-Za-z0-9\].]):)(\d{1,5})(?![\d.:])"
    rf"|端口[ 号为是=:]{{0,3}}([{_HAN}]{{2,9}})",
    re.IGNORECASE,
)
_UNIT = re.compile(
    rf"(?<![A-Za-z0-9_.@/-])({_NAME})\.service(?![A-Za-z0-9])"
    rf"|(?:(?<![A-Za-z_])(?:service|unit)|服务){_COLON}({_NAME})"
    rf"|(?<![A-Za-z0-9_.@/-])({_NAME}) ?(?:服务|service(?![A-Za-z])|(?:进程)?(?:重启|挂了|起不来|宕了|没起来))"
    r"|(?:(?<![A-Za-z])(?:restart|reload|stop|start)(?:ing)? (?:the )?|(?:重启|重载|停掉|停止|启动|拉起)(?:一下|下)? ?)"
    rf"({_NAME})(?![A-Za-z0-9_.@/:-])"
)
_HOST_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,8}"
_HOST = re.compile(
    rf"(?:(?<![A-Za-z_])(?:host|server|node|machine)|主机|服务器|机器|节点){_COLON}({_HOST_NAME})"
    rf"|(?<![A-Za-z0-9_./@:-])({_HOST_NAME}) ?(?:上的|上面|这台|那台|主机|机器)"
)
_DOMAIN = re.compile(
    r"(?<![A-Za-z0-9_./@-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}(?![A-Za-z0-9_./-])"
)
_PID = re.compile(r"(?:(?<![A-Za-z])pid|进程号|进程)[ :=#]{0,3}(\d{1,10})(?!\d)", re.IGNORECASE)
_PERCENT = re.compile(
    rf"(?<![A-Za-z0-9_.])(\d{{1,3}}(?:\.\d{{1,6}})?) ?(?:%|percent)|百分之 ?(\d{{1,3}}(?:\.\d{{1,6}})?|[{_HAN}]{{1,5}})"
    r"|(?<![零〇一二两三四五六七八九十百千万])([一二两三四五六七八九]成[一二三四五六七八九半]?)(?!功|为|本|了|员|立|果|长)"
)
_SIZE = re.compile(
    rf"{_COUNT} ?(?:个 ?)?([KMGTP]i?B?|bytes?|字节|兆|B)(?![A-Za-z])",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"{_COUNT} ?(?:个 ?)?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w"
    r"|毫秒|秒钟?|分钟|分|小时|钟头|天|日|周|星期)(?![A-Za-z])"
)
_VAGUE = frozenset({"分", "日"})
"""After a Chinese numeral these are more often another word than a time: 十分 is `very`."""
_QUOTED = re.compile(
    "\"([^\"\\n]{1,300})\"|'([^'\\n]{1,300})'|\u201c([^\u201d\\n]{1,300})\u201d|\u300c([^\u300d\\n]{1,300})\u300d|\u300e([^\u300f\\n]{1,300})\u300f|`([^`\\n]{1,300})`"
)
_NO_NAMES = (
    "the a an is was are has had down up this that failed fails and or of to in on at for with unit service host not no it its them"
    " all everything again now"
)
_NO_NAME = frozenset(_NO_NAMES.split())

_BYTES = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "字节": 1,
    "兆": 1 << 20,
    "k": 1 << 10,
    "m": 1 << 20,
    "g": 1 << 30,
    "t": 1 << 40,
    "p": 1 << 50,
}
_DIGITS = {
    letter: digit
    for digit, letters in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for letter in letters
}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_SECONDS = (
    (("ms", "milli", "毫"), 0.001),
    (("s", "秒"), 1.0),
    (("m", "分"), 60.0),
    (("h", "小", "钟"), 3600.0),
    (("d", "天", "日"), 86400.0),
    (("w", "周", "星"), 604800.0),
)


def extract(kind: str, text: str) -> tuple[str | int | float, ...]:
    """Every value of a kind in the text, in order, each once.

    Kinds: url path address port unit host domain pid percent bytes seconds quoted. Sizes are in bytes, durations in seconds.
    A kind nobody knows finds nothing.
    """
    return _extract(kind, text[:MOST])


@lru_cache(maxsize=256)
def _extract(kind: str, text: str) -> tuple[str | int | float, ...]:
    """Kept, because one alert is looked through for every skill that might help."""
    find = _FINDERS.get(kind)
    return tuple(dict.fromkeys(find(text.translate(WIDE)))) if find else ()


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
    found = (int(plain) if plain else numeral(spelled) for plain, spelled in _PORT.findall(text))
    return [int(port) for port in found if port is not None and 0 < port < 1 << 16]


def _units(text: str) -> list[str | int | float]:
    named = [str(name).removesuffix(".service").rstrip(".-") for name in _firsts(_UNIT)(text)]
    return [name for name in named if name.lower() not in _NO_NAME]


def _hosts(text: str) -> list[str | int | float]:
    named = [str(name).rstrip(".-") for name in _firsts(_HOST)(text)]
    return [name for name in named if name.lower() not in _NO_NAME and not name.isdigit()]


def _percents(text: str) -> list[str | int | float]:
    return [share for share in map(_percent, map(str, _firsts(_PERCENT)(text))) if share is not None]


def _percent(spelled: str) -> float | None:
    """`97.5`, `九十` after 百分之, and `八成五`, which are tenths."""
    tenths, is_tenths, rest = spelled.partition("成")
    if is_tenths:
        return float(10 * _DIGITS[tenths] + (5 if rest == "半" else _DIGITS.get(rest, 0)))
    return numeral(spelled)


def _sizes(text: str) -> list[str | int | float]:
    found = ((numeral(number), unit.lower()) for number, unit in _SIZE.findall(text))
    return [round(number * (_BYTES.get(unit) or _BYTES[unit[0]])) for number, unit in found if number is not None]


def _durations(text: str) -> list[str | int | float]:
    found = ((number, unit) for number, unit in _DURATION.findall(text) if number.isascii() or unit not in _VAGUE)
    return [count * _factor(unit) for number, unit in found if (count := numeral(number)) is not None]


def _factor(unit: str) -> float:
    return next(factor for beginnings, factor in _SECONDS if unit.startswith(beginnings))


def numeral(spelled: str) -> float | None:
    """A number as it is written: digits, 三千三百零六, 三三零六 digit by digit, 半; None for what is none, like 万一."""
    if spelled.isascii():
        return float(spelled)
    if spelled == "半":
        return 0.5
    if all(letter in _DIGITS for letter in spelled):
        return float("".join(str(_DIGITS[letter]) for letter in spelled))
    above, _, below = spelled.rpartition("万")
    if "万" not in spelled:
        return _below_ten_thousand(below)
    high, low = _below_ten_thousand(above), _below_ten_thousand(below) if below else 0.0
    return None if not high or low is None else high * 10000 + low


def _below_ten_thousand(spelled: str) -> float | None:
    """Digits with falling powers of ten; only 十 stands for one without a digit before it."""
    total, digit, least = 0, 0, 10000
    for letter in spelled:
        power = _POWERS.get(letter)
        if power is None:
            if digit or letter not in _DIGITS:
                return None
            digit = _DIGITS[letter]
        elif power >= least or (not digit and power > 10):
            return None
        else:
            total, digit, least = total + (digit or 1) * power, 0, power
    return float(total + digit) if spelled else None


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
    "percent": _percents,
    "bytes": _sizes,
    "seconds": _durations,
    "quoted": _firsts(_QUOTED),
}
