"""`nightshift route "…"`: what each tier would make of words, and why. Nothing is done; the brain, which costs money, is not asked."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.json_view import as_json
from bot.messages import Words
from bot.messages.units import plain
from bot.minds import Thinking, is_semantic_there, minds_of, semantic_of, thinking_of
from core.alert import LOCALHOST, PERSON, Alert, AlertStatus, Severity, Signal
from core.extraction import extract
from core.incident import Incident, IncidentState
from core.origin import Origin, Value
from core.parameters import SAID, Filled, fill
from core.picking import pick_question
from core.redaction import clean
from core.router_now import RouterNow
from core.routing import Match, Router
from core.understanding import Understanding
from core.voting import Voice
from core.world import Json

if TYPE_CHECKING:
    from bot.app import Rows
    from bot.cli_session import Session
    from core.inventory import Inventory

LEARNS_WITHIN = 5.0
"""Seconds that this one command waits for what is not yet learned by meaning."""

_KINDS = ("host", "unit", "path", "port", "address", "url", "domain", "pid", "percent", "bytes", "seconds", "quoted")


@dataclass(frozen=True, slots=True)
class Tiers:
    """One request as the tiers see it; `by_meaning`, `cerebellum` and `brain` are keys of what is said of them."""

    words: str
    host: str
    router: Router
    matches: tuple[Match, ...]
    filled: Filled | None
    by_meaning: str
    learning: str
    cerebellum: str
    voted: str
    brain: str


def route(session: Session, words: str) -> int:
    """Shows it, with or without a running `up`."""
    with jobs.open_store(session.settings) as rows:
        seen = _seen(session, rows, words)
    session.out(as_json(_as_data(seen), indent=2) if session.as_json else "\n".join(_lines(seen, session.words)))
    return 0


def _seen(session: Session, rows: Rows, words: str) -> Tiers:
    settings = session.settings
    minds, index, inventory = minds_of(settings), semantic_of(settings), settings.inventory()
    router = RouterNow(jobs.trusted(settings, rows).catalog, rows.triggers, index)()
    learning = ""
    if index is not None:
        index.wait(LEARNS_WITHIN)
        learning = index.progress
    reading = Understanding(lambda: router, inventory, lambda skill, _host: skill.state)
    matches = router.shortlist(reading.without_hosts(words))
    alert = _alert(rows, inventory, words)
    filled = fill(matches[0].skill, alert, {}, inventory, {}) if matches else None
    by_meaning = "off"
    if settings.file.router.semantic:
        by_meaning = "missing" if not is_semantic_there() else "learning" if learning else "on"
    cerebellum, voted = _vote(thinking_of(rows, minds), rows, alert, matches)
    brain = "on" if minds.brain is not None else "off"
    return Tiers(words, alert.host, router, matches, filled, by_meaning, learning, cerebellum, voted, brain)


def _alert(rows: Rows, inventory: Inventory, words: str) -> Alert:
    """As a person's words would come in, on the first listed host that they name."""
    named = (entry.name for entry in inventory.hosts if entry.name.lower() in words.lower())
    host = next(named, LOCALHOST)
    now, signal = rows.clock.now(), Signal("task", "wish")
    return Alert("route", host, signal, f"{PERSON}route", AlertStatus.FIRING, now, Severity.DIGEST, text=words)


def _vote(thinking: Thinking, rows: Rows, alert: Alert, matches: tuple[Match, ...]) -> tuple[str, str]:
    """Whether the local model was asked, and what it said."""
    minds = thinking.minds
    if minds.cerebellum is None:
        return "off", ""
    if not matches:
        return "unasked", ""
    voice = Voice(
        minds.cerebellum, thinking.watch, thinking.log, rows.clock, thinking.conceal, minds.least, minds.seconds
    )
    question = pick_question([match.skill for match in matches], thinking.conceal(alert.text))
    incident = Incident(f"route-{rows.clock.now():%Y%m%d%H%M%S}", alert, IncidentState.OPEN, rows.clock.now())
    readings = voice.ask(incident, [question])
    if not readings:
        return "silent", ""
    return ("voted" if readings[0].option is not None else "unsure"), readings[0].said


