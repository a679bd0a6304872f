"""The morning message in one phone screen: what happened, who was woken, what was done alone, what waits, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.messages.question_card import wanted_of
from bot.messages.units import clock, plain, quoted
from bot.messages.words import Words
from core.alert import Signal
from core.approval import Approval
from core.digest import Digest, Month, Told, Wish, Woken
from core.incident import Ending

MOST = 3
"""Items of one line; the rest are counted."""


def digest_card(
    words: Words,
    digest: Digest,
    now: datetime,
    names: dict[str, str],
    on_now: Sequence[str] = (),
    anchor: tuple[int, str] = (0, ""),
) -> str:
    """`on_now` are stops, pauses and rules in force, one short text each; `anchor` is the count and head of the audit trail."""
    lines = [
        words.say(
            "digest.head", day=digest.until.astimezone(now.tzinfo).strftime("%m-%d"), verdict=_verdict(words, digest)
        ),
        _line(words, "bad", [_item(words, one) for one in digest.bad]),
        _line(words, "over", [_item(words, one) for one in digest.over]),
        _line(words, "waits", [_asked(words, one) for one in digest.waits]),
        _line(
            words,
            "open",
            [_item(words, one) for one in digest.open if one.incident not in {a.incident for a in digest.waits}],
        ),
        _line(words, "alone", [_alone(words, one, names) for one in digest.alone]),
        _line(words, "fixed", [_item(words, one) for one in digest.fixed if one.ending is Ending.FIXED]),
        _line(words, "unproven", [_item(words, one) for one in digest.fixed if one.ending is not Ending.FIXED]),
        _line(words, "would", [_would(words, one) for one in digest.would]),
        _line(words, "away", [_item(words, one) for one in digest.away]),
        _line(words, "other", [_item(words, one) for one in digest.by_people]),
        _line(words, "muted", [_item(words, one) for one in digest.muted]),
        _line(words, "woken", [_woken(words, one, now, names) for one in digest.woken]),
        _wishes(words, digest.wishes),
        _line(words, "gaps", [quoted(one, 60) for one in digest.gaps]),
        words.say("digest.on", list=_listed(words, list(on_now))) if on_now else "",
        words.say("digest.cost", cost=digest.cost or words.say("digest.cost.none")),
        _month(words, digest.month, now) if digest.month else "",
        words.say("digest.anchor", count=anchor[0], head=anchor[1][:12]) if anchor[0] else "",
    ]
    return "\n".join(line for line in lines if line)


def _verdict(words: Words, digest: Digest) -> str:
    if digest.is_quiet:
        return words.say("digest.verdict.quiet")
    key = "woken" if digest.woken else "slept"
    return words.say(f"digest.verdict.{key}", count=digest.count, woken=len(digest.woken))


def _line(words: Words, key: str, items: list[str]) -> str:
    return words.say(f"digest.{key}", count=len(items), list=_listed(words, items)) if items else ""


def _listed(words: Words, items: list[str]) -> str:
    hidden = len(items) - MOST
    shown = items[:MOST]
    return "; ".join([*shown, words.say("digest.more", count=hidden)] if hidden > 0 else shown)


def _trouble(words: Words, one: Told) -> str:
    return words.trouble(Signal.parse(one.signal), one.value)


def _item(words: Words, one: Told) -> str:
    return words.say("digest.item", host=plain(one.host, 18), trouble=_trouble(words, one))


def _asked(words: Words, asked: Approval) -> str:
    wanted = asked.proposal.skill if asked.proposal else wanted_of(words, asked.asks)
    return f"{asked.id} {plain(asked.asks.host, 18)} {plain(wanted, 30)}"


def _alone(words: Words, one: Told, names: dict[str, str]) -> str:
    key = "digest.alone.one" if one.order else "digest.alone.policy"
    return words.say(
        key,
        skill=plain(one.skill, 30),
        host=plain(one.host, 18),
        order=plain(one.order, 20),
        by=words.people((one.by,), names),
    )


def _would(words: Words, one: Told) -> str:
    return words.say(
        "digest.would.one", skill=plain(one.skill, 30), host=plain(one.host, 18), trouble=_trouble(words, one)
    )


def _woken(words: Words, one: Woken, now: datetime, names: dict[str, str]) -> str:
    needed = {True: "digest.needed", False: "digest.notneeded", None: "digest.undecided"}[one.was_needed]
    person, at = words.people((one.person,), names), clock(one.at, now)
    return words.say("digest.woken.one", person=person, at=at, host=plain(one.host, 18), needed=words.say(needed))


def _wishes(words: Words, wishes: Sequence[Wish]) -> str:
    items = [
        words.say(
            "digest.likes.one",
            skill=plain(one.skill, 30),
            host=plain(one.host, 18),
            times=one.times,
            id=plain(one.incident, 20),
        )
        for one in wishes
    ]
    return words.say("digest.likes", list=_listed(words, items)) if items else ""


def _month(words: Words, month: Month, now: datetime) -> str:
    facts = {"slept": month.slept, "nights": month.nights, "woken": month.woken, "wrong": month.wrong}
    return words.say("digest.month", month=month.begin.astimezone(now.tzinfo).strftime("%Y-%m"), **facts)
