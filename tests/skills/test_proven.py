"""Every skill that repairs was proven on its real fault, as the text it has today, by a test that is still there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.proven_skills import Proof, proofs_in, proofs_text, state_of
from core.skill_manifest import Skill
from tests.skills.hands import CATALOG, SKILLS_FOLDER

ROOT = SKILLS_FOLDER.parent
REPAIRS = [skill for skill in CATALOG.skills() if not skill.is_looker]
PROOFS = proofs_in(SKILLS_FOLDER)


def marked(nodeid: str) -> set[str]:
    """The skills that a test is marked as proving."""
    file, _, name = nodeid.partition("::")
    path = ROOT / file
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name.partition("[")[0]
    ]
    marks = [mark for function in functions for mark in function.decorator_list if isinstance(mark, ast.Call)]
    return {
        str(mark.args[0].value)
        for mark in marks
        if ast.unparse(mark.func) == "pytest.mark.proves" and isinstance(mark.args[0], ast.Constant)
    }


@pytest.mark.parametrize("skill", REPAIRS, ids=lambda skill: skill.name)
def test_a_repair_was_proven_as_it_is_today(skill: Skill) -> None:
    assert state_of(skill, PROOFS) == "proven", "prove it in tests/faults, then: pytest tests/faults --write-proven"
    assert skill.name in marked(PROOFS[skill.name].test)


def test_nothing_is_listed_that_is_no_skill() -> None:
    assert set(PROOFS) - {skill.name for skill in CATALOG.skills()} == set()


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    proofs = {"b": Proof("1" * 64, 'a "quoted" \\ fault', "tests/x.py::test_b"), "a": Proof("2" * 64, "f", "t")}
    (tmp_path / "proven.toml").write_text(proofs_text(proofs))
    assert proofs_in(tmp_path) == proofs
    assert proofs_in(tmp_path / "nowhere") == {}
