"""What a looker's facts are worth: seen on the host, or only as good as the words that led the look there (TRUST 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from core.approval import Answer
from core.incident import Incident
from core.origin import Origin, Scalar, Value
from core.parameters import Observed
from core.proposal import Proposal
from core.restraint import Restrain, Restraint
from core.skill_manifest import Skill
from core.world import Json

_WORST = (Origin.ALERT, Origin.TEXT, Origin.MODEL)
_SHORTEST_ECHO = 3
"""Characters from which on a text that was given to a look counts as an echo inside a longer one."""


def witnessed(
    looker: Skill, values: Iterable[tuple[str, Value]], facts: Iterable[tuple[str, Json]], host: str
) -> dict[str, Observed]:
    """The facts of one look, each with its origin.

    - What stands on a page, and what the looker says that it quotes, is text.
    - All that is seen where words of an alert, a text or a model led the look inherits their origin; but an alert's word is confirmed
      where the look reports it back under the parameter's own name, which means that it found it there.
    - What only repeats any other word that the look was given is as good as that word.
    """
    values, told = tuple(values), dict(facts)
    led_by = _led_by(looker, values, told)
    given = tuple(value for _, value in values if value.origin in {Origin.TEXT, Origin.MODEL})
    is_of_pages = reads_pages(looker)

    def origin_of(name: str, fact: Json) -> Origin:
        if is_of_pages or name in looker.quotes:
            return Origin.TEXT
        echoed = [value.origin for value in given if _repeats(fact, value.value)]
        return max((led_by, *echoed), key=_badness)

    return {name: Observed(fact, looker.name, host, origin_of(name, fact)) for name, fact in told.items()}


def reads_pages(skill: Skill) -> bool:
    """True for what asks over HTTP: whoever runs the server there chooses every word of the answer."""
    return any(grant.startswith(("http.", "http:")) for grant in skill.capabilities)


def restrain_after_pages(skills: Callable[[], Iterable[Skill]]) -> Restrain:
    """After a page was read there is only looking and proposing: nothing acts alone on what somebody wrote there (issue 4, walls)."""

    def restrain(incident: Incident, proposal: Proposal) -> Restraint | None:
        pages = {skill.name: skill for skill in skills() if skill.is_looker and reads_pages(skill)}
        asked = next((skill.lookers for skill in skills() if skill.name == proposal.skill), ())
        seen = {one.source.partition(" on ")[0] for one in proposal.evidence} | set(asked)
        seen |= {name for name, skill in pages.items() if incident.signal.name in skill.looks_at}
        read = sorted(seen & pages.keys())
        return (
            Restraint(Answer.ASK1, f"{read[0]} read a web page: nothing acts alone after that", "page")
            if read
            else None
        )

    return restrain


def _led_by(looker: Skill, values: tuple[tuple[str, Value], ...], told: Mapping[str, Json]) -> Origin:
    """The worst origin among the values that chose where the look went."""
    privileged = {spec.name for spec in looker.parameters if spec.is_privileged}
    origins = [
        value.origin
        for name, value in values
        if name in privileged and not (value.origin is Origin.ALERT and _is_very(told.get(name), value.value))
    ]
    return max((Origin.OBSERVED, *(origin for origin in origins if origin in _WORST)), key=_badness)


def _badness(origin: Origin) -> int:
    return _WORST.index(origin) + 1 if origin in _WORST else 0


def _is_very(fact: Json, value: Scalar) -> bool:
    return type(fact) is type(value) and fact == value


def _repeats(fact: Json, given: Scalar) -> bool:
    """The value itself, in a list or an object too, or its text inside another text."""
    if isinstance(fact, dict):
        return any(_repeats(item, given) for item in (*fact, *fact.values()))
    if isinstance(given, tuple):
        return any(_repeats(fact, item) for item in given)
    if isinstance(fact, list):
        return any(_repeats(item, given) for item in fact)
    if isinstance(fact, str) and isinstance(given, str):
        return fact == given or (len(given) >= _SHORTEST_ECHO and given in fact)
    return _is_very(fact, given)
