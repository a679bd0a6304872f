"""`skills test`: a skill's CASES and honest failure, in the real sandbox, on an invented host."""

from __future__ import annotations

from pathlib import Path

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from bot.app import CaseResult
from core.errors import InvalidError
from core.ports import Catalog
from core.proven_sandbox import ProvenSandbox
from core.skill_cases import fails_honestly, run_cases
from core.skill_catalog import cases_of, parse_skill
from core.skill_manifest import Skill


def run(catalog: Catalog, name_or_file: str) -> tuple[CaseResult, ...]:
    """A skill of the catalog by name, or a file that nobody approved: that one too runs on the invented host only."""
    skill = _skill(catalog, name_or_file)
    cases = cases_of(skill.source)
    sandbox = ProvenSandbox(BubblewrapSandbox())
    try:
        played = run_cases(skill, cases, sandbox)
        swallowed = fails_honestly(skill, cases, sandbox)
    finally:
        sandbox.close()
    results = [CaseResult(one.name, one.passed, "; ".join(one.problems)) for one in played]
    honest = CaseResult("every host call made to fail once", not swallowed, "; ".join(swallowed))
    return (*results, honest)


def _skill(catalog: Catalog, name_or_file: str) -> Skill:
    if not name_or_file.endswith(".py"):
        return catalog.get(name_or_file)
    path = Path(name_or_file)
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidError(f"cannot read {path}: {why}; name a skill or a Python file") from error
    return parse_skill(str(path), source)
