"""How well a router does on a set of requests: how often its first, and one of its first three, serves; how often it refuses rightly."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from adapters.skill_catalog_files import FileCatalog
from core.routing import Router
from core.skill_manifest import Skill
from tests.source_tree import ROOT

HERE = ROOT / "tests" / "routing"


@dataclass(frozen=True)
class Request:
    """What was said, and the skills that serve it, best first; none: nothing does."""

    words: str
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """Shares, 0 to 1. `refused`: of what nothing serves, so much is not clear; `wrong`: of what is clear, so much is wrong."""

    top1: float
    top3: float
    refused: float
    wrong: float


@cache
def our_skills() -> tuple[Skill, ...]:
    """Those that come with Nightshift."""
    return FileCatalog(ROOT / "skills", ROOT / "skills" / "skills.lock").skills()


def requests(name: str) -> dict[str, tuple[Request, ...]]:
    """One set, by language."""
    table = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return {
        language: tuple(Request(words, tuple(skills.split())) for words, skills in rows)
        for language, rows in table.items()
    }


def untaught() -> tuple[Skill, ...]:
    """The same skills as they would be without a single trigger."""
    return tuple(replace(skill, triggers=()) for skill in our_skills())


def score(router: Router, asked: Sequence[Request]) -> Score:
    """Of one language."""
    served = [(one, router.shortlist(one.words)) for one in asked if one.skills]
    unserved = [router.shortlist(one.words) for one in asked if not one.skills]
    first = sum(bool(found) and found[0].skill.name in one.skills for one, found in served)
    three = sum(any(match.skill.name in one.skills for match in found[:3]) for one, found in served)
    clear = [(one.skills, found[0].skill.name) for one, found in served if router.is_clear(found)]
    clear += [((), found[0].skill.name) for found in unserved if router.is_clear(found)]
    refused = sum(not router.is_clear(found) for found in unserved)
    wrong = sum(name not in skills for skills, name in clear)
    return Score(first / len(served), three / len(served), refused / len(unserved), wrong / max(len(clear), 1))
