"""`nightshift audit …`: tail, verify and export over the trail of the data folder, and over the one that a demo left in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bot.cli_session import Session
from bot.json_view import as_json, jsonable
from core.journal import AuditRow, AuditState

ALL = 2**31 - 1


def tail(session: Session, count: int) -> int:
    """The newest rows; the demo's come first and are marked, so that the newest real one stands last."""
    lines, table = [], []
    for one, row in _rows(session, count):
        mark = f"{session.words.say('cli.demo.mark')} " if one.is_demo else ""
        lines.append(f"{mark}#{row.seq} {jsonable(row.at)} {row.kind} {row.subject} {as_json(row.body)}")
        table.append(_marked(one, row))
    session.out(as_json(table, indent=2) if session.as_json else "\n".join(lines) or session.words.say("list.none"))
    return 0


def export(session: Session) -> int:
    """Every row, one JSON object a line."""
    for one, row in _rows(session, ALL):
        session.out(as_json(_marked(one, row)))
    return 0


def verify(session: Session, head: str = "") -> int:
    """Walks both trails; a head that a person kept must be in one of them. 1 where anything is broken."""
    head = head.strip().lower()
    states = [(one, _state(one)) for one in session.with_demo()]
    if head and not any(_is_whole(_state(one, head)) for one, _ in states):
        states[0] = (session, _state(session, head))
    for one, state in () if session.as_json else states:
        key = ("cli.whole" if state.count else "cli.empty") if _is_whole(state) else "cli.broken"
        mark = f"{session.words.say('cli.demo.mark')} " if one.is_demo else ""
        facts = {"count": state.count, "head": state.head, "row": state.broken_at, "problem": state.problem}
        sys.stdout.write(mark + session.words.say(key, **facts) + "\n")
    if session.as_json:
        table = _fields(states[0][1])
        table |= {"demo": jsonable(states[1][1])} if len(states) > 1 else {}
        session.out(as_json(table, indent=2))
    return int(not all(_is_whole(state) for _, state in states))


def _state(session: Session, head: str = "") -> AuditState:
    with session.desk() as (_, rows):
        return rows.audit.verify(head)


def _is_whole(state: AuditState) -> bool:
    return not state.problem and not state.broken_at


def _rows(session: Session, count: int) -> Iterator[tuple[Session, AuditRow]]:
    for one in reversed(session.with_demo()):
        with one.desk() as (_, rows):
            found = rows.audit.tail(count)
        yield from ((one, row) for row in found)


def _marked(session: Session, row: AuditRow) -> dict[str, object]:
    return {**_fields(row), "demo": True} if session.is_demo else _fields(row)


def _fields(noun: AuditRow | AuditState) -> dict[str, object]:
    table = jsonable(noun)
    assert isinstance(table, dict)
    return table
