"""The results of `skills test` as lines for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.json_view import jsonable
from bot.messages import Words

if TYPE_CHECKING:
    from bot.skill_tests import SkillResult


def line_of(result: SkillResult, words: Words) -> str:
    """One skill of `--all`."""
    cases = f"{sum(one.ok for one in result.cases)}/{len(result.cases)}"
    faults = f"{result.faults - len(result.swallowed)}/{result.faults}"
    share = 100 * result.caught // result.mutants if result.mutants else 100
    mark = "ok " if result.is_sound else "BAD"
    checks = words.say(
        "tests.line", cases=cases, faults=faults, caught=result.caught, mutants=result.mutants, percent=share
    )
    gate = f"  {words.say('tests.gate', why=result.gate)}" if result.gate else ""
    return f"{mark} {result.name:30} {checks}{gate}  {words.say(f'proven.{result.proven}', fault=result.fault)}"


def report_of(result: SkillResult, words: Words) -> str:
    """One skill alone: every case, what it swallowed, and the changes that no case notices, so that an author can add one."""
    lines = [
        f"{'ok ' if one.ok else 'BAD'} {one.name}{': ' + one.detail if one.detail else ''}" for one in result.cases
    ]
    said = words.say("tests.faults", count=result.faults)
    lines.append(
        f"{'BAD' if result.swallowed else 'ok '} {said}{': ' + '; '.join(result.swallowed) if result.swallowed else ''}"
    )
    mutants = words.say("tests.mutants", caught=result.caught, mutants=result.mutants, possible=result.possible)
    lines.append(f"{'ok ' if result.are_enough_caught else 'BAD'} {mutants}")
    lines += [f"      {words.say('tests.survivor', line=one.line, change=one.change)}" for one in result.survivors]
    if result.gate:
        lines.append(f"BAD {words.say('tests.gate', why=result.gate)}")
    lines.append(f"    {words.say(f'proven.{result.proven}', fault=result.fault)}")
    return "\n".join(lines)


def summary_of(results: Sequence[SkillResult], seconds: float, words: Words) -> str:
    """The last line."""
    bad = [one.name for one in results if not one.is_sound]
    caught, mutants = sum(one.caught for one in results), sum(one.mutants for one in results)
    said = words.say("tests.summary", skills=len(results), caught=caught, mutants=mutants, seconds=f"{seconds:.0f}")
    return f"{said} {words.say('tests.bad', names=', '.join(bad)) if bad else words.say('tests.good')}"


def table_of(result: SkillResult) -> dict[str, object]:
    """For `--json`."""
    table = jsonable(result)
    assert isinstance(table, dict)
    return {**table, "caught": result.caught, "ok": result.is_sound}
