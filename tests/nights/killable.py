"""A night that can be killed: the real story on the real store, with effects on real files, in a process forked for each life.

    python -m tests.nights.killable

reads one life per line from stdin as JSON (`Life`), forks, plays, and answers with how the process ended: what waitpid says, and what it
wrote to stderr. Forking after the imports makes a life start in a tenth of a second, and a kill -9 ends a whole process all the same.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.brain_openai import OpenAIBrain
from adapters.cerebellum.ollama_api import OllamaCerebellum
from adapters.clock_system import SystemClock
from adapters.host.files import Files
from adapters.host.local import LocalHost
from adapters.store.flow_dbos import DbosEngine
from adapters.store.store import Store
from bot.minds import Minds
from bot.team import Team
from core.alert import Alert, AlertStatus, Signal
from core.check import Check
from core.execution import Operator
from core.host_change import Change, Changed, ProcessSignal
from core.incident import Incident
from core.inventory import HostEntry, Inventory, Mode
from core.leg import Leg
from core.model_gateway import Terms
from core.task import task
from core.world import CommandResult, FileContent, FileInfo, Measurement, Process
from tests.fakes.catalog import FakeCatalog
from tests.fakes.host import FakeHosts
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.seal import FakeSeal
from tests.model_servers.ollama import MODEL as SMALL
from tests.nights.composition import World, compose
from tests.nights.remedies import skill

EVERY = 0.1
"""Seconds between two measurements of a check."""
LONGEST = 40.0
"""Seconds that one life may take."""
GROUP = "killed"
APPROVERS = ("li", "bo")
LOG, FLAG = "app.log.1", "helps.flag"
UNFLAGGED = "unflagged"
"""What is measured of a folder beside its log: bad until there is a flag."""

ROTATE = """
old = [file.path for file in host.list(directory) if file.name.endswith(".1")]
freed = sum(host.delete(path) for path in old)
return Outcome(ok=bool(old), summary=f"freed {freed} bytes")
"""
PROMISE = """
host.write(f"{directory}/helps.flag", "on")
return Outcome(ok=True, summary="fixed, I promise")
"""
SLEEP = """
host.run(["/usr/bin/sleep", "60"])
return Outcome(ok=True, summary="slept")
"""

PEEK = """
return Outcome(ok=True, summary=f"{len(host.list(directory))} files lie there", facts={})
"""

_DIRECTORY = ", directory: str"
_ROTATED = ("fs.list:{directory}", "fs.delete:{directory}/*;rotated")
REMEDIES = (
    skill("rotate", ROTATE, *_ROTATED, parameters=_DIRECTORY, cures=["disk.full"], timeout=1),
    skill("promise", PROMISE, "fs.write:{directory}/helps.flag", parameters=_DIRECTORY, cures=["disk.lied"]),
    skill("other", ROTATE, *_ROTATED, parameters=_DIRECTORY, cures=["disk.unsure"]),
    skill("further", PROMISE, "fs.write:{directory}/helps.flag", parameters=_DIRECTORY, cures=["disk.unsure"]),
    skill("peek", PEEK, "fs.list:{directory}", parameters=_DIRECTORY, looks_at=["disk.odd"], risk="low"),
    skill("sleep_long", SLEEP, "exec:/usr/bin/sleep 60", cures=["disk.slow"], risk="high"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trouble:
    """One incident of a life: `name` is its host and its folder, `metric` decides which remedies there are; `task` is asked by hand.

    `words` are those of its alert.
    """

    name: str
    metric: str
    is_task: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One process from start to end. `troubles` are all so far, the last is new if nobody took it in yet.

    What is still open of the former ones is brought to its end before the last one is taken in. `kill` is where the life ends itself,
    the `nth` time it comes there; `trace` is a file that gets every point it passes. Both concern the last trouble alone.
    `brain` is the address of a model that is asked where rules know nothing, as of a disk that is odd; `cerebellum` that of a local one.
    `is_second` is a replica that takes nothing in: it waits for what another one has begun, and never hurries to start its legs.
    """

    url: str
    home: str
    folder: str
    troubles: tuple[Trouble, ...]
    kill: str = ""
    nth: int = 1
    trace: str = ""
    lease: float = 10.0
    is_second: bool = False
    brain: str = ""
    cerebellum: str = ""


