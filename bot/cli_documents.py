"""`nightshift documents …`: what skills made of collected data, and where it lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.store.documents import DocumentFolder
    from bot.cli_session import Session

Name = Annotated[str, typer.Argument(metavar="NAME", help="A document's name, or a part that only it has.")]


def add_to(app: typer.Typer, session: Callable[[], Session]) -> None:
    """Gives the command line its group `documents`."""
    documents = typer.Typer(help="What skills made of collected data.", invoke_without_command=True)
    app.add_typer(documents, name="documents")

    @documents.callback()
    def _documents(ctx: typer.Context) -> None:
        """What skills made of collected data."""
        if ctx.invoked_subcommand is None:
            show_all()

    @documents.command("list")
    def show_all() -> None:
        """All of them, the newest first."""
        here = session()
        names = _folder(here).names()
        _show(here, "\n".join(names) or here.words.say("document.nothing"), [*names])

    @documents.command("show")
    def show(name: Name) -> None:
        """One, as text."""
        here = session()
        path = _folder(here).path(name)
        text = (path / "document.md").read_text(encoding="utf-8")
        _show(here, text.rstrip(), {"name": path.name, "markdown": text})

    @documents.command("open")
    def where(name: Name) -> None:
        """The files of one, for a browser or a spreadsheet."""
        here = session()
        files = sorted(map(str, _folder(here).path(name).iterdir()))
        _show(here, "\n".join(files), files)


def _show(session: Session, text: str, data: object) -> None:
    """Shows it and ends the command."""
    from bot.answers import Answer

    raise typer.Exit(session.show(Answer(text, data)))


def _folder(session: Session) -> DocumentFolder:
    from adapters.store.documents import DocumentFolder

    return DocumentFolder(session.settings.home)
