"""`skills test`: what a skill's CASES are worth. Cases, every host call made to fail once, mutants that its cases must notice.

Everything runs in the real sandbox, a mutant too: what was changed at random may loop or flood. Runs go to a few guests side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bot.app import CaseResult
from bot.proven_skills import Proof, proofs_in, state_of
from bot.wiring import sandbox_of
from core.capability import Risk
from core.case_world import parse_case
from core.errors import InvalidError
from core.grant import risk_of_skill
from core.ports import Catalog, Sandbox
from core.proven_sandbox import ProvenSandbox
from core.skill_cases import CaseResult as Played
from core.skill_cases import faults_of, run_cases, why_noticed
from core.skill_catalog import cases_of, parse_skill
from core.skill_library import Libraries, read_libraries
from core.skill_manifest import Skill
from core.skill_mutants import Mutant, mutants_of

ENOUGH = 0.8
"""Share of the mutants that a skill's own CASES must notice; every one that drops a host call besides."""

SIDE_BY_SIDE = 3


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change of the skill that none of its CASES notices: a case is missing."""

    line: int
    change: str
    drops_call: bool


@dataclass(frozen=True, slots=True)
class SkillResult:
    """One skill. `proven` is looks, proven, changed or unproven; `fault` what it was proven on; `gate` a problem of its header."""

    name: str
    risk: Risk
    cases: tuple[CaseResult, ...]
    faults: int
    swallowed: tuple[str, ...]
    mutants: int
    possible: int
    survivors: tuple[Survivor, ...]
    proven: str
    fault: str
    gate: str

    @property
    def caught(self) -> int:
        """Mutants that a case noticed."""
        return self.mutants - len(self.survivors)

    @property
    def are_enough_caught(self) -> bool:
        """True for four fifths, and all that drop a host call; a skill with nothing to change is fine."""
        return self.caught >= ENOUGH * self.mutants and not any(one.drops_call for one in self.survivors)

    @property
    def has_passed(self) -> bool:
        """Whether it may go on to people, proof or not."""
        return all(one.ok for one in self.cases) and not self.swallowed and not self.gate and self.are_enough_caught

    @property
    def is_sound(self) -> bool:
        """True where it has also been proven, or only looks."""
        return self.has_passed and self.proven in ("looks", "proven")


def run(catalog: Catalog, name_or_file: str, folder: Path) -> SkillResult:
    """A skill of the catalog by name, or a file that nobody approved: that one too runs on the invented host only."""
    sandbox = ProvenSandbox(sandbox_of(None, SIDE_BY_SIDE))
    try:
        return result_of(_skill(catalog, name_or_file, folder), sandbox, proofs_in(folder))
    finally:
        sandbox.close()


def run_all(catalog: Catalog, folder: Path) -> Iterator[SkillResult]:
    """Every skill, in the order of their names, each as soon as it and those before it are done."""
    proofs, sandbox = proofs_in(folder), ProvenSandbox(sandbox_of(None, SIDE_BY_SIDE))
    try:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            yield from pool.map(lambda skill: result_of(skill, sandbox, proofs), catalog.skills())
    finally:
        sandbox.close()


def result_of(skill: Skill, sandbox: Sandbox, proofs: Mapping[str, Proof]) -> SkillResult:
    """All checks of one skill."""
    raw = cases_of(skill.source)
    played = run_cases(skill, raw, sandbox)
    faults = faults_of(skill, raw, sandbox)
    mutants = mutants_of(skill.source)
    is_noticed = _notices(skill, raw, played, sandbox)
    proof = proofs.get(skill.name)
    return SkillResult(
        name=skill.name,
        risk=skill.risk,
        cases=tuple(CaseResult(one.name, one.passed, "; ".join(one.problems)) for one in played),
        faults=faults.tried,
        swallowed=faults.swallowed,
        mutants=len(mutants.chosen),
        possible=mutants.possible,
        survivors=tuple(_survivor(one) for one in mutants.chosen if not is_noticed(one)),
        proven=state_of(skill, proofs),
        fault=proof.fault if proof else "",
        gate=_why_not_let_through(skill),
    )


def _notices(
    skill: Skill, raw: Sequence[Mapping[str, object]], played: Sequence[Played], sandbox: Sandbox
) -> Callable[[Mutant], bool]:
    """A change of how a failed call is met may also be noticed by making calls fail."""
    pairs = tuple(zip(map(parse_case, raw), played, strict=True))

    def is_noticed(mutant: Mutant) -> bool:
        source = mutant.source
        if why_noticed(skill, source, pairs, sandbox):
            return True
        return mutant.in_handler and bool(faults_of(replace(skill, source=source), raw, sandbox).swallowed)

    return is_noticed


def _survivor(mutant: Mutant) -> Survivor:
    return Survivor(mutant.line, mutant.change, mutant.drops_call)


def _why_not_let_through(skill: Skill) -> str:
    """The static gate has read it already, or it would be no skill; what is left is the danger that its author claims."""
    computed = risk_of_skill(skill)
    return "" if computed == skill.risk else f"it claims to be {skill.risk.word} and is {computed.word}"


def _skill(catalog: Catalog, name_or_file: str, folder: Path) -> Skill:
    if not name_or_file.endswith(".py"):
        return catalog.get(name_or_file)
    path = Path(name_or_file)
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidError(f"cannot read {path}: {why}; name a skill or a Python file") from error
    return parse_skill(str(path), source, locked=_libraries_in(folder))


def _libraries_in(folder: Path) -> Libraries:
    """What a skill may declare, as the lock beside our own says."""
    return read_libraries((folder / "deps.lock").read_text(encoding="utf-8"))
