"""Yeses given ahead, in words: one line each, what one ended of, and the question whether a changed skill may exist."""

from __future__ import annotations

from datetime import datetime

from bot.messages.units import clock, number, plain
from bot.messages.words import Words
from core.admission import Admission
from core.alert import Signal
from core.standing_order import Bound, OrderState, StandingOrder

_ENDS = (
    ("its time is up", "", "order.end.time"),
    ("the clock was set back", "", "order.end.clock"),
    ("its skill has changed", "", "order.end.skill"),
    ("it is wider than its skill", "", "order.end.wider"),
    ("the file is another one by now", "", "order.end.file"),
    ("revoked by ", "", "order.end.revoked"),
    ("wrong fix, said ", "", "order.end.wrong"),
    ("the repair ended as ", "", "order.end.failed"),
    ("", " may not approve there any more", "order.end.role"),
)
"""What core writes down when one ends, by its first and its last words."""

MOST_BOUNDS = 4
MOST_VALUES = 3
MOST_GRANTS = 4


def order_line(words: Words, order: StandingOrder, now: datetime, names: dict[str, str]) -> str:
    """`O-K7Q2MD on: restart_service for shop is down on web; service=shop; by li, until …, tonight 1 of 3`."""
    facts = {
        "id": order.id,
        "skill": plain(order.skill),
        "trouble": words.trouble(Signal.parse(order.signal), None, 60),
        "group": plain(order.group, 60),
        "bounds": bounds_text(words, order.bounds),
        "by": words.people(_signers(order), names),
        "until": clock(order.expires, now),
        "used": order.used_tonight(now, "", now.tzinfo),
        "most": order.most_a_night,
    }
    if order.ended is not None:
        why = order_end(words, order.ended_why, names)
        return words.say("order.line.over", **facts, why=why, at=clock(order.ended, now))
    return words.say("order.line.on" if order.state is OrderState.ACTIVE else "order.line.proposed", **facts)


def order_note(words: Words, order: StandingOrder, now: datetime, names: dict[str, str]) -> str:
    """The line that everybody gets when one comes to be, waits for somebody, or ends."""
    if order.ended is not None:
        key, why = "order.note.over", order_end(words, order.ended_why, names)
    else:
        key, why = ("order.note.on" if order.state is OrderState.ACTIVE else "order.note.proposed"), ""
    head = words.say(key, id=order.id, why=why, by=words.people((order.author,), names))
    return f"{head}\n{order_line(words, order, now, names)}" if order.ended is None else head


def order_end(words: Words, why: str, names: dict[str, str]) -> str:
    """What one ended of, in this language; a sentence that is none of those stays as it is."""
    for begin, end, key in _ENDS:
        if why.startswith(begin) and why.endswith(end):
            fact = why.removeprefix(begin).removesuffix(end)
            return words.say(key, fact=words.table.get(f"ending.{fact}") or words.named(fact, names))
    return words.named(why, names)


def bounds_text(words: Words, bounds: tuple[Bound, ...]) -> str:
    """What the parameters may be; `any` where there are none."""
    shown = "; ".join(map(_bound, bounds[:MOST_BOUNDS]))
    more = f"; +{len(bounds) - MOST_BOUNDS}" if len(bounds) > MOST_BOUNDS else ""
    return f"{shown}{more}" or words.say("order.nobounds")


def admit_card(words: Words, asked: Admission, now: datetime, names: dict[str, str]) -> str:
    """A skill has changed: what it could reach, where, and how to let it exist again."""
    grants = "; ".join(plain(grant, 60) for grant in asked.grants[:MOST_GRANTS])
    hidden = len(asked.grants) - MOST_GRANTS
    facts = {
        "id": asked.id,
        "skill": plain(asked.skill),
        "hash": asked.sha256[:12],
        "grants": f"{grants}; +{hidden}" if hidden > 0 else grants,
        "groups": ", ".join(plain(group, 40) for group in asked.groups[:6]),
        "at": clock(asked.opened, now),
    }
    if asked.ended is not None:
        return words.say("admit.card.over", **facts, why=order_end(words, asked.ended_why, names))
    if asked.admitted is not None:
        return words.say("admit.done", **facts, by=words.people((asked.by,), names))
    return words.say("admit.card", **facts)


def _signers(order: StandingOrder) -> tuple[str, ...]:
    both = (order.author, order.confirmed_by)
    return tuple(dict.fromkeys(name for name in both if name))


def _bound(bound: Bound) -> str:
    if bound.least is not None and bound.most is not None:
        ends = number(bound.least), number(bound.most)
        return f"{bound.parameter}={ends[0]}" if ends[0] == ends[1] else f"{bound.parameter}={ends[0]}..{ends[1]}"
    values = [",".join(value) if isinstance(value, tuple) else str(value) for value in bound.values]
    shown = "|".join(plain(value, 40) for value in values[:MOST_VALUES])
    return f"{bound.parameter}={shown}" + ("|…" if len(values) > MOST_VALUES else "")
