"""`nightshift hosts …`: which machines there are, and how one is added, tried, trusted again and removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from bot.cli_session import Session

Name = Annotated[str, typer.Argument(metavar="HOST", help="The host's name.")]
Fingerprint = Annotated[
    str, typer.Option("--fingerprint", metavar="SHA256:…", help="The host key that you expect, instead of being asked.")
]


def add_to(app: typer.Typer, session: Callable[[], Session]) -> None:
    """Gives the command line its group `hosts`."""
    hosts = typer.Typer(help="The machines there are, and how they are reached.", invoke_without_command=True)
    app.add_typer(hosts, name="hosts")
    _lists(hosts, session)
    _changes(hosts, session)


def _lists(hosts: typer.Typer, session: Callable[[], Session]) -> None:
    @hosts.callback()
    def _hosts(ctx: typer.Context) -> None:
        """The machines there are, and how they are reached."""
        if ctx.invoked_subcommand is None:
            show(check=False)

    @hosts.command("list")
    def show(check: Annotated[bool, typer.Option("--check", help="Try each of them.")] = False) -> None:  # noqa: FBT002 - an option
        """All of them: how each is reached, its groups and mode, and where it comes from."""
        from bot import hosts_commands

        raise typer.Exit(hosts_commands.show(session(), check=check))

    @hosts.command("check")
    def check(name: Name) -> None:
        """Try one: both users, the host key, Python, the clock, and the sudoers lines that are missing."""
        from bot import hosts_commands

        raise typer.Exit(hosts_commands.check(session(), name))


def _changes(hosts: typer.Typer, session: Callable[[], Session]) -> None:
    @hosts.command("add")
    def add(  # noqa: PLR0913, PLR0917 - the options of a command are its parameters
        name: Name,
        address: Annotated[str, typer.Option("--address", help="Where it is; its name if left out.")] = "",
        port: Annotated[int, typer.Option("--port", help="Where its sshd listens.", min=0, max=65535)] = 0,
        user: Annotated[str, typer.Option("--user", help="Who looks over there, without any rights.")] = "",
        hand: Annotated[str, typer.Option("--hand", help="Who changes over there; none: only look.")] = "",
        groups: Annotated[Optional[list[str]], typer.Option("--group", help="A group; may be repeated.")] = None,  # noqa: UP045 - typer reads it
        services: Annotated[
            Optional[list[str]],  # noqa: UP045 - typer reads it
            typer.Option("--service", help="A service that may be repaired there; may be repeated."),
        ] = None,
        fingerprint: Fingerprint = "",
    ) -> None:
        """Accept a host's key, make our keys, and print what its administrator sets up there. It starts in observe."""
        from bot import hosts_commands

        wanted = hosts_commands.Wanted(name, address, port, user, hand, tuple(groups or ()), tuple(services or ()))
        raise typer.Exit(hosts_commands.add(session(), wanted, fingerprint))

    @hosts.command("trust")
    def trust(name: Name, fingerprint: Fingerprint = "") -> None:
        """Accept the key that a host has now in place of the one it had, after looking at both."""
        from bot import hosts_commands

        raise typer.Exit(hosts_commands.trust(session(), name, fingerprint))

    @hosts.command("remove")
    def remove(name: Name) -> None:
        """Forget a host's key and our keys for it, and print what to take away over there."""
        from bot import hosts_commands

        raise typer.Exit(hosts_commands.remove(session(), name))
