"""The sandboxes that tests run over: the fake one, both engines, and bubblewrap by way of a sidecar."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from adapters.sandbox.docker import DockerSandbox
from adapters.sandbox.sidecar import SidecarSandbox
from adapters.sandbox.sidecar_server import SidecarServer
from core.ports import Sandbox
from tests.docker_daemon import Daemon
from tests.fakes.sandbox import FakeSandbox

BUILD = Path(__file__).parents[1] / "deploy" / "sandbox" / "build.py"


def image_in(daemon: Daemon) -> str:
    """The image of the docker sandbox, built where this run has not done so yet; skipped where no package can be had."""
    with daemon.turn("image"):
        done = subprocess.run(
            [sys.executable, str(BUILD), daemon.url], capture_output=True, text=True, timeout=300, check=False
        )
    if done.returncode:
        pytest.skip(f"the image of the sandbox cannot be built here: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def sidecar(sandbox: BubblewrapSandbox | DockerSandbox) -> Iterator[str]:
    """The socket of a sidecar that holds this engine."""
    with tempfile.TemporaryDirectory() as place:
        server = SidecarServer(sandbox.guests, f"{place}/sandbox.sock")
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield f"{place}/sandbox.sock"
        finally:
            server.close()
            thread.join()


def kinds(request: pytest.FixtureRequest) -> Iterator[Callable[[], Sandbox]]:
    """What makes the one that `request.param` names."""
    match request.param:
        case "docker":
            daemon = request.getfixturevalue("docker_daemon")
            yield partial(DockerSandbox, 2, daemon.url, image_in(daemon))
        case "sidecar":
            engine = BubblewrapSandbox()
            with sidecar(engine) as path:
                yield partial(SidecarSandbox, path)
            engine.close()
        case "bubblewrap":
            yield BubblewrapSandbox
        case _:
            yield FakeSandbox
