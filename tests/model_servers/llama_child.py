"""A real llama-server in a process of its own: `llama_child.py MODEL`; says its address, and ends when its stdin does."""

from __future__ import annotations

import importlib
import sys
from typing import Any

THREADS, CONTEXT = 2, 2048


def main(model: str) -> None:
    """Up until nobody holds the other end of stdin."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    wanted: Any = xllamacpp.CommonParams()
    wanted.model.path = model
    wanted.hostnames = ["127.0.0.1"] if isinstance(wanted.hostnames, list) else "127.0.0.1"
    wanted.port, wanted.n_parallel, wanted.n_ctx = 0, 1, CONTEXT
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = THREADS
    server: Any = xllamacpp.Server(wanted)
    print(f"up at {server.listening_address}", flush=True)  # noqa: T201 - what its parent waits for
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
