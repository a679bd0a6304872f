"""Where lives end and begin again: a test's side of `killable`, with the person who answers straight in the database."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapters.clock_system import SystemClock
from adapters.store.store import Store
from core.approval import Approval, Verdict
from core.proposal import Choices
from core.report import Report
from tests.fakes.seal import FakeSeal
from tests.nights.killable import APPROVERS, LOG, Life, Trouble, as_line, lines_of

ROOT = Path(__file__).parents[2]
KILLED = -9

Person = Callable[[Store, Approval], None]


def says_yes(store: Store, asked: Approval) -> None:
    """Picks the first of choices, approves everything else, with a second person where two are wanted."""
    if isinstance(asked.asks, Choices):
        store.approvals.decide(asked.id, Verdict.PICKED, "li", asked.asks.skills[0], store.clock.now())
        return
    for by in APPROVERS:
        store.approvals.decide(asked.id, Verdict.APPROVED, by, "", store.clock.now())


def says_no(store: Store, asked: Approval) -> None:
    """Picks the first of choices and then wants nothing."""
    if isinstance(asked.asks, Choices):
        says_yes(store, asked)
        return
    store.approvals.decide(asked.id, Verdict.REJECTED, "li", "no", store.clock.now())


@dataclass
class Graveyard:
    """One database and one folder of effects; lives come one after the other. `fresh` makes the database of another house."""

    url: str
    folder: Path
    parent: subprocess.Popen[str]
    fresh: Callable[[Path], str]
    person: dict[str, Person] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    is_quiet: bool = True

    def __post_init__(self) -> None:
        self.effects = self.folder / "effects"
        self.effects.mkdir()
        self.home = self.folder / "home"
        self.store = Store(self.url, FakeSeal(), SystemClock(), self.folder / "person")

    @contextmanager
    def next_house(self) -> Iterator[Graveyard]:
        """Another house, in which nothing has happened yet."""
        folder = Path(tempfile.mkdtemp(prefix="house-", dir=self.folder))
        with graveyard(self.fresh, folder, self.parent) as yard:
            yield yard

    def trouble(self, metric: str, person: Person = says_yes, *, is_task: bool = False, words: str = "") -> Trouble:
        """The next trouble, with a folder of its own, and who answers."""
        made = Trouble(f"web-{len(self.troubles)}", metric, is_task, words)
        (self.effects / made.name).mkdir()
        (self.effects / made.name / LOG).write_text("old and large")
        self.troubles.append(made)
        self.person[made.name] = person
        return made

    def life(self, kill: str = "", **more: Any) -> int:
        """One process until it is killed or all is over; the person answers meanwhile, and once more while nothing runs."""
        life = Life(self.url, str(self.home), str(self.effects), tuple(self.troubles), kill)
        code = self._live(self.parent, replace(life, **more))
        self.answer()
        return code

    def answer(self) -> None:
        """Whoever is asked answers, from this process, straight in the database."""
        for asked in self.store.approvals.pending():
            host = self.store.incidents.load(asked.incident).host
            self.person[host](self.store, asked)

    def _live(self, parent: subprocess.Popen[str], life: Life) -> int:
        begin(parent, life)
        self.wait_for(parent)
        return end(parent, is_quiet=self.is_quiet)

    def wait_for(self, parent: subprocess.Popen[str]) -> None:
        """The person answers until a life is over."""
        assert parent.stdout is not None
        while not select.select([parent.stdout], [], [], 0.03)[0]:
            self.answer()

    # ---- what is left -----------------------------------------------------------------------------------------------------------

    def report(self, trouble: Trouble) -> Report:
        """How it ended; an incident that is still open fails here."""
        (incident,) = [one for one in self.store.incidents.incidents(False, 1000) if one.host == trouble.name]
        report = self.store.history.report(incident.id)
        assert report is not None, f"{trouble} is still open"
        return report

    def record(self, trouble: Trouble) -> list[str]:
        """What was really done there, in order, by file name."""
        lines = lines_of(self.effects / f"{trouble.name}.record")
        return [f"{line.split()[0]} {line.split()[1].rpartition('/')[2]}" for line in lines]

    def rows_hold(self) -> bool:
        """Nothing is unfinished, unsealed or missing in the trail."""
        assert self.store.audit.verify().problem == ""
        assert self.store.tampered() == ()
        assert self.store.effects.unfinished() == ()
        return True

    def close(self) -> None:
        """The last life is over."""
        self.store.close()


@contextmanager
def forker() -> Iterator[subprocess.Popen[str]]:
    """A process that forks lives, one after the other; it has imported everything, and keeps nothing."""
    argv = [sys.executable, "-m", "tests.nights.killable"]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as parent:
        yield parent


def begin(parent: subprocess.Popen[str], life: Life) -> None:
    """A life begins."""
    assert parent.stdin is not None
    parent.stdin.write(as_line(life) + "\n")


def end(parent: subprocess.Popen[str], *, is_quiet: bool = True) -> int:
    """How it ended; words on stderr fail the test, unless it is one in which something must be complained about."""
    assert parent.stdout is not None
    answer = json.loads(parent.stdout.readline())
    assert not (is_quiet and answer["said"]), answer["said"]
    return int(answer["code"])


@contextmanager
def graveyard(fresh: Callable[[Path], str], folder: Path, parent: subprocess.Popen[str]) -> Iterator[Graveyard]:
    """Opened and closed; `fresh` makes an empty database for a folder, and says its URL."""
    yard = Graveyard(fresh(folder), folder, parent, fresh)
    try:
        yield yard
    finally:
        yard.close()
