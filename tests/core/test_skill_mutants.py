"""Mutants of a skill: what is changed, what is left alone, and that CASES which check nothing are found out."""

from __future__ import annotations

import ast

import pytest

from core.case_world import parse_case
from core.skill_cases import run_cases, why_noticed
from core.skill_catalog import cases_of, parse_skill
from core.skill_mutants import mutants_of
from tests.fakes.sandbox import FakeSandbox

SKILL = '''# /// script
# requires-python = ">=3.11"
# dependencies = []
# [tool.nightshift]
# risk = "high"
# cures = ["disk.used_percent"]
# capabilities = ["fs.list:/srv/spool", "fs.delete:/srv/spool/*"]
# triggers = ["spool is full"]
# ///
"""Deletes old files of a spool."""

from core.skill import Host, Outcome

MOST_FILES = 100


def run(host: Host, days: float = 7) -> Outcome:
    """Never the young ones."""
    old = [file for file in host.list("/srv/spool") if file.kind == "file" and file.age_days > days]
    for file in old[:MOST_FILES]:
        host.delete(file.path)
    said = "nothing" if not old else f"{len(old)} files"
    return Outcome(ok=bool(old), summary=f"deleted {said}", facts={"files": len(old)})


CASES = [
    {
        "name": "old ones go, young ones stay",
        "world": {"files": {
            "/srv/spool/a": {"size": 3, "age_days": 9.0}, "/srv/spool/b": {"size": 3, "age_days": 7.0},
            "/srv/spool/c": {"kind": "link", "target": "a", "age_days": 9.0},
        }},
        "expect": {"ok": True, "effects": ["fs.delete /srv/spool/a"], "facts": {"files": 1}},
    },
    {
        "name": "nothing is old",
        "world": {"files": {"/srv/spool/a": {"size": 3, "age_days": 1.0}}},
        "expect": {"ok": False, "effects": []},
    },
]
'''
BLIND = SKILL.replace(', "facts": {"files": 1}', "").replace('"/srv/spool/b": {"size": 3, "age_days": 7.0},', "")


def survivors(source: str) -> list[str]:
    skill, cases = parse_skill("skills/spool/clear_spool.py", source), cases_of(source)
    sandbox = FakeSandbox()
    played = tuple(zip(map(parse_case, cases), run_cases(skill, cases, sandbox), strict=True))
    assert all(result.passed for _, result in played)
    return [one.change for one in mutants_of(source).chosen if not why_noticed(skill, one.source, played, sandbox)]


def test_cases_that_say_what_they_expect_notice_every_change() -> None:
    assert survivors(SKILL) == []


def test_cases_that_look_away_are_found_out() -> None:
    assert set(survivors(BLIND)) == {
        "file.age_days > days becomes file.age_days >= days",
        "'files' becomes 'filesx'",
    }


def test_words_bounds_and_signatures_are_left_alone() -> None:
    changes = " ".join(one.change for one in mutants_of(SKILL).chosen)
    assert [word for word in ("nothing", "MOST_FILES", "7", "Never") if word in changes] == []


def test_what_drops_a_host_call_is_always_among_those_that_are_played() -> None:
    few = mutants_of(SKILL, most=1)
    assert [(one.change, one.drops_call) for one in few.chosen] == [("without host.delete(file.path)", True)]
    assert few.possible > 5


def test_the_choice_is_the_same_every_time() -> None:
    assert [one.change for one in mutants_of(SKILL, 4).chosen] == [one.change for one in mutants_of(SKILL, 4).chosen]


@pytest.mark.parametrize("mutant", mutants_of(SKILL).chosen, ids=lambda one: one.change)
def test_each_is_a_text_of_its_own_that_can_be_run_and_has_no_cases(mutant: object) -> None:
    source = getattr(mutant, "source", "")
    assert "CASES" not in source
    assert ast.dump(ast.parse(source)) != ast.dump(ast.parse(SKILL[: SKILL.index("CASES = [")]))


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("while host.now < 5: break", "break becomes continue"),
        ("files = sorted(host.list('/a'), key=len)", "sorted(…) without its key"),
        ("names = host.read('/a')[2:]", "host.read('/a')[2:] becomes host.read('/a')"),
        ("size = host.truncate('/a')", "without host.truncate('/a')"),
        ("host.service('a').restart()", "without host.service('a').restart()"),
        ("x = not host.now", "not host.now becomes host.now"),
        ("x = host.now and 2", "host.now and 2 becomes host.now or 2"),
        ("x = host.now + 4096", "4096 becomes 8192"),
        ("return helper(host)", "return helper(host) becomes return None"),
    ],
)
def test_each_kind_of_change_is_known(body: str, change: str) -> None:
    source = f"def run(host: Host) -> Outcome:\n    {body}\n    print(x, names, files, size)\n"
    assert change in [one.change for one in mutants_of(source, 99).chosen]
