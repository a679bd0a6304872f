"""What a call on a far host costs over a kept connection: a real sshd on loopback, one command and one small file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from tests.bench.figure import Figure, milliseconds
from tests.far.far_host import far_host
from tests.far.lines import ssh_host

_CALLS = 100
_EXEC_MS, _READ_MS = 5.0, 3.0


def figures() -> Iterator[Figure]:
    """Nothing where we are not root: then there is no far host to be had."""
    if os.geteuid() != 0:
        return
    with far_host() as far, ssh_host(far) as host:
        yield Figure(
            3, "ssh.exec", "ms", _EXEC_MS, _timed(lambda: host.run(("/bin/true",), 5, lambda _pid, _started: None))
        )
        yield Figure(3, "ssh.read", "ms", _READ_MS, _timed(lambda: host.read("/etc/hostname", 100)))


def _timed(call: Callable[[], object]) -> tuple[float, ...]:
    call()
    samples = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        call()
        samples.append(time.perf_counter() - began)
    return milliseconds(samples)
