"""Port Engine on DBOS Transact: legs are workflows whose id is the leg's; everything measured in `DECISIONS.md` stands behind this."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from adapters.store.flow_steps import (
    RETRY_PAUSES,
    EngineClosingError,
    JournalledFlow,
    Keeping,
    Surroundings,
    no_breakpoint,
)
from adapters.store.store import Store
from core.errors import BusyError, InvalidError, NightshiftError
from core.leg import Leg
from core.ports import Flow

log = logging.getLogger(__name__)

VERSION = "ns-1"
"""Pinned by hand, so that an update takes unfinished legs along; bump it only when the order of a story's steps breaks."""

MOST_STARTS = 50
"""Deaths under one leg on one machine before it is handed over; each restart counts as one."""
MOST_TAKEOVERS = 3
_SWEEP_EVERY = 5.0
_STORM_PAUSE = 0.1
"""Seconds between two starts while `gives_way` says so: in a storm most legs are about the same, and each costs as much as fifty alerts."""
_PRUNE_EVERY = 3600.0
_THINKS = "investigate"
_FREE = 2
"""Workers that no investigation gets: what a person has approved, and what comes after it, does not wait for models that think."""
_BEGINS_WITHIN = 2.0
"""Seconds after which a leg that was started and is not played here is played by another replica."""
_KEPT = timedelta(days=7)
"""How long DBOS's journal of a finished leg is kept, for who debugs; what people ask for stands in our own tables."""
_AT_ONCE = 500
_FENCED = 70
_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})

Play = Callable[[str, Flow], None]


class _Stage:
    """Where the one workflow function finds the engine that is running in this process; DBOS's registry is as global."""

    engine: DbosEngine | None = None


@DBOS.workflow(name="play_leg", max_recovery_attempts=MOST_STARTS)
def play_leg(leg_id: str) -> str:
    """Plays one leg to its end."""
    if _Stage.engine is None:
        raise EngineClosingError
    return _Stage.engine.play(leg_id)


def hand_over_nobody(leg: Leg, why: str) -> None:
    """Nobody was named who takes a leg that cannot be played."""
    log.error("leg %s is given up: %s", leg.id, why)


def _never() -> bool:
    """Nothing is more urgent."""
    return False


def _end_process() -> None:
    """Declared dead by the others, who have our work now: nothing may be finished here."""
    os._exit(_FENCED)


