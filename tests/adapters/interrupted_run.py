"""A process for `test_run_for_real.py`: starts an effect that takes long on this machine, and is killed in it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.host.local import LocalHost
from adapters.store.store import Store
from core.broker import Broker, Doors, Errand, RunMode
from core.grant import Grant
from core.service_control import ServiceControl
from tests.fakes.seal import FakeSeal

LINE = "/usr/bin/sleep 300"


class RealClock:
    """The present."""

    def now(self) -> datetime:
        """See `core.ports.Clock`."""
        return datetime.now(UTC)


def main(folder: str) -> None:
    """Never returns by itself."""
    store = Store(f"sqlite:///{folder}/nightshift.db", FakeSeal(), RealClock(), Path(folder))
    host = LocalHost(())
    doors = Doors(
        host=host,
        services=ServiceControl(host, frozenset({0})).services,
        effects=store.effects,
        blobs=store.blobs,
        clock=store.clock,
        permit=lambda: None,
        refused=print,
    )
    grants = (Grant.parse(f"exec:{LINE}"),)
    Broker(Errand("r1", "a_skill", "localhost", RunMode.EXECUTE, grants, timeout=300.0), doors).answer(
        "exec", {"argv": [*LINE.split()]}
    )


if __name__ == "__main__":
    main(sys.argv[1])
