"""The path without a model: a reflex at 100,000 episodes, one fill, and everything from an alert's text to a filled skill."""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

from adapters.store.store import Store
from core.alert import Alert, AlertStatus, Signal
from core.check import Check
from core.inventory import HostEntry, Inventory
from core.known_names import Known, known_by
from core.parameters import Filled, fill
from core.routing import Router
from core.skill_manifest import Skill
from tests.bench import recall
from tests.bench.figure import Figure, milliseconds
from tests.bench.many_skills import many_requests, many_skills
from tests.routing.score import our_skills

ISSUE = 4
MANY = 3000
TIMES = 500
HOST = "web-7"
INVENTORY = Inventory(tuple(HostEntry(f"web-{number}") for number in range(300)))
WORDS = "主机 web-7 上 nginx.service 起不来，/var/log/nginx/error.log 报端口 8080 被占用，磁盘 97%，持续 15 分钟。"


def figures() -> Iterator[Figure]:
    """A reflex in its three states, one fill, the whole."""
    store = recall.store()
    yield from _reflexes(store)
    skills, known = our_skills(), _known()
    yield Figure(ISSUE, "fill: all parameters of one skill", "ms", 0.5, milliseconds([*_fills(skills, known)]))
    whole = milliseconds([*_whole_paths(store, Router(many_skills(MANY)), known)])
    yield Figure(ISSUE, f"whole path without a model, {MANY} skills", "ms", 50, whole)
    yield Figure(ISSUE, "whole path without a model: p99", "ms", 50, (statistics.quantiles(whole, n=100)[98],))
    store.close()


def _reflexes(store: Store) -> Iterator[Figure]:
    """The first time after a start, again, and again while somebody else writes to the same database."""
    first, again = _recalls(store, _nothing), _recalls(store, _nothing)
    yield Figure(ISSUE, "reflex at 100,000 episodes", "ms", 0.1, milliseconds(again))
    yield Figure(ISSUE, "reflex: its first time after a start", "ms", 5, milliseconds(first))
    with closing(sqlite3.connect(str(store.db.file), isolation_level=None)) as other:
        other.execute("CREATE TABLE IF NOT EXISTS bench_writes (number INTEGER)")
        writes = _recalls(store, lambda: other.execute("INSERT INTO bench_writes VALUES (1)"))
        other.execute("DROP TABLE bench_writes")
    yield Figure(ISSUE, "reflex: after a write to another table", "ms", 0.5, milliseconds(writes))


def _recalls(store: Store, before: Callable[[], object]) -> list[float]:
    drawn, seconds = random.Random(4), []
    for _ in range(TIMES):
        fingerprint = recall.fingerprint(drawn.randrange(recall.FAULTS))
        before()
        began = time.perf_counter()
        found = store.memory.recall(fingerprint, recall.GROUP)
        seconds.append(time.perf_counter() - began)
        if not found or not found[0].verified:
            raise AssertionError(f"{fingerprint} was not remembered")
    return seconds


def _fills(skills: tuple[Skill, ...], known: Known) -> Iterator[float]:
    for number in range(TIMES):
        alert = _alert(f"{number} {WORDS * 10}")
        began = time.perf_counter()
        _filled(skills[number % len(skills)], alert, known)
        yield time.perf_counter() - began


def _whole_paths(store: Store, router: Router, known: Known) -> Iterator[float]:
    """Words that nobody said before, so that memory misses."""
    for number, words in enumerate(many_requests(TIMES)):
        began = time.perf_counter()
        alert = _alert(f"{words} {WORDS} {number}")
        if store.memory.recall(alert.fingerprint, recall.GROUP):
            raise AssertionError("memory cannot know these words")
        for match in router.shortlist(alert.text):
            _filled(match.skill, alert, known)
        yield time.perf_counter() - began


def _filled(skill: Skill, alert: Alert, known: Known) -> Filled:
    return fill(skill, alert, {}, INVENTORY, {}, known=known)


def _alert(text: str) -> Alert:
    signal = Signal.parse("app.broken:shop")
    return Alert("a", HOST, signal, "claim:x", AlertStatus.FIRING, datetime(2026, 1, 1, tzinfo=UTC), text=text)


def _known() -> Known:
    return known_by(Check(Signal.parse(f"process.down:service-{number}"), HOST) for number in range(50))


def _nothing() -> None:
    """Nobody writes."""
