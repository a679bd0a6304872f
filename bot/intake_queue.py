"""Group commit: many posts of alerts, one transaction; nobody gets an answer before their alerts are durable."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from core.alert import Alert
from core.errors import BusyError, InvalidError, NightshiftError, UnavailableError
from core.ports import Clock, Intake

MOST_WAITING = 20_000
MOST_POSTS = 500
LINGER = 0.01
"""Seconds that a writer under load waits at most until as many posts are there as shared the last commit; one alone is written at once."""

STORM = 0.25
"""Seconds after a commit that several posts shared in which alerts still count as coming in bursts."""

Post = tuple[tuple[Alert, ...], Future[tuple[str, ...]]]


class IntakeQueue:
    """A bounded queue and its one writer thread. `committed` is told how many alerts one commit took and how many seconds."""

    def __init__(
        self, intake: Intake, clock: Clock, committed: Callable[[int, float], None] = lambda _alerts, _seconds: None
    ) -> None:
        self._intake, self._clock, self._committed = intake, clock, committed
        self._posts: deque[Post] = deque()
        self._depth = 0
        self._is_closed = False
        self._last_shared = -STORM
        self._changed = threading.Condition()
        self._writer = threading.Thread(target=self._write_all, name="intake", daemon=True)
        self._writer.start()

    @property
    def depth(self) -> int:
        """Alerts that wait for their commit."""
        return self._depth

    @property
    def is_working(self) -> bool:
        """False once the writer has ended; then nothing is taken any more."""
        return self._writer.is_alive() and not self._is_closed

    @property
    def is_storm(self) -> bool:
        """True while posts come faster than commits: their senders wait for an answer, so other work should take its time."""
        return time.monotonic() - self._last_shared < STORM

    def put(self, alerts: Sequence[Alert]) -> Future[tuple[str, ...]]:
        """The incident ids once they are durable; raises BusyError when the queue is full, UnavailableError when it is closed."""
        done: Future[tuple[str, ...]] = Future()
        done.set_running_or_notify_cancel()  # a client that went away must not cancel what will be written
        with self._changed:
            if not self.is_working:
                raise UnavailableError("alerts are not taken now; send them again")
            if self._depth + len(alerts) > MOST_WAITING:
                raise BusyError("the queue of alerts")
            self._posts.append((tuple(alerts), done))
            self._depth += len(alerts)
            self._changed.notify()
        return done

    def close(self) -> None:
        """Writes what has been put, then ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._writer.join(timeout=20)

    def _write_all(self) -> None:
        expected = 1
        while batch := self._next(expected):
            expected = len(batch)
            if expected > 1:
                self._last_shared = time.monotonic()
            self._write(batch)

    def _next(self, expected: int) -> list[Post]:
        """The next posts for one commit, after a short wait for as many as are expected; empty once closed and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._posts or self._is_closed)
            if expected > 1:
                self._changed.wait_for(lambda: len(self._posts) >= expected or self._is_closed, timeout=LINGER)
            batch = [self._posts.popleft() for _ in range(min(MOST_POSTS, len(self._posts)))]
            self._depth -= sum(len(alerts) for alerts, _ in batch)
            return batch

    def _write(self, batch: list[Post]) -> None:
        try:
            self._commit(batch)
        except InvalidError as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for post in batch:  # one unusable post must not cost the others their commit
                self._write([post])
        except NightshiftError as error:
            _fail(batch, error)
        except BaseException as error:
            _fail(batch, UnavailableError(f"alerts are not taken now: {type(error).__name__}"))
            raise

    def _commit(self, batch: list[Post]) -> None:
        alerts = [alert for post, _ in batch for alert in post]
        began = time.perf_counter()
        incidents = iter(self._intake.take_in(alerts, self._clock.now()))
        self._committed(len(alerts), time.perf_counter() - began)
        for post, done in batch:
            done.set_result(tuple(next(incidents) for _ in post))


def _fail(batch: list[Post], error: NightshiftError) -> None:
    for _, done in batch:
        done.set_exception(error)
