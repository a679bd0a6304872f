"""`policy show`: the whole table, made from the function that decides, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from core.action_skill import is_action
from core.capability import Risk
from core.errors import UnknownError
from core.grant import risk_of_skill
from core.inventory import Inventory, Mode
from core.policy import Asker, Case, decide, line_of
from core.skill_manifest import Skill, SkillState

STATES = (SkillState.OWNED, SkillState.TRIAL)


def policy_table() -> tuple[list[dict[str, str]], list[str]]:
    """One row per mode, risk and state of a skill that may run, with the answer to every asker; as data and as lines."""
    rows = [_row(mode, risk, state) for mode, risk, state in product(Mode, Risk, STATES)]
    columns = list(rows[0])
    widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in columns}
    lines = [" ".join(name.ljust(widths[name]) for name in columns)]
    lines += [" ".join(row[column].ljust(widths[column]) for column in columns).rstrip() for row in rows]
    return rows, lines


def _row(mode: Mode, risk: Risk, state: SkillState) -> dict[str, str]:
    answers = {str(asker): str(decide(Case(mode, risk, state, asker, has_text_origin=False))) for asker in Asker}
    return {"mode": mode.word, "risk": risk.word, "state": str(state)} | answers


def explained(
    skill: Skill, inventory: Inventory, host: str, mode: Callable[[str], Mode]
) -> tuple[tuple[str, str], ...]:
    """(asker, answer by which line) for one skill on one host, its values known; raises UnknownError for a host nobody listed."""
    if inventory.entry(host) is None:
        raise UnknownError("host", host, tuple(entry.name for entry in inventory.hosts))
    risk = skill.risk if is_action(skill) else risk_of_skill(skill)
    cases = {asker: Case(mode(host), risk, skill.state, asker, has_text_origin=False) for asker in Asker}
    return tuple((str(asker), line_of(case)) for asker, case in cases.items())
