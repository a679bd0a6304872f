"""The commands about skills: what there is, what each was proven on, what its tests come to."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot import jobs
from bot.adopting import Wish, lines_for, look_at, wish_of, write_lines
from bot.answers import Answer
from bot.json_view import as_json, jsonable
from bot.messages.flow_lines import flow_line
from bot.messages.units import clock, plain, quoted
from bot.proven_skills import Proof, state_of
from bot.roster import Roster
from bot.skill_test_lines import line_of, report_of, summary_of, table_of
from core.flows import flows_of_texts
from core.skill_manifest import Skill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.cli_session import Session
    from bot.messages import Words


_WIDTH = 80


def show_all(session: Session) -> int:
    """All skills: what decides about it, what it does, what it was proven on; within the width of a terminal."""
    proofs = jobs.proofs(session.settings)
    found = jobs.open_catalog(session.settings).skills()
    rows = [_row(skill, proofs) for skill in found]
    lines = [
        "\n".join(
            (
                f"{skill.name:30} {skill.risk.word:6} {skill.state}",
                _indented(skill.summary),
                _indented(proven_on(skill, proofs, session.words)),
            )
        )
        for skill in found
    ]
    return session.show(Answer("\n".join(lines), rows))


def _indented(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")


def show(session: Session, name: str) -> int:
    """One skill with its source."""
    proofs = jobs.proofs(session.settings)
    skill = jobs.open_catalog(session.settings).get(name)
    flows = flow_line(session.words, flows_of_texts(skill.capabilities))
    text = f"# {proven_on(skill, proofs, session.words)}\n# {flows}\n{skill.source.rstrip()}"
    return session.show(Answer(text, {**_row(skill, proofs), "source": skill.source}))


def gaps(session: Session) -> int:
    """Skills that were missed, newest first, in the words of whoever missed them."""
    names = Roster(session.settings.inventory(), os.geteuid()).names()
    with session.desk() as (desk, rows):
        now = desk.views.now()
        found = sorted((one for one in rows.gaps.all() if one.ended is None), key=lambda one: one.at, reverse=True)
    lines = [
        session.words.say(
            "gap.line",
            id=plain(one.id, 80),
            at=clock(one.at, now),
            by=session.words.people((one.by,), names),
            wanted=quoted(one.wanted, 300),
        )
        for one in found
    ]
    return session.show(Answer("\n".join(lines) or session.words.say("list.none"), found))


def test(session: Session, name: str) -> int:
    """One skill, with the changes that no case notices."""
    if sys.stderr.isatty():
        session.note("cli.testing")
    result = jobs.test_skill(name)
    session.out(as_json(table_of(result), indent=2) if session.as_json else report_of(result, session.words))
    return 0 if result.has_passed else 1


def test_all(session: Session) -> int:
    """Every skill, one line each as it is done; 1 where one is not sound."""
    began, results = time.monotonic(), []
    with _progress(session) as note:
        for result in jobs.test_skills():
            results.append(result)
            note(result.name)
            if not session.as_json:
                session.out(line_of(result, session.words))
    if session.as_json:
        session.out(as_json([table_of(one) for one in results], indent=2))
    else:
        session.out(summary_of(results, time.monotonic() - began, session.words))
    return 0 if results and all(one.is_sound for one in results) else 1


def proven_on(skill: Skill, proofs: Mapping[str, Proof], words: Words) -> str:
    """The real fault on which it was proven, or that there is none."""
    proof = proofs.get(skill.name)
    return words.say(f"proven.{state_of(skill, proofs)}", fault=proof.fault if proof else "")


def _row(skill: Skill, proofs: Mapping[str, Proof]) -> dict[str, object]:
    table = jsonable(skill)
    assert isinstance(table, dict)
    proof = proofs.get(skill.name)
    proven = {"state": state_of(skill, proofs), **(asdict(proof) if proof else {})}
    return {**{key: value for key, value in table.items() if key != "source"}, "proven": proven}


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal; elsewhere one remark at the beginning."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda _name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    total = len(jobs.open_catalog(session.settings).skills())
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=True) as bar:
        task = bar.add_task(session.words.say("tests.running"), total=total)
        yield lambda name: bar.update(task, advance=1, description=name)


def adopt(session: Session, file: str, given: Wish, *, is_sure: bool) -> int:
    """Shows a script, asks what it is for, writes its lines into nightshift.toml; nothing is run."""
    say, script = session.words.say, look_at(file)
    first = script.lines[0] if script.lines else ""
    session.tell(say("adopt.found", file=script.path, size=script.size, owner=script.owner, first=first))
    session.tell(say("adopt.hash", sha256=script.sha256))
    session.tell("\n".join((say("adopt.lines"), *(f"  | {line}" for line in script.lines))))
    wish = wish_of(script, given, (lambda key: _asked(say(key))) if sys.stdin.isatty() else None)
    lines = lines_for(wish)
    session.tell(lines)
    path = session.settings.home / "nightshift.toml"
    if not is_sure and not (
        sys.stdin.isatty() and _asked(say("adopt.sure", path=str(path))).lower() in ("y", "yes", "是")
    ):
        return session.show(Answer(say("adopt.left"), None, ok=False))
    written = write_lines(session.settings.home, wish.name, lines)
    data = {"name": wish.name, "path": str(written), "sha256": script.sha256, "lines": lines}
    return session.show(Answer(say("adopt.written", path=str(written), name=wish.name), data))


def _asked(question: str) -> str:
    return input(f"{question} ").strip()