def _verdict(seen: Tiers) -> str:
    """What would come of it without a brain."""
    if not seen.matches:
        return "nothing"
    return "clear" if seen.router.is_clear(seen.matches) else "choices"


# ---- shown --------------------------------------------------------------------------------------------------------------------------


def _as_data(seen: Tiers) -> dict[str, Json]:
    gates, filled = seen.router.gates, seen.filled
    values = filled.values if filled else ()
    return {
        "words": clean(seen.words, 500),
        "host": seen.host,
        "extracted": {kind: list(found) for kind in _KINDS if (found := extract(kind, seen.words))},
        "router": {
            "verdict": _verdict(seen),
            "gates": {"floor": gates.floor, "clear": gates.clear, "margin": gates.margin},
            "margin": round(seen.router.margin(seen.matches), 3),
            "by_meaning": seen.learning or seen.by_meaning,
            "matches": [
                {
                    "skill": one.skill.name,
                    "looks": one.skill.is_looker,
                    "score": round(one.score, 3),
                    "trigger": one.text,
                }
                for one in seen.matches
            ],
        },
        "command": _typed(seen) if seen.matches else "",
        "fill": {
            "values": [
                {"name": name, "value": str(value.value), "origin": value.origin, "from": value.note}
                for name, value in values
            ],
            "missing": filled.missing if filled else "",
        },
        "cerebellum": {"state": seen.cerebellum, "said": seen.voted},
        "brain": {"state": seen.brain},
    }


def _lines(seen: Tiers, words: Words) -> Iterator[str]:
    say, gates = words.say, seen.router.gates
    yield say("route.memory")
    yield from _found(seen, words)
    if seen.matches:
        yield say("route.scores")
    margin = f"{seen.router.margin(seen.matches):.2f}"
    for one in seen.matches:
        kind = say("route.looks" if one.skill.is_looker else "route.acts")
        yield f"  {one.score:.2f}  {one.skill.name}  ({kind})  {plain(one.text, 70)}"
    yield say(
        f"route.{_verdict(seen)}",
        floor=f"{gates.floor:.2f}",
        clear=f"{gates.clear:.2f}",
        lead=f"{gates.margin:.2f}",
        margin=margin,
    )
    yield say(f"route.meaning.{seen.by_meaning}", why=seen.learning)
    for name, value in seen.filled.values if seen.filled else ():
        source = say("route.said") if value.note == SAID else f"{value.origin}, {plain(value.note, 60)}"
        yield f"  {name} = {plain(str(value.value), 70)}  ({source})"
    if seen.filled is not None and seen.filled.missing:
        yield say("route.missing", why=plain(seen.filled.missing, 120))
    if seen.matches:
        yield say("route.run", how=_typed(seen))
    yield say(f"route.cerebellum.{seen.cerebellum}", said=plain(seen.voted, 120))
    yield say(f"route.brain.{seen.brain}")


def _typed(seen: Tiers) -> str:
    """The command that runs the first, with what is lacking by its name."""
    skill, known = seen.matches[0].skill, dict(seen.filled.values if seen.filled else ())
    lacking = [one.name for one in skill.parameters if one.is_required and one.name not in known]
    given = [
        f"{name}={shlex.quote(_plain(value))}" for name, value in known.items() if value.origin is not Origin.DEFAULT
    ]
    parts = ("nightshift run", skill.name, "--host", seen.host, *given, *(f"{name}={name.upper()}" for name in lacking))
    return plain(" ".join(parts), 300)


def _plain(value: Value) -> str:
    return ",".join(value.value) if isinstance(value.value, tuple) else str(value.value)


def _found(seen: Tiers, words: Words) -> Iterator[str]:
    found = [(kind, value) for kind in _KINDS for value in extract(kind, seen.words)]
    values = ", ".join(f"{kind} {plain(str(value), 60)}" for kind, value in found)
    yield words.say("route.found", values=values) if values else words.say("route.found.none")
