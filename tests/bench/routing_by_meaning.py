"""Routing with meaning compared too: how long one request takes at 3,000 skills, and how often it is right."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

import numpy as np

from adapters.semantic_e5 import E5SemanticIndex
from core.routing import Router
from tests.bench.figure import Figure, milliseconds
from tests.bench.many_skills import many_requests, many_skills
from tests.routing.score import our_skills, requests, score

ISSUE, MANY = 4, 3000
PATIENCE = 300.0


class _RealQueries:
    """Encodes each request really, against vectors that were drawn: learning 30,000 texts takes ten minutes and changes no latency."""

    def __init__(self, count: int) -> None:
        self._real = E5SemanticIndex()
        self._real.learn(("disk full",))
        self._real.wait(PATIENCE)
        drawn = np.random.default_rng(4).standard_normal((count, 384), dtype=np.float32)
        self._vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def scores(self, words: str) -> Sequence[float]:
        """As long as the real one takes, with as many texts."""
        return self._real.scores_against(self._vectors, words)


def by_meaning() -> Iterator[Figure]:
    """Latency, then how right."""
    skills = many_skills(MANY)
    router = Router(skills, by_meaning=_RealQueries(len(Router(skills).texts)).scores)
    samples = []
    for words in random.Random(4).sample(many_requests(1000), 100):
        began = time.perf_counter()
        router.shortlist(words)
        samples.append(time.perf_counter() - began)
    yield Figure(ISSUE, f"router: one request by meaning, {MANY} skills", "ms", 40.0, milliseconds(samples))
    index, lexical = E5SemanticIndex(), Router(our_skills())
    index.learn(lexical.texts)
    index.wait(PATIENCE)
    both = Router(our_skills(), by_meaning=index.scores)
    for language, asked in requests("requests").items():
        found = score(both, asked)
        yield Figure(ISSUE, f"router by meaning too {language}: top 1", "share", 0.9, (found.top1,), is_floor=True)
        yield Figure(ISSUE, f"router by meaning too {language}: top 3", "share", 0.95, (found.top3,), is_floor=True)
