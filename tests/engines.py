"""The two engines for contract tests: in memory, and DBOS on SQLite; one way to play legs, to die in them and to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.store.flow_dbos import DbosEngine
from core.ports import Engine, Flow
from tests.fakes.engine import FakeEngine
from tests.fakes.flow import Killed
from tests.stores import Case, in_memory, on_sqlite

Play = Callable[[str, Flow], None]


class Death:
    """A breakpoint that kills at one point of one step, whatever the id of the leg is; at '' never."""

    def __init__(self, step: str = "", where: str = "") -> None:
        self._point = (step, where)
        self.came = False

    def __call__(self, name: str, at: str) -> None:
        if (name.rpartition("/")[2], at) == self._point:
            self.came = True
            raise Killed


@dataclass
class EngineCase:
    """A store and its engine. `play` writes one leg `story:s1:1` and plays until nothing is due."""

    case: Case
    make: Callable[[Any, Mapping[str, Play], Death], Engine]
    engine: Engine | None = None

    def play(self, plays: Mapping[str, Play], death: Death) -> None:
        """Plays until it dies."""
        self.start(plays, death)
        self.write("story", "s1")
        while not death.came:
            self.settle(0.02)

    def start(self, plays: Mapping[str, Play], death: Death | None = None) -> Engine:
        """A new process, as it were: ends the former engine, launches another over the same rows."""
        self.close()
        self.engine = self.make(self.case.store, plays, death or Death())
        self.engine.launch()
        return self.engine

    def write(self, leg: str, subject: str) -> None:
        """One leg more."""
        self.case.store.legs.start(leg, subject, 1, self.case.clock.now())

    def settle(self, seconds: float = 10.0) -> bool:
        """Until nothing runs or is due, or it died."""
        assert self.engine is not None
        try:
            return self.engine.wait_idle(seconds)
        except Killed:
            return False

    def close(self) -> None:
        """Ends the engine that is running."""
        if self.engine is not None:
            self.engine.close()
            self.engine = None


def fake_engine(_folder: Path) -> EngineCase:
    """In memory."""
    return EngineCase(in_memory(), lambda store, plays, at: FakeEngine(store, plays, breakpoint=at))


def dbos_engine(folder: Path) -> EngineCase:
    """DBOS on a SQLite file."""
    return EngineCase(
        on_sqlite(folder),
        lambda store, plays, at: DbosEngine(store, plays, workers=2, breakpoint=at, retry_pauses=(0.01, 0.01)),
    )
