"""`nightshift ask`: one sentence in free words, answered here or by the running `up`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.cli_session import Session


def add_to(app: typer.Typer, session: Callable[[], Session]) -> None:
    """The command of this file."""

    @app.command()
    def ask(words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="As you would say it.")]) -> None:
        """Ask about a machine, or say what is to be done, in your own words; exit 1 where that was not understood."""
        raise typer.Exit(answer(session(), " ".join(words)))


def answer(session: Session, words: str) -> int:
    """Shows what came of it. With --json what was answered stands on stdout, whatever it was; only an error goes to stderr."""
    from bot.conversing import Recent  # noqa: PLC0415
    from bot.json_view import as_json, jsonable  # noqa: PLC0415 - what only one command needs is loaded by it

    came = replace(session, recent=Recent(is_over_at_once=True)).answer(f"ask {words}")
    if not session.as_json or (came.data is None and not came.ok):
        return session.show(came)
    outcome = jsonable(came.data)
    told = outcome if isinstance(outcome, dict) and "evidence" in outcome else _of_incident(came.text, outcome)
    sys.stdout.write(as_json(told, indent=2) + "\n")
    return 0 if came.ok else 1


def _of_incident(text: str, outcome: object) -> dict[str, object]:
    """What came of a wish whose work was followed to its end, or to its question."""
    incident = outcome.get("id", "") if isinstance(outcome, dict) else ""
    return {"answer": text, "kind": "wish", "evidence": [], "incident": incident, "outcome": outcome}
