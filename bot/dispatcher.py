"""What came in, alert, message, button or clock, and which part of the house it goes to; starts what is due, resumes at start."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from adapters.clock_apscheduler import Ticker
from bot.chat_desk import ChatDesk, is_command, is_talk
from bot.clock_watch import ClockWatch
from bot.own_room import OwnRoom
from bot.wiring import House, wake_up_calls
from core.alert import LOCALHOST, Alert, AlertStatus, Severity, Signal
from core.approval import Verdict
from core.check import Check
from core.errors import NightshiftError
from core.lifesign import EVERY, Lifesign
from core.message import Message
from core.redaction import clean

PULSE = 1.0
"""Seconds between two looks at what the clock decides: settled repairs, expired cards, words from another process."""
SWEEP_EVERY = 5
"""Pulses between two sweeps for legs that nobody started."""
INSPECT_EVERY = 60
"""Pulses between two looks for rows with authority that do not verify."""
ROOM_EVERY = 10.0
"""Seconds between two looks at the room that our own rows have."""
STUCK = 10.0
"""Seconds without a pulse after which the watch is not alive: then the heartbeat stops too."""
SLOT = 3600.0
"""Seconds in which the same trouble of our own is one alert."""
LISTEN = 0.5

log = logging.getLogger("nightshift")


class Dispatcher:
    """The running house. `start` returns once it works; `wait` until somebody ends it; `close` loses nothing.

    Every loop is a thread of its own. What one of them cannot expect ends the process: a supervisor starts it again, and nothing was lost.
    """

    def __init__(self, house: House, desk: ChatDesk, channels: tuple[str, ...], *, keeps_room: bool = False) -> None:
        self._house, self._desk, self._channels = house, desk, channels
        self._closing = threading.Event()
        self._said, self._talked, self._shown = threading.Event(), threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._fault: BaseException | None = None
        self._beats = 0
        self._pulsed = time.monotonic()
        self._waking = wake_up_calls(house, desk.views.words)
        self._shouted: set[str] = set()
        self._morning = house.morning_time
        store = house.store
        self._clock_watch = ClockWatch(store.audit, store.outbox, desk.views.words, store.clock.now())
        self._room = OwnRoom(store, store.outbox, store.clock, desk.views.words) if keeps_room else None
        self.ticker = Ticker(store.ticks, store.clock, self._is_late, self._has_failed)

    def start(self) -> None:
        """Recovers first: what was cut off is ended and its legs go on; then the watch begins."""
        house = self._house
        if house.store.db.is_sqlite:
            house.team.executor.recover()
        house.store.on_card(self._shown.set)
        house.engine.launch()
        for seconds, checks in _by_interval(house).items():
            self.ticker.every(seconds, f"checks every {seconds:g} s", partial(self._measure, checks))
        self.ticker.start()
        self._run("pulse", self._pulse)
        self._run("desk", partial(self._answer, is_command, self._said))
        self._run("talk", partial(self._answer, is_talk, self._talked))
        self._run("orders", self._look_after_orders)
        self._run("page", self._page)
        if self._waking.lifesign is not None:
            self._run("heartbeat", partial(self._live, self._waking.lifesign))
        if self._room is not None:
            self._run("room", partial(self._keep_room, self._room))
        for name in self._channels:
            self._run(f"listen {name}", partial(self._listen, name))
            self._run(f"speak {name}", partial(self._speak, name))

    def wait(self, seconds: float | None = None) -> bool:
        """True once somebody ended it, or it ended itself because of a fault, which is raised here."""
        ended = self._closing.wait(seconds)
        if self._fault is not None:
            raise self._fault
        return ended

    def end(self) -> None:
        """Asks it to end; returns at once."""
        self._closing.set()
        self.heard()
        self._shown.set()

    def close(self) -> None:
        """Ends every loop, then the house."""
        self.end()
        self._house.end()
        self.ticker.close()
        for thread in self._threads:
            thread.join(5.0)
        self._house.close()

    def heard(self) -> None:
        """Something was put into the inbox."""
        self._said.set()
        self._talked.set()

    # ---- loops ------------------------------------------------------------------------------------------------------------------

    def _run(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, loop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, name: str, loop: Callable[[], None]) -> None:
        """One loop until the end. What is merely gone is tried again; anything else is a bug, and ends the process loudly."""
        while not self._closing.is_set():
            try:
                loop()
            except NightshiftError as error:
                log.warning("%s: %s", name, error)
                self._closing.wait(PULSE)
            except BaseException as error:
                log.exception("%s ended by a fault", name)
                self._fault = error
                self.end()
                raise

    def _measure(self, checks: tuple[Check, ...], _slot: int) -> None:
        self._house.team.night_watch.tick(checks)

    def _pulse(self) -> None:
        """Each step stands for itself: a row that was changed by hand stops none but the one that goes by it, and is always told."""
        team, now = self._house.team, self._house.store.clock.now()
        steps: tuple[Callable[[], object], ...] = (
            partial(self._clock_watch.tick, now),
            team.relapses.tick,
            team.storms.tick,
            team.holding.tick,
            team.watch.tick,
            partial(self._ask_in_time, now),
            partial(self._waking.tick, now),
            partial(self._desk.morning.tick, now, self._morning),
            partial(self._look_after_legs, now),
        )
        failed = [error for step in steps if (error := _tried(step)) is not None]
        if failed:
            raise failed[0]
        self._pulsed = time.monotonic()
        self._closing.wait(PULSE)

    def _ask_in_time(self, now: datetime) -> None:
        approvals = self._house.store.approvals
        for approval in approvals.overdue(now):
            approvals.decide(approval.id, Verdict.EXPIRED, "clock", "nobody answered in time", now)
        approvals.reminders_due(now)

    def _look_after_legs(self, now: datetime) -> None:
        self._beats += 1
        if self._beats % SWEEP_EVERY == 0:
            self._house.engine.sweep(now)
        if self._beats % INSPECT_EVERY == 0:
            for row in self._house.store.tampered():
                self._report_self(
                    "row_tampered", row, f"{row} does not carry the seal it should; nothing is decided by it"
                )

    def _page(self) -> None:
        """Apart from the pulse: a pager that hangs is waited for here."""
        self._waking.paging.send_due()
        self._closing.wait(PULSE)

    def _live(self, lifesign: Lifesign) -> None:
        lifesign.beat(self._what_is_stuck)
        self._closing.wait(EVERY - self._house.store.clock.now().timestamp() % EVERY + PULSE)

    def _what_is_stuck(self) -> str:
        """'' while the pulse beats and every tick comes."""
        late = self.ticker.late()
        return "pulse" if time.monotonic() - self._pulsed > STUCK else "".join(late[:1])

    def _keep_room(self, room: OwnRoom) -> None:
        room.tick()
        self._closing.wait(ROOM_EVERY)

    def _look_after_orders(self) -> None:
        """What has died of itself is ended and said, and what changed is asked about."""
        self._house.team.trust.orders.tick()
        self._house.team.trust.admission.tick()
        self._closing.wait(SWEEP_EVERY * PULSE)

    def _answer(self, wanted: Callable[[Message], bool], said: threading.Event) -> None:
        """Commands and free words apart: no approval waits for a model that thinks about somebody's question."""
        said.clear()
        while self._desk.answer_next(wanted):
            continue
        said.wait(PULSE)

    def _listen(self, name: str) -> None:
        if self._desk.receive(name, LISTEN):
            self.heard()

    def _speak(self, name: str) -> None:
        self._shown.clear()
        if not self._desk.deliver(name):
            self._shown.wait(PULSE * 2)

    # ---- the watch over ourselves -----------------------------------------------------------------------------------------------

    def _is_late(self, job: str) -> None:
        self._report_self("tick_late", job, f"the tick of {job!r} has not come; I may be blind")

    def _has_failed(self, job: str, error: BaseException) -> None:
        self._report_self("tick_failed", job, f"the tick of {job!r} failed: {clean(str(error), 200)}")

    def _report_self(self, metric: str, job: str, text: str) -> None:
        """Our own trouble is an incident like any other; if not even that can be written, the log has it."""
        log.error("%s", text)
        now = self._house.store.clock.now()
        slot = datetime.fromtimestamp(now.timestamp() // SLOT * SLOT, UTC).isoformat()
        signal = Signal("nightshift", metric, re.sub(r"\s+", "_", job)[:200])
        alert = Alert(
            f"{metric}:{job}:{slot}", LOCALHOST, signal, "probe", AlertStatus.FIRING, now, Severity.PAGE, text=text
        )
        try:
            self._house.store.intake.take_in((alert,), now)
        except NightshiftError:
            log.exception("could not raise an incident for it")
            if alert.id not in self._shouted:
                self._shouted.add(alert.id)
                self._desk.shout(text)


def _tried(step: Callable[[], object]) -> NightshiftError | None:
    """What kept it from being done."""
    try:
        step()
    except NightshiftError as error:
        return error
    return None


def _by_interval(house: House) -> dict[float, tuple[Check, ...]]:
    groups: dict[float, list[Check]] = defaultdict(list)
    for check in house.place.checks:
        groups[check.every].append(check)
    return {seconds: tuple(checks) for seconds, checks in groups.items()}