class Points:
    """Where the last trouble of a life can be killed: `LEG/STEP@before|inside|after`, and `host/…` inside an effect."""

    def __init__(self, life: Life, store: Store) -> None:
        self._life, self._store, self._left = life, store, life.nth

    def engine(self, step: str, where: str) -> None:
        """The engine's hook."""
        leg, _, name = step.partition("/")
        kind, subject, *_ = leg.partition("#")[0].split(":")
        point = f"{kind}/{name}@{where}"
        if self._is_wanted(point):
            self._pass(point, incident_of(self._store, kind, subject).host)

    def host(self, name: str, what: str, where: str) -> None:
        """Inside the effect itself."""
        point = f"host/{what}@{where}"
        if self._is_wanted(point):
            self._pass(point, name)

    def _is_wanted(self, point: str) -> bool:
        return bool(self._life.trace) or point == self._life.kill

    def _pass(self, point: str, host: str) -> None:
        if host != self._life.troubles[-1].name:
            return
        if self._life.trace:
            write_line(Path(self._life.trace), point)
        self._left -= point == self._life.kill
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


class RecordedHost:
    """Host over one real folder; what it does stands in a file beside it, outside of the database."""

    def __init__(self, folder: Path, name: str, points: Points) -> None:
        self._files, self._local, self._points = Files(frozenset()), LocalHost(()), points
        self._name, self._record = name, folder / f"{name}.record"

    def read(self, path: str, limit: int) -> FileContent:
        """See `core.ports.Host`."""
        return self._files.read(path, limit)

    def list(self, path: str, limit: int) -> tuple[FileInfo, ...]:
        """See `core.ports.Host`."""
        return self._files.list(path, limit)

    def change(self, change: Change) -> Changed:
        """See `core.ports.Host`."""
        if isinstance(change, ProcessSignal):
            return self._local.change(change)
        kind = type(change).__name__
        self._points.host(self._name, kind, "before")
        changed = self._files.change(change)
        write_line(self._record, f"{kind} {change.path}")
        self._points.host(self._name, kind, "after")
        return changed

    def run(self, argv: tuple[str, ...], timeout: float, started: Callable[[int, int], None]) -> CommandResult:
        """See `core.ports.Host`."""

        def noted(pid: int, start: int) -> None:
            started(pid, start)
            write_line(self._record, f"started {pid} {start}")
            self._points.host(self._name, "command", "inside")

        return self._local.run(argv, timeout, noted)

    def processes(self) -> tuple[Process, ...]:
        """See `core.ports.Host`."""
        return self._local.processes()


