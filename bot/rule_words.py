"""Rules in people's words, English and Chinese, as typed rules; what cannot be read for certain is asked about, never guessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.approval import short_id
from core.errors import InvalidError
from core.told_rule import RuleKind, ToldRule, When

HOW = "write for example: never restart billing on the 1st; ignore db-2 until Friday; ask before restarting nginx"
LONGEST_IGNORE = timedelta(days=90)

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "|".join(f"{day}s?|{day[:3]}" for day in _DAYS)
_CHINESE_DAYS = "一二三四五六日"
_NAME = r"[A-Za-z0-9/][\w.@:/-]*"

_ACTIONS = {
    "restart": "restart|restarting|bounce|重启",
    "stop": "stop|stopping|停止|停掉|关闭|停",
    "kill": "kill|killing|杀掉|杀死",
    "start": "start|starting|启动",
    "reload": "reload|reloading|重新加载|重载",
    "delete": "delete|deleting|remove|removing|clean|cleaning|empty|emptying|truncate|删除|清理|清空|删",
    "write": "write|writing|edit|editing|change|changing|修改|改动|写入|改",
    "touch": "touch|touching|act on|repair|do anything to|do anything on|动|碰|处理|修复|操作",
}
_ACTION = "|".join(sorted((word for words in _ACTIONS.values() for word in words.split("|")), key=len, reverse=True))
_BY_WORD = {word: action for action, words in _ACTIONS.items() for word in words.split("|")}

_ANYTHING = frozenset(
    {"anything", "everything", "all", "things", "service", "services", "process", "processes", "file", "files"}
)
"""Said instead of a name: what the verb means, whatever it is called."""
_POINTING = frozenset({"it", "this", "that", "them", "these", "those", "any", "me", "us"})

_OBJECT = rf"(?:the )?(?P<object>{_NAME})(?P<rest>.*)"
_NEVER = re.compile(
    rf"(?:please )?(?:never|do not ever|don'?t ever|do not|don'?t) (?P<action>{_ACTION}) {_OBJECT}", re.I
)
_ASK = re.compile(rf"(?:please )?(?:always )?ask(?: me| us)?(?: first)? before (?P<action>{_ACTION}) {_OBJECT}", re.I)
_IGNORE = re.compile(
    rf"(?:(?P<subject>{_NAME}) (?:is|will be|was|gets) [^,;]{{1,80}}[,;] ?(?:so |please )*ignore (?:it|this|that)"
    rf"|(?:please )?ignore (?P<object>{_NAME}))(?P<rest>.*)",
    re.I,
)
_NEVER_ZH = re.compile(
    r"(?P<before>.{0,40}?)(?:(?:永远|绝对|绝|千万)不要|(?:千万|永远)别|不要再|不要|不许|禁止|别再|别)(?P<between>在.{1,30}?)?"
    rf"(?P<action>{_ACTION}) ?(?P<object>{_NAME})(?P<rest>.*)"
)
_ASK_ZH = re.compile(
    rf"(?P<before>.{{0,40}}?)(?P<action>{_ACTION}) ?(?P<object>{_NAME}) ?(?:之前|以前|前)"
    r"(?:都|必须|要|请|先)*(?:问|找)(?:我|我们)?(?P<rest>.*)"
)
_LEAVE_ZH = "(?:别管|不用管|不要管|忽略)"
_IGNORE_ZH = re.compile(
    rf"(?:(?P<subject>{_NAME}) ?(?:要|将|正在|马上|准备|快)[^，,；]{{1,40}}[，,；] ?(?P<before>.{{0,30}}?){_LEAVE_ZH}(?:它|他)?"
    rf"|(?:请)?{_LEAVE_ZH} ?(?P<object>{_NAME}))(?P<rest>.*)"
)


@dataclass(frozen=True, slots=True)
class Places:
    """What a name in a rule may mean: hosts and groups; and the local time it is said in."""

    names: frozenset[str]
    now: datetime


def read_rule(said: str, by: str, places: Places) -> ToldRule:
    """The rule that these words mean, unconfirmed; raises InvalidError, one sentence, where a word of it is not understood."""
    text = _tidy(said)
    for pattern, kind in _SHAPES:
        match = pattern.fullmatch(text)
        if match is not None:
            return _named(_read(match, kind, places), text, by, places.now)
    raise InvalidError(f"I cannot read this as a rule; {HOW}")


def sounds_like_rule(text: str) -> bool:
    """True for a sentence of the shape of a rule, whatever its details; what it means is for `read_rule` to say."""
    return any(pattern.fullmatch(_tidy(text)) for pattern, _ in _SHAPES)


def _tidy(said: str) -> str:
    return " ".join(said.split()).strip(" .。!！")[:300]


_SHAPES = (
    (_ASK, RuleKind.ASK),
    (_ASK_ZH, RuleKind.ASK),
    (_IGNORE, RuleKind.IGNORE),
    (_IGNORE_ZH, RuleKind.IGNORE),
    (_NEVER, RuleKind.NEVER),
    (_NEVER_ZH, RuleKind.NEVER),
)


def _read(match: re.Match[str], kind: RuleKind, places: Places) -> ToldRule:
    groups = match.groupdict()
    name = groups.get("object") or groups.get("subject") or ""
    tail = " ".join(part for key in ("before", "between", "rest") if (part := groups.get(key)))
    said = _Tail(tail, places.now)
    host = said.take_host(places.names)
    when, until = said.take_when(), said.take_until()
    said.require_empty()
    name = name if name in places.names else _what_is_named(name)
    action = "" if kind is RuleKind.IGNORE else _BY_WORD[groups["action"].lower()]
    is_place = name in places.names and not host
    rule = ToldRule(
        "", kind, "", "", places.now, action, "" if is_place else name, name if is_place else host, when, until
    )
    return _checked(rule, places)


def _what_is_named(name: str) -> str:
    """'' where everything is meant; raises InvalidError for a word that only points at something."""
    if name.lower() in _POINTING:
        raise InvalidError(f"say what {name!r} is by its name; {HOW}")
    return "" if name.lower() in _ANYTHING else name


def _checked(rule: ToldRule, places: Places) -> ToldRule:
    if rule.kind is not RuleKind.IGNORE:
        return rule
    if rule.until is None:
        raise InvalidError("say until when it is to be ignored, e.g. ignore db-2 until Friday, or for 3 days")
    if rule.until > places.now + LONGEST_IGNORE:
        raise InvalidError(f"nothing is ignored for longer than {LONGEST_IGNORE.days} days; say it again then")
    if not rule.host and not re.fullmatch(r"[a-z_]+\.[a-z_]+(?::\S+)?", rule.object):
        known = ", ".join(sorted(places.names)[:12])
        raise InvalidError(
            f"{rule.object or 'everything'!r} is neither a host, a group nor a signal; known are: {known}"
        )
    if rule.host and rule.object:
        raise InvalidError(
            "ignore a host with all it has, or a signal wherever it is; one signal of one host cannot be"
        )
    if rule.when != When():
        raise InvalidError("what is ignored is ignored day and night; leave out days and hours, and say until when")
    return rule


def _named(rule: ToldRule, said: str, by: str, now: datetime) -> ToldRule:
    body = "|".join(map(repr, (rule.kind, said, by, rule.action, rule.object, rule.host, rule.when, rule.until, now)))
    return replace(rule, id=f"R{short_id(hashlib.sha256(body.encode()).hexdigest())}", said=said, by=by)


class _Tail:
    """What stands beside the main words; each piece that is understood is taken out, and nothing may be left."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text, self._now = f" {text.strip()} ", now

    def take_host(self, names: frozenset[str]) -> str:
        """`on web-1`, `on any web host`, 在 web-1 上."""
        found = self._take(rf" (?:on|at|in)(?: host| group)? (?P<name>{_NAME})(?= )", lambda name: name in names)
        found = found or self._take(rf"在? ?(?P<name>{_NAME}) ?(?:机器|主机|组)?上的?", lambda name: name in names)
        return found["name"] if found else ""

    def take_when(self) -> When:
        """Days of the month, weekdays, hours of the day."""
        days = self._month_days()
        weekdays = self._weekdays()
        begin, end = self._hours()
        return When(days, weekdays, begin, end)

    def take_until(self) -> datetime | None:
        """`until Friday`, `until 2026-12-01`, `until 18:00`, `for 3 days`, 直到周五, 3天内; the beginning of a day that is named."""
        lasting = self._take(
            r" for (?:the next )?(?P<n>\d{1,3}) ?(?P<unit>minutes?|min|m|hours?|h|days?|d|weeks?|w)(?= )"
        )
        lasting = lasting or self._take(r"(?P<n>\d{1,3}) ?(?P<unit>分钟|个?小时|天|周)(?:内|之内|以内)?")
        if lasting:
            return self._now + int(lasting["n"]) * _UNITS[lasting["unit"].lower().rstrip("s").removeprefix("个")]
        day = self._take(rf" (?:until|till)(?: next)? (?P<day>{_DAY})(?= )")
        if day:
            return self._next_weekday(_weekday(day["day"]))
        day = self._take(r"(?:直到|到)?(?:下)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])(?:之前|以前|前|为止)?")
        if day:
            return self._next_weekday(_CHINESE_DAYS.index(day["day"].replace("天", "日")))
        return self._date() or self._hour()

    def require_empty(self) -> None:
        """Raises InvalidError for words that were not understood: half a rule is none."""
        left = self._text.strip(" ,，。.;；的")
        if left:
            raise InvalidError(f"I do not understand {left[:60]!r} in this rule; {HOW}")

    # ---- pieces -----------------------------------------------------------------------------------------------------------------

    def _take(self, pattern: str, accept: Callable[[str], bool] | None = None) -> re.Match[str] | None:
        for match in re.finditer(pattern, self._text, re.I):
            if accept is None or accept(match["name"]):
                self._text = f"{self._text[: match.start()]} {self._text[match.end() :]}"
                return match
        return None

    def _month_days(self) -> tuple[int, ...]:
        one = r"\d{1,2}(?:st|nd|rd|th)"
        found = self._take(
            rf" on the (?P<days>{one}(?:(?:,| and|, and) (?:the )?{one})*)(?: of (?:each|every|the) month)?(?= )"
        )
        found = found or self._take(r"在?(?:每个?月的?|的)?(?P<days>\d{1,2}(?:[、,和]\d{1,2})*) ?(?:号|日)")
        days = tuple(sorted({int(day) for day in re.findall(r"\d+", found["days"])})) if found else ()
        if any(not 1 <= day <= 31 for day in days):
            raise InvalidError(f"there is no day {max(days)} in any month")
        return days

    def _weekdays(self) -> tuple[int, ...]:
        if self._take(r" (?:on |at )?(?:the )?weekends?(?= )|(?:在|每)?周末"):
            return (5, 6)
        if self._take(r" (?:on )?weekdays?(?= )|工作日"):
            return tuple(range(5))
        found = self._take(rf" on (?P<days>(?:{_DAY})(?:(?:,| and|, and) (?:{_DAY}))*)(?= )")
        if found:
            return tuple(sorted({_weekday(day) for day in re.findall(_DAY, found["days"], re.I)}))
        one = "[一二三四五六日天]"
        found = self._take(
            rf"(?<!到)(?<!下)(?:在|每)?(?:周|星期|礼拜)(?P<days>{one}(?:[、,和](?:周|星期|礼拜)?{one})*)(?![之以前为到])"
        )
        return (
            tuple(sorted({_CHINESE_DAYS.index(day.replace("天", "日")) for day in re.findall(one, found["days"])}))
            if found
            else ()
        )

    def _hours(self) -> tuple[int | None, int | None]:
        hour = r"\d{1,2}(?::\d\d)?(?: ?[ap]m)?"
        found = self._take(rf" (?:between|from) (?P<begin>{hour})(?: and | to |-| - )(?P<end>{hour})(?= )")
        found = found or self._take(
            r"在?(?P<begin>\d{1,2}(?::\d\d)?)点?(?:到|至|-)(?P<end>\d{1,2}(?::\d\d|(?=点)))点?(?:之间)?"
        )
        if found:
            return _minute(found["begin"]), _minute(found["end"])
        if self._take(r" (?:at night|during the night)(?= )|在?(?:夜里|晚上|夜间)"):
            return 22 * 60, 6 * 60
        return None, None

    def _date(self) -> datetime | None:
        found = self._take(r" (?:until|till) (?P<date>\d{4}-\d\d-\d\d)(?= )")
        found = found or self._take(r"(?:直到|到)(?P<date>\d{4}-\d\d-\d\d)(?:之前|前|为止)?")
        if found is None:
            tomorrow = self._take(r" (?:until|till) tomorrow(?= )|(?:直到|到)明天(?:之前|前|为止)?")
            return self._midnight(1) if tomorrow else None
        try:
            until = datetime.fromisoformat(found["date"]).replace(tzinfo=self._now.tzinfo)
        except ValueError as error:
            raise InvalidError(f"{found['date']} is no date") from error
        if until <= self._now:
            raise InvalidError(f"{found['date']} is over already; say a later date")
        return until

    def _hour(self) -> datetime | None:
        found = self._take(r" (?:until|till) (?P<hour>\d{1,2}(?::\d\d)?(?: ?[ap]m)?)(?= )")
        found = found or self._take(r"(?:直到|到)(?P<hour>\d{1,2}(?::\d\d)?)点(?:之前|前|为止)?")
        if found is None:
            return None
        minute = _minute(found["hour"])
        today = self._now.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
        return today if today > self._now else today + timedelta(days=1)

    def _next_weekday(self, day: int) -> datetime:
        return self._midnight((day - self._now.weekday() - 1) % 7 + 1)

    def _midnight(self, days: int) -> datetime:
        return (self._now + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


_UNITS = {
    **dict.fromkeys(("minute", "min", "m", "分钟"), timedelta(minutes=1)),
    **dict.fromkeys(("hour", "h", "小时"), timedelta(hours=1)),
    **dict.fromkeys(("day", "d", "天"), timedelta(days=1)),
    **dict.fromkeys(("week", "w", "周"), timedelta(weeks=1)),
}


def _weekday(word: str) -> int:
    return next(index for index, day in enumerate(_DAYS) if day.startswith(word.lower()[:3]))


def _minute(text: str) -> int:
    """`9`, `9:30`, `5pm` as minutes of the day; raises InvalidError for an hour that no day has."""
    match = re.fullmatch(r"(\d{1,2})(?::(\d\d))?(?: ?([ap])m)?", text.strip(), re.I)
    hour, minute, half = (int(match[1]), int(match[2] or 0), match[3]) if match else (99, 0, None)
    if half:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    if hour > 24 or minute > 59:
        raise InvalidError(f"{text!r} is no time of the day")
    return (hour * 60 + minute) % (24 * 60)
