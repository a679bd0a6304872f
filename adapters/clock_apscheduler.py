"""The ticker: calls what is due, each slot on one replica only, and notices a tick that did not come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.ports import Clock, Ticks

_GUARD_SECONDS = 5.0
_LATE = 2.5
"""A job is late after so many of its periods, and at least `_LATE_SECONDS`, without a run."""
_LATE_SECONDS = 10.0
_EDGE = 0.1
"""A run this near to the border of its slot, as a part of the period, could fall on either side of it."""


@dataclass(slots=True)
class _Job:
    name: str
    seconds: float
    ran: float
    is_late: bool = False


class Ticker:
    """Runs jobs in threads; times in seconds. `on_late(job)` and `on_error(job, error)` are the self-watch's ears."""

    def __init__(
        self,
        ticks: Ticks,
        clock: Clock,
        on_late: Callable[[str], None],
        on_error: Callable[[str, BaseException], None],
        workers: int = 4,
    ) -> None:
        self._ticks, self._clock = ticks, clock
        self._on_late, self._on_error = on_late, on_error
        self._jobs: dict[str, _Job] = {}
        self._closing = threading.Event()
        self._guard = threading.Thread(target=self._watch_jobs, name="ticker-guard", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(workers)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)

    def every(self, seconds: float, job: str, call: Callable[[int], None]) -> None:
        """`call(slot)` once per slot of `seconds` among all replicas, from now on; the first at once."""
        self._jobs[job] = _Job(job, seconds, time.monotonic())
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=seconds, timezone=UTC),
            args=(job, call),
            id=job,
            name=job,
            next_run_time=self._first(seconds),
            replace_existing=True,
        )

    def start(self) -> None:
        """From here on jobs run."""
        self._scheduler.start()
        self._guard.start()

    def close(self) -> None:
        """Starts nothing more and waits for what runs."""
        self._closing.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def late(self) -> tuple[str, ...]:
        """Jobs whose tick has not come: stuck, or the scheduler with them."""
        return tuple(sorted(job.name for job in self._jobs.values() if job.is_late))

    def last_runs(self) -> dict[str, float]:
        """Seconds since each job last finished a tick, or was announced."""
        now = time.monotonic()
        return {job.name: now - job.ran for job in self._jobs.values()}

    def _tick(self, name: str, call: Callable[[int], None]) -> None:
        job = self._jobs[name]
        now = self._clock.now()
        slot = int(now.timestamp() // job.seconds)
        if self._ticks.claim(name, slot, now):
            call(slot)
        job.ran = time.monotonic()
        job.is_late = False

    def _first(self, seconds: float) -> datetime:
        """Now, but away from the border of a slot, so that two runs never fall into one and none into the next."""
        now = self._clock.now()
        into = now.timestamp() % seconds
        edge = seconds * _EDGE
        if into < edge:
            return now + timedelta(seconds=edge - into)
        if into > seconds - edge:
            return now + timedelta(seconds=seconds - into + edge)
        return now

    def _watch_jobs(self) -> None:
        """The scheduler reads the wall clock; when that is set back its next run is far away, and only this notices."""
        while not self._closing.wait(_GUARD_SECONDS):
            now = time.monotonic()
            for job in tuple(self._jobs.values()):
                if job.is_late or now - job.ran < max(_LATE * job.seconds, _LATE_SECONDS):
                    continue
                job.is_late = True
                self._on_late(job.name)
                self._scheduler.modify_job(job.name, next_run_time=self._first(job.seconds))

    def _failed(self, event: JobExecutionEvent) -> None:
        self._on_error(event.job_id, event.exception)