class FolderProbe:
    """Probe of the folders: bad while the rotated log is there; notes how many commands of a former life still run then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def measure(self, host: str, signal: Signal) -> Measurement:
        """See `core.ports.Probe`."""
        record = self._folder / f"{host}.record"
        alive = [line for line in lines_of(record) if line.startswith("started") and is_alive(line)]
        write_line(self._folder / f"{host}.measured", f"{len(alive)}")
        home = self._folder / host
        is_bad = not (home / FLAG).exists() if signal.metric == UNFLAGGED else (home / LOG).exists()
        return Measurement(host, signal, float(is_bad), SystemClock().now())


class RecordedHosts(FakeHosts):
    """One host per folder."""

    def __init__(self, folder: Path, points: Points) -> None:
        super().__init__({})
        self._folder, self._points = folder, points

    def open(self, name: str) -> RecordedHost:
        """See `core.ports.Hosts`."""
        return RecordedHost(self._folder, name, self._points)

    def names(self) -> tuple[str, ...]:
        """See `core.ports.Hosts`."""
        return tuple(sorted(entry.name for entry in self._folder.iterdir() if entry.is_dir()))


def live(life: Life) -> int:
    """One life; 0 when everything is closed, 3 when it came to no end."""
    store = Store(life.url, FakeSeal(), SystemClock(), Path(life.home))
    store.folder.lock()
    points = Points(life, store)
    team = compose(store, _world(life, points))

    def give_up(leg: Leg, why: str) -> None:
        team.closing.hand_over(incident_of(store, leg.leg, leg.subject), f"I could not go on: {why}", ())

    engine = DbosEngine(store, team.plays, 4, life.lease, on_lost=give_up, breakpoint=points.engine)
    if store.db.is_sqlite:
        team.executor.recover()
    engine.launch()
    is_over = _until_all_is_closed(store, team, engine, life)
    engine.close()
    store.close()
    return 0 if is_over else 3


def _until_all_is_closed(store: Store, team: Team, engine: DbosEngine, life: Life) -> bool:
    last = life.troubles[-1]

    def is_closed(but: str = "") -> bool:
        return all(incident.host == but for incident in store.incidents.incidents(only_open=True, limit=10))

    def pulse() -> None:
        team.relapses.tick()
        team.storms.tick()
        team.holding.tick()
        team.watch.tick()
        team.trust.orders.tick()

    def work() -> None:
        pulse()
        engine.sweep(store.clock.now())

    if life.is_second:
        begun = _until(lambda: bool(store.incidents.incidents(only_open=False, limit=1)), pulse)
        return begun and _until(is_closed, pulse) and engine.wait_idle(5)
    former = _until(lambda: is_closed(last.name), work)
    _take_in(store, last, Path(life.folder) / last.name)
    return former and _until(is_closed, work) and engine.wait_idle(5)


def _until(is_so: Callable[[], bool], work: Callable[[], object]) -> bool:
    until = time.monotonic() + LONGEST
    while not is_so() and time.monotonic() < until:
        work()
        time.sleep(0.03)
    return is_so()


def _world(life: Life, points: Points) -> World:
    folder = Path(life.folder)
    checks = tuple(
        Check(Signal("disk", trouble.metric, str(folder / trouble.name)), trouble.name, over=0, every=EVERY)
        for trouble in life.troubles
    )
    entries = tuple(HostEntry(trouble.name, "local", (GROUP,)) for trouble in life.troubles)
    inventory = Inventory(entries, ((GROUP, Mode.APPROVE),))
    operator = Operator(may_approve=lambda name, _host: name in APPROVERS)
    hosts = RecordedHosts(folder, points)
    brain = OpenAIBrain(life.brain, "scripted", "key") if life.brain else None
    local = OllamaCerebellum(life.cerebellum, SMALL, 4096) if life.cerebellum else None
    minds = Minds(brain=brain, cerebellum=local, terms=Terms(seconds=5), seconds=5)
    catalog, sandbox = FakeCatalog(*REMEDIES), FakeSandbox()
    return World(hosts, FolderProbe(folder), checks, inventory, catalog, sandbox, operator, minds=minds)


def _take_in(store: Store, trouble: Trouble, folder: Path) -> None:
    """What was taken in before counts once."""
    now = store.clock.now()
    if trouble.is_task:
        typed = {"directory": str(folder)}
        alert = task(trouble.name, "li", trouble.name, "run", trouble.metric, typed=typed, at=now, is_yes=True)
    else:
        signal_ = Signal("disk", trouble.metric, str(folder))
        alert = Alert(trouble.name, trouble.name, signal_, "probe", AlertStatus.FIRING, now, text=trouble.words)
    store.intake.take_in((alert,), now)


def incident_of(store: Store, leg: str, subject: str) -> Incident:
    """The incident that a leg is about."""
    return store.incidents.load(subject if leg == "investigate" else store.approvals.incident_of(subject))


def write_line(path: Path, line: str) -> None:
    """One line more, whole or not at all, there as soon as this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def lines_of(path: Path) -> list[str]:
    """The lines of a file, none if it is not there."""
    return path.read_text().splitlines() if path.exists() else []


def is_alive(started: str) -> bool:
    """Whether the process of a line `started PID START` still runs."""
    _, pid, start = started.split()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == start and fields[0] != "Z"


def as_line(life: Life) -> str:
    """A life as it goes to the process that forks."""
    return json.dumps(asdict(life))


def _read(line: str) -> Life:
    fields = json.loads(line)
    return Life(**{**fields, "troubles": tuple(Trouble(**one) for one in fields["troubles"])})


def main() -> None:
    """Forks one life per line."""
    for line in sys.stdin:
        errors = os.memfd_create("stderr")
        child = os.fork()
        if not child:
            os.dup2(errors, 2)
            logging.basicConfig(level=logging.ERROR)
            os._exit(live(_read(line)))
        _, status = os.waitpid(child, 0)
        said = os.pread(errors, 1 << 20, 0).decode(errors="replace")
        os.close(errors)
        sys.stdout.write(json.dumps({"code": os.waitstatus_to_exitcode(status), "said": said}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
