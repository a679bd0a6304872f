"""`nightshift sandboxd`: holds the sandbox's engine for a Nightshift in another container, which then needs no right to start any."""

from __future__ import annotations

import signal
import sys
import threading

from adapters.sandbox.sidecar_server import SidecarServer
from bot.messages import words_of
from bot.settings import Settings
from bot.wiring import sandbox_of
from core.errors import InvalidError, UnavailableError

WARM = 3


def serve(settings: Settings) -> int:
    """Until it is told to end; raises what keeps it from serving. No guest is handed out before the engine has passed its self-test."""
    table = settings.file.sandbox
    if table.engine == "sidecar":
        raise InvalidError(
            'sandboxd needs an engine of its own: set [sandbox] engine to "auto", "bubblewrap" or "docker" here'
        )
    sandbox = sandbox_of(table, WARM)
    try:
        if reasons := sandbox.self_test():
            raise UnavailableError(f"no sandbox is fit here: {'; '.join(reasons)}")
        server = SidecarServer(sandbox.guests, table.socket)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: ended.set())
        threading.Thread(target=server.serve, name="sidecar", daemon=True).start()
        words = words_of(settings.file.language)
        sys.stderr.write(words.say("cli.sandboxd", socket=table.socket, engine=sandbox.backend) + "\n")
        ended.wait()
        server.close()
    finally:
        sandbox.close()
    return 0
