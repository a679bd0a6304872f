"""The commands by which people hold Nightshift back and let it go on: each is one line for the desk, as typed in chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Optional

import typer

LINES = {
    "answer": ("ID WORDS", "Answer a question in your own words; it permits nothing."),
    "take": ("ID|HOST [off]", "I have it: Nightshift keeps its hands off there and goes on looking."),
    "ack": ("[ID]", "Somebody is awake: nobody else is paged, Nightshift goes on."),
    "snooze": ("ID [30m|off]", "The incident sleeps, and comes back if it is still bad."),
    "mute": ("HOST|SIGNAL [2h|off]", "Messages go to the morning message; severity 1 comes through."),
    "maintenance": (
        "HOST|GROUP [2h|off] [WHY]",
        "No page and no action there; what is still bad at its end is raised.",
    ),
    "resolve": ("ID", "Close an incident by hand; it reopens if it is still bad."),
    "wrong": ("ID [WHY]", "That fix was wrong: its order ends, its trust is gone, an undo is offered."),
    "orders": ("[new ID|confirm ID [NAME]|renew ID|revoke ID]", "What Nightshift may do alone."),
    "rules": ("[confirm ID|drop ID]", "The rules that people told."),
    "rule": ("WORDS", "Tell a rule in words; it is shown back before it holds."),
    "mode": ("[HOST|GROUP|all observe|approve|auto|reset]", "How far Nightshift goes where; only made stricter here."),
    "digest": ("", "The morning message, now."),
    "admit": ("ID", "Let a skill exist."),
}
"""Command: what follows it, and its help. What is typed is handed on as it is; the desk's grammar says what is wrong with it."""


def add_to(app: typer.Typer, say: Callable[[str], None]) -> None:
    """Gives the app these commands; `say` has the desk answer a line and ends the process."""
    for name, (follows, text) in LINES.items():
        app.command(name, help=text)(_line(name, follows, say))

    @app.command()
    def note(
        words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What was changed.")],
        host: Annotated[str, typer.Option("--host", help="Where; everywhere if left out.")] = "",
    ) -> None:
        """Say that something was changed, a deploy for example: it stands on the cards of that hour."""
        say(" ".join(("note", *words, *([f"host={host}"] if host else []))))


def _line(name: str, follows: str, say: Callable[[str], None]) -> Callable[..., None]:
    def command(words: Optional[list[str]] = None) -> None:  # noqa: UP045 - typer reads it
        say(" ".join((name, *(words or ()))))

    argument = typer.Argument(metavar=follows or "", help="", hidden=not follows)
    command.__annotations__["words"] = Annotated[Optional[list[str]], argument]  # noqa: UP045 - typer reads it
    return command