class DbosEngine:
    """Plays legs durably in `workers` threads.

    `plays` maps the name of a leg to what plays it with (subject, flow). `on_lost` is called with a leg that cannot be played and why;
    it hands the incident to a person and may be called twice. `breakpoint` is for tests that kill the process at a step.
    """

    def __init__(  # noqa: PLR0913 - composed once, in wiring
        self,
        store: Store,
        plays: Mapping[str, Play],
        workers: int = 8,
        lease_seconds: float = 30.0,
        *,
        on_lost: Callable[[Leg, str], None] = hand_over_nobody,
        breakpoint: Callable[[str, str], None] = no_breakpoint,
        on_fenced: Callable[[], None] = _end_process,
        retry_pauses: tuple[float, ...] = RETRY_PAUSES,
    ) -> None:
        self._store, self._plays, self._workers, self._lease = store, dict(plays), workers, lease_seconds
        self._on_lost, self._breakpoint, self._on_fenced = on_lost, breakpoint, on_fenced
        self._pauses = retry_pauses
        self.gives_way: Callable[[], bool] = _never
        self._me = store.folder.executor_id()
        self._keeping = Keeping(lease_seconds)
        self._to_start: queue.SimpleQueue[Leg | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._playing: dict[str, int] = {}
        self._cut_off: set[str] = set()
        self._thinking: dict[str, float] = {}
        self._held: list[Leg] = []
        self._wake = threading.Condition()
        self._next_due = float("inf")
        self._next_prune = time.monotonic() + _PRUNE_EVERY
        self._is_closing = threading.Event()
        self._threads: list[threading.Thread] = []

    # ---- port Engine ------------------------------------------------------------------------------------------------------------

    def launch(self) -> None:
        """See `core.ports.Engine`."""
        if _Stage.engine is not None:
            raise InvalidError("an engine is running in this process already")
        _Stage.engine = self
        try:
            self._start_dbos()
        except BaseException:
            _Stage.engine = None
            raise
        if self._store.db.is_sqlite:
            self._adopt()
        else:
            self._store.executors.join(self._me)
        self._store.on_leg(self._hear)
        for target in (self._starter, self._keeper):
            thread = threading.Thread(target=target, name=f"engine{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self.sweep(self._store.clock.now())

    def sweep(self, now: datetime) -> int:
        """See `core.ports.Engine`. A leg whose workflow has ended while its row has not is handed over.

        One that lost the database midway, so that not even its failure could be written down, is played again.
        """
        with self._lock:
            busy = self._waiting | self._playing.keys()
        due = [leg for leg in self._store.legs.due(now, _AT_ONCE) if leg.id not in busy]
        if not due:
            return 0
        known = self._statuses([leg.id for leg in due])
        for leg in due:
            if known.get(leg.id) in _ENDED and self._store.legs.load(leg.id) is not None:
                self._give_up(leg, f"its workflow ended as {known[leg.id]}")
            elif leg.id in self._cut_off and known.get(leg.id) == "PENDING":
                DBOS.resume_workflow(leg.id)
                self._cut_off.discard(leg.id)
        fresh = [leg for leg in due if leg.id not in known]
        for leg in fresh:
            self._enqueue(leg)
        return len(fresh)

    def wait_idle(self, seconds: float) -> bool:
        """See `core.ports.Engine`."""
        until = time.monotonic() + seconds
        while True:
            with self._lock:
                is_idle = not self._waiting and not self._playing
            if is_idle and not self._store.legs.due(self._store.clock.now(), 1):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.01)

    def end(self) -> None:
        """No step begins any more, and none that fails from now on is believed; `close` waits for those under way."""
        self._is_closing.set()

    def close(self) -> None:
        """See `core.ports.Engine`."""
        self.end()
        self._store.on_leg(lambda _leg: None)
        self._to_start.put(None)
        with self._wake:
            self._wake.notify_all()
        until = time.monotonic() + 20.0
        while self._playing and time.monotonic() < until:
            time.sleep(0.01)
        for thread in self._threads:
            thread.join(5.0)
        DBOS.destroy()
        if not self._store.db.is_sqlite:
            self._store.executors.leave(self._me)
        _Stage.engine = None

    # ---- one leg ----------------------------------------------------------------------------------------------------------------

    def play(self, leg_id: str) -> str:
        """The body of the workflow: whatever happens in it, the leg's row says in the end how it ended."""
        if self._is_closing.is_set():
            raise EngineClosingError
        with self._lock:
            self._waiting.discard(leg_id)
            self._playing[leg_id] = self._playing.get(leg_id, 0) + 1
        try:
            leg = self._store.legs.load(leg_id)
            if leg is not None:
                self._play(leg)
        except BaseException:
            self._cut_off.add(leg_id)
            raise
        finally:
            with self._lock:
                self._playing[leg_id] -= 1
                if not self._playing[leg_id]:
                    del self._playing[leg_id]
                self._thinking.pop(leg_id, None)
            self._let_go_on()
        return "over"

    def _play(self, leg: Leg) -> None:
        around = Surroundings(
            self._store, _run_step, self._keeping, self._breakpoint, self._is_closing.is_set, self._pauses
        )
        try:
            self._plays[leg.leg](leg.subject, JournalledFlow(leg, around))
        except BusyError as error:
            if not self._store.legs.again(leg, str(error), self._store.clock.now()):
                self._give_up(leg, f"tried too often: {error}")
        except Exception as error:
            if self._is_closing.is_set():
                log.warning("leg %s was cut off by our end, and goes on at the next start: %s", leg.id, error)
                raise EngineClosingError from None
            log.exception("leg %s failed", leg.id)
            self._give_up(leg, f"{type(error).__name__}: {error}")
        else:
            self._store.legs.end(leg.id, "done", "")

    def _give_up(self, leg: Leg, why: str) -> None:
        """Hands it over; where even that fails, the row stays and the next sweep hands it over again."""
        try:
            self._on_lost(leg, why)
            self._store.legs.end(leg.id, "lost", why)
        except Exception:
            log.exception("leg %s could not be handed over; again in a minute", leg.id)
            self._store.legs.postpone(leg.id, self._store.clock.now() + timedelta(minutes=1))

    # ---- starting ---------------------------------------------------------------------------------------------------------------

    def _hear(self, leg: Leg) -> None:
        """After a commit that wrote a leg: starts it directly, or wakes the keeper when its time comes."""
        wait = (leg.due - self._store.clock.now()).total_seconds()
        if wait <= 0:
            self._enqueue(leg)
            return
        with self._wake:
            self._next_due = min(self._next_due, time.monotonic() + wait)
            self._wake.notify_all()

    def _enqueue(self, leg: Leg) -> None:
        with self._lock:
            if leg.id in self._waiting or leg.id in self._playing:
                return
            self._waiting.add(leg.id)
        self._to_start.put(leg)

    def _must_wait(self, leg: Leg) -> bool:
        """True where it is held back, because as many investigations are under way as may be."""
        if leg.leg != _THINKS:
            return False
        with self._lock:
            now, most = time.monotonic(), max(1, self._workers - _FREE)
            self._thinking = {
                one: at for one, at in self._thinking.items() if one in self._playing or now - at < _BEGINS_WITHIN
            }
            if len(self._thinking) >= most:
                self._held.append(leg)
                return True
            self._thinking[leg.id] = now
            return False

    def _let_go_on(self) -> None:
        """What was held back is looked at again, in its order."""
        with self._lock:
            held, self._held = self._held, []
        for leg in held:
            self._to_start.put(leg)

    def _starter(self) -> None:
        """Starts what is to be started; in a storm one after the other, so that nobody who sends alerts is kept waiting."""
        while (leg := self._to_start.get()) is not None and not self._is_closing.is_set():
            if self.gives_way():
                self._is_closing.wait(_STORM_PAUSE)
            if self._must_wait(leg):
                continue
            try:
                with SetWorkflowID(leg.id):
                    DBOS.start_workflow(play_leg, leg.id)
            except Exception:
                log.exception("leg %s could not be started; the next sweep starts it", leg.id)
                with self._lock:
                    self._waiting.discard(leg.id)

    def _start_dbos(self) -> None:
        logging.getLogger("dbos").handlers = [
            logging.NullHandler()
        ]  # so that DBOS adds none; ours hear it through the root
        config: DBOSConfig = {
            "name": "nightshift",
            "system_database_url": self._store.db.url.render_as_string(hide_password=False),
            "system_database_engine": self._store.db.engine,
            "executor_id": self._me,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "max_executor_threads": self._workers + 1,
            "notification_listener_polling_interval_sec": 0.5,
            "scheduler_polling_interval_sec": 3600.0,
        }
        DBOS(config=config)
        DBOS.launch()

    # ---- keeping ----------------------------------------------------------------------------------------------------------------

    def _keeper(self) -> None:
        """Sweeps, renews leases and beats, until the engine closes."""
        every = min(_SWEEP_EVERY, self._lease / 5)
        while not self._is_closing.is_set():
            with self._wake:
                self._wake.wait(max(0.01, min(every, self._next_due - time.monotonic())))
                self._next_due = float("inf")
            try:
                self._keep()
            except (NightshiftError, SQLAlchemyError):
                log.exception("the engine could not look after its legs; again in %s s", every)

    def _keep(self) -> None:
        for resource, fence in self._keeping.all():
            self._store.leases.renew(resource, fence, self._lease)
        if not self._store.db.is_sqlite:
            if not self._store.executors.beat(self._me):
                log.critical("declared dead by another replica, which has our work; ending")
                self._on_fenced()
                return
            self._store.executors.reap(self._lease, self._take_over)
        self._let_go_on()
        self.sweep(self._store.clock.now())
        if time.monotonic() >= self._next_prune:
            self._next_prune = time.monotonic() + _PRUNE_EVERY
            self.prune(self._store.clock.now() - _KEPT)
        coming = self._store.legs.next_due()
        if coming is not None:
            with self._wake:
                wait = max(0.05, (coming - self._store.clock.now()).total_seconds())
                self._next_due = min(self._next_due, time.monotonic() + wait)

    @staticmethod
    def prune(before: datetime) -> int:
        """Forgets DBOS's journal of up to 500 legs that ended before; returns how many."""
        old = DBOS.list_workflows(
            status=["SUCCESS", "CANCELLED"],
            completed_before=before.isoformat(),
            limit=_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if old:
            DBOS.delete_workflows([status.workflow_id for status in old])
        return len(old)

    def _take_over(self, executor: str) -> None:
        """Resumes what a dead replica was playing; a leg under which several died is cancelled, and the next sweep hands it over."""
        for leg_id in self._unfinished_of(executor):
            if self._store.legs.taken_over(leg_id) < MOST_TAKEOVERS:
                DBOS.resume_workflow(leg_id)
                continue
            log.error("%s replicas died while they played leg %s", MOST_TAKEOVERS, leg_id)
            DBOS.cancel_workflow(leg_id)

    def _adopt(self) -> None:
        """One process has a SQLite file: whatever another executor id left there is ours."""
        for status in DBOS.list_workflows(status="PENDING", load_input=False, load_output=False):
            if status.executor_id != self._me:
                DBOS.resume_workflow(status.workflow_id)

    @staticmethod
    def _unfinished_of(executor: str) -> Sequence[str]:
        found = DBOS.list_workflows(status="PENDING", executor_id=executor, load_input=False, load_output=False)
        return [status.workflow_id for status in found]

    @staticmethod
    def _statuses(ids: list[str]) -> dict[str, str]:
        found = DBOS.list_workflows(workflow_ids=ids, load_input=False, load_output=False)
        return {status.workflow_id: status.status for status in found}


def _run_step(name: str, body: Callable[[], str]) -> str:
    return DBOS.run_step({"name": name}, body)
