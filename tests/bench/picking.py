"""How much a choice adds to what the cerebellum has in its cache, at 300 skills, counted by the tokenizer of a real model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from core.picking import MOST_NEW_TOKENS, pick_question, span_question
from core.prompt import prompt
from core.routing import Router
from tests.bench.figure import Figure
from tests.bench.many_skills import many_requests, many_skills
from tests.model_servers.real_small_model import NotHereError, llama_server, tokens_in, weights_in
from tests.source_tree import ROOT

SKILLS = 300
ALERTS = (
    "disk / is 97 % full (limit 90); /var/log/app.log grows by 2 GB an hour ",
    "磁盘使用率过高，已超过百分之九十五，请尽快处理服务器上的日志文件 ",
    "0x7f3a9c 4411 trace=9f3a41bc77e0 !? %% ",
)
LONG = 60


def figures(cache: Path = ROOT / ".pytest_cache" / "d" / "small_model") -> Iterator[Figure]:
    """None where the weights cannot be had."""
    try:
        with llama_server(weights_in(cache)) as server:
            yield from _counted(server)
    except NotHereError as error:
        sys.stderr.write(f"tokens of the cerebellum's questions are not counted: {error}\n")


def _counted(server: str) -> Iterator[Figure]:
    router, skills = Router(many_skills(SKILLS)), many_skills(SKILLS)
    asked = [*many_requests(12), *ALERTS, *(alert * LONG for alert in ALERTS)]
    picked, spans = [], []
    for words in asked:
        matches = router.shortlist(words[:120], 10)
        shown = [match.skill for match in matches] or list(skills[:10])
        shown = [*shown, *(skill for skill in skills if skill not in shown)][:10]
        picked.append(_new(server, "pick", "{{cards}}", pick_question(shown, words).asked.prompt))
        span = span_question(shown[0], "path", [f"/var/log/app-{number}.log" for number in range(10)], words)
        spans.append(_new(server, "span", "{{alert}}", span.asked.prompt))
    for name, counts in (("pick", picked), ("span", spans)):
        yield Figure(
            4, f"new tokens of a {name} at {SKILLS} skills, the most", "tokens", MOST_NEW_TOKENS + 1, (max(counts),)
        )


def _new(server: str, name: str, place: str, asked: str) -> float:
    """Tokens behind the part that is the same in every question."""
    same = prompt(name).text.partition(place)[0]
    assert asked.startswith(same)
    return float(tokens_in(server, asked) - tokens_in(server, same))
