"""`nightshift route`: what each tier would choose for words, for tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.cli_session import Session


def add_to(app: typer.Typer, session: Callable[[], Session]) -> None:
    """Gives the command line its command `route`."""

    @app.command()
    def route(words: Annotated[list[str], typer.Argument(help="As a person or an alert would say it.")]) -> None:
        """What each tier would choose for these words, and why; nothing is done."""
        from bot.routing_view import route as show  # noqa: PLC0415 - it loads the store

        raise typer.Exit(show(session(), " ".join(words)))
