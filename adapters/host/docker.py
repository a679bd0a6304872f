"""A listed container as a host: what is in it, as its own users see it, over the daemon's exec; nothing is installed there.

Where the container has a python3 its hands are the kept helper that far hosts have, else plain commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.host.docker_exec import LOCAL_DAEMON, DockerLink
from adapters.host.docker_line import DockerLine
from adapters.host.ssh import SshHost

NOBODY = "65534:65534"


@dataclass(frozen=True, slots=True)
class Container:
    """One that the operator listed. `look_user` looks; `hand_user` changes, empty for the user that the container itself runs as."""

    name: str
    url: str = LOCAL_DAEMON
    look_user: str = NOBODY
    hand_user: str = ""
    protected: tuple[Path, ...] = ()


def look_at(container: Container) -> SshHost:
    """Whoever looks, without privileges; connects at the first question."""
    return _host(container, DockerLink(container.name, container.url), container.look_user)


def hand_on(container: Container) -> Callable[[], AbstractContextManager[SshHost]]:
    """Whoever changes it, for as long as it is entered, and in the container that was there at that moment alone."""

    @contextmanager
    def hand() -> Iterator[SshHost]:
        link = DockerLink(container.name, container.url)
        link.find()
        host = _host(container, link, container.hand_user)
        try:
            yield host
        finally:
            host.close()

    return hand


def _host(container: Container, link: DockerLink, user: str) -> SshHost:
    return SshHost(DockerLine(link, user), container.protected)
