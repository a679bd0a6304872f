"""What a test needs to speak SSH to a far host: a loop on a thread, connections as either user, hosts over them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.host.ssh import SshHost, never
from adapters.host.ssh_connection import SshAddress, SshConnection
from tests.far.far_host import HAND, LOOK, FarHost


@contextmanager
def loop_on_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """As the bot keeps one for all its connections."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def address_of(far: FarHost, user: str = HAND) -> SshAddress:
    """Where it is, for one of its users."""
    key = {LOOK: far.look_key, HAND: far.hand_key}[user]
    return SshAddress("127.0.0.1", far.port, user, key, far.known_hosts, "far")


def hang_up(host: SshHost) -> None:
    """The line is gone from our side."""
    assert isinstance(host.connection, SshConnection)
    host.connection.close()


@contextmanager
def ssh_host(
    far: FarHost,
    user: str = HAND,
    *,
    protected: tuple[Path, ...] = (),
    sudo: Callable[[tuple[str, ...]], bool] = never,
) -> Iterator[SshHost]:
    """A Host on it."""
    with ExitStack() as stack:
        loop = stack.enter_context(loop_on_a_thread())
        connection = SshConnection(loop, address_of(far, user))
        stack.callback(connection.close)
        host = SshHost(connection, protected, sudo)
        stack.callback(host.close)
        yield host
