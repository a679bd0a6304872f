"""Every skill passes its own CASES in the sandbox, never says ok after a host call that failed, and fits the lookers it names."""

from __future__ import annotations

import pytest

from adapters.skill_catalog_files import lock_text
from core.capability import Risk
from core.grant import risk_of_skill
from core.ports import Sandbox
from core.skill_cases import fails_honestly, run_cases
from core.skill_catalog import cases_of
from core.skill_manifest import Skill
from tests.fakes.sandbox import FakeSandbox
from tests.skills.hands import CATALOG, SKILLS_FOLDER

SKILLS = CATALOG.skills()
CURES = [skill for skill in SKILLS if not skill.is_looker]


def by_name(skill: Skill) -> str:
    return skill.name


def test_every_file_is_a_skill() -> None:
    assert CATALOG.problems == ()
    assert len(SKILLS) >= 15


@pytest.mark.parametrize("skill", SKILLS, ids=by_name)
def test_cases_pass_in_the_sandbox(skill: Skill, sandbox: Sandbox) -> None:
    assert [result.problems for result in run_cases(skill, cases_of(skill.source), sandbox) if not result.passed] == []


@pytest.mark.parametrize("skill", SKILLS, ids=by_name)
def test_the_fake_sandbox_gives_the_same(skill: Skill) -> None:
    cases = cases_of(skill.source)
    assert [result.problems for result in run_cases(skill, cases, FakeSandbox()) if not result.passed] == []


@pytest.mark.parametrize("skill", SKILLS, ids=by_name)
def test_no_failed_call_is_swallowed(skill: Skill) -> None:
    assert fails_honestly(skill, cases_of(skill.source), FakeSandbox()) == ()


@pytest.mark.parametrize("skill", CURES, ids=by_name)
def test_a_cure_has_a_case_that_acts_and_one_that_must_not(skill: Skill) -> None:
    cases = [case["expect"] for case in cases_of(skill.source)]
    assert [case for case in cases if isinstance(case, dict) and case["ok"] and case["effects"]]
    assert [case for case in cases if isinstance(case, dict) and not case["ok"] and not case["effects"]]


@pytest.mark.parametrize("skill", SKILLS, ids=by_name)
def test_the_author_claims_the_danger_that_the_broker_computes(skill: Skill) -> None:
    assert risk_of_skill(skill) == skill.risk
    assert (skill.risk is Risk.LOW) == skill.is_looker


@pytest.mark.parametrize("skill", CURES, ids=by_name)
def test_a_cure_is_fed_by_facts_that_its_lookers_report(skill: Skill) -> None:
    lookers = [CATALOG.get(name) for name in skill.lookers]
    assert all(looker.is_looker for looker in lookers)
    words = " ".join(looker.source for looker in lookers)
    facts = {fact for _, fact in skill.fill} | ({skill.share} if skill.share else set())
    assert [fact for fact in facts if fact.rpartition("_")[2] not in words] == []


def test_the_list_for_people_names_every_skill_with_its_risk() -> None:
    text = (SKILLS_FOLDER.parent / "docs" / "skills.md").read_text()
    rows = {f"| `{skill.name}` | {'looks' if skill.is_looker else skill.risk.word} |" for skill in SKILLS}
    assert {row for row in rows if row not in text} == set()


def test_the_lock_pins_these_very_files() -> None:
    assert (SKILLS_FOLDER / "skills.lock").read_text() == lock_text(SKILLS_FOLDER)
