"""`nightshift demo`: real nights on a patient host of its own; each is thought out and asked, asked from memory, and trusted."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from adapters.channel_console import ConsoleChannel
from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder, NamespaceHost
from adapters.patient import layout
from adapters.patient.patient import Patient
from adapters.probe.served import MODULE, ServedProbe
from adapters.store.data_folder import DataFolder
from bot.demo_brain import own_minds, scripted_minds
from bot.demo_nights import Night, named
from bot.demo_told import Told, told_of
from bot.dispatcher import Dispatcher
from bot.json_view import as_json
from bot.logs import start_logging_to
from bot.messages import Words, words_of
from bot.minds import Minds
from bot.settings import Settings
from bot.wiring import CONSOLE, House, Place, build, desk_of, protected_paths
from core.approval import Approval, Verdict
from core.card import Card
from core.desk import Patience
from core.diagnosis import group_of
from core.episode import Episode
from core.errors import InvalidError, UnavailableError
from core.incident import Ending, Incident
from core.inventory import HostEntry, Inventory, Mode
from core.message import Message
from core.proposal import Proposal
from core.report import Report

GROUP = "patients"
LONGEST_STEP = 60.0
"""Seconds within which a fault must be noticed, and within which a repair must have come to its end."""
LONGEST_NIGHT = 3 * LONGEST_STEP
"""Seconds for all rounds of a night whose questions are answered at once."""
LONGEST_WAIT = 600.0
"""Seconds that a person has for an answer."""
SEEDS = 3
REPLICA_LEASE = 30.0
GLANCE = 0.05

T = TypeVar("T")


class ShownChannel:
    """The terminal, and which cards have been on it: so that the story is told in order."""

    def __init__(self, console: ConsoleChannel) -> None:
        self._console = console
        self._shown: set[str] = set()
        self._changed = threading.Condition()

    def receive(self, wait: float) -> Message | None:
        """See `core.ports.Channel`."""
        return self._console.receive(wait)

    def send(self, rendered: str, card: Card) -> None:
        """See `core.ports.Channel`."""
        self._console.send(rendered, card)
        with self._changed:
            self._shown.add(card.key)
            self._changed.notify_all()

    def wait_for(self, key: str, seconds: float) -> bool:
        """True once the card has been shown."""
        with self._changed:
            return self._changed.wait_for(lambda: key in self._shown, seconds)

    def tell(self, line: str) -> None:
        """A line of the story between two cards."""
        self._console.tell(line)

    def close(self) -> None:
        """Gives the terminal back."""
        self._console.close()


class Demo:
    """The demo in a data folder of its own, `demo/` below `NIGHTSHIFT_HOME`, fresh at each run and left for `why` and `audit verify`."""

    def __init__(
        self, settings: Settings, nights: Sequence[str], *, is_answered: bool, wants_json: bool, own_brain: bool = False
    ) -> None:
        self._settings, self._is_answered, self._wants_json = settings, is_answered, wants_json
        self._own_brain = own_brain
        self._words: Words = words_of(settings.file.language)
        self._nights = named(nights)
        self._home = settings.demo().home
        self._out = sys.stderr if wants_json else sys.stdout
        self._told: list[Told] = []
        self._channel: ShownChannel | None = None

    def run(self) -> int:
        """0 when every run of every night was repaired, or when this machine forbids hosts of their own."""
        if not self._is_answered and not sys.stdin.isatty():
            raise InvalidError("the demo asks in a terminal; add --yes to have it answered for you")
        DataFolder(self._settings.home)
        DataFolder.make_fresh(self._home)
        start_logging_to(self._home / "nightshift.log")
        patient = Patient(
            self._home / "patient",
            hidden=(self._settings.home, *protected_paths(self._home, self._settings.env.key_file)[3:]),
        )
        self._say("demo.making")
        with _ended_in_order(), self._thinking() as minds:
            try:
                patient.start()
            except UnavailableError as error:
                self._say("demo.skipped", reason=error.message)
                return 0
            try:
                self._play(patient, minds, Mode.APPROVE, ("asked", "memory"))
                self._play(patient, minds, Mode.AUTO, ("trusted",))
            except KeyboardInterrupt:
                self._say("demo.cut")
                raise
            finally:
                patient.stop()
        self._sum_up()
        return 0 if self._is_as_it_should_be() else 1

    def _is_as_it_should_be(self) -> bool:
        """Every run was repaired; of what somebody's own model makes of a night nothing is promised."""
        promised = {night.name for night in self._nights if not (night.needs_brain and self._own_brain)}
        is_whole = len(self._told) == 3 * len(self._nights) or self._own_brain
        return is_whole and all(one.is_repaired for one in self._told if one.night in promised)

    def _thinking(self) -> AbstractContextManager[Minds]:
        """The brain of these nights; none where rules know all of them."""
        if self._own_brain:
            return own_minds(self._settings, self._say)
        if any(night.needs_brain for night in self._nights):
            return scripted_minds(self._settings.demo(), self._say)
        return nullcontext(Minds())

    # ---- the runs -------------------------------------------------------------------------------------------------------------------

    def _play(self, patient: Patient, minds: Minds, mode: Mode, runs: tuple[str, ...]) -> None:
        """A house for these runs; the mode is a setting, so another mode is another start on the same rows."""
        with self._house(patient, minds, mode) as (house, dispatcher, channel):
            for night in self._nights:
                for run in runs:
                    if run == "trusted":
                        self._seed(house, night)
                    head = f"demo.{run}.unknown" if night.needs_brain and run == "asked" else f"demo.{run}"
                    self._say(head, night=self._words.say(f"demo.night.{night.name}"))
                    told = self._one(house, dispatcher, channel, patient, night, run)
                    self._told.append(told)
                    if told.model_calls:
                        self._say("demo.brain.used", calls=told.model_calls, tokens=told.tokens, rounds=told.rounds)
                    self._say("demo.told", **self._facts(told))
                    patient.reset()
                    house.team.night_watch.forget([night.check])

    def _one(
        self, house: House, dispatcher: Dispatcher, channel: ShownChannel, patient: Patient, night: Night, run: str
    ) -> Told:
        began = house.store.clock.now()
        night.inject(patient)
        incident = _until(
            lambda: _opened_since(house, night, began), LONGEST_STEP, f"{night.check.signal} was not noticed"
        )
        report = self._ended(house, dispatcher, incident)
        channel.wait_for(f"{incident.id}:report", GLANCE * 40)
        asked = next(iter(house.rows.history.approvals(incident.id)[-1:]), None)
        spent = house.rows.model_calls.spent(began, incident.id)
        told = told_of(night, run, incident, report, asked, began)
        return replace(told, model_calls=spent.calls, tokens=spent.tokens)

    def _ended(self, house: House, dispatcher: Dispatcher, incident: Incident) -> Report:
        """How it came out, once every question has had its answer; with `--yes` they are given here, through the inbox like a person's."""
        answered: set[str] = set()

        def look() -> Report | None:
            for asked in house.rows.history.approvals(incident.id) if self._is_answered else ():
                if asked.verdict is Verdict.PENDING and asked.id not in answered:
                    answered.add(asked.id)
                    self._answer(house, dispatcher, asked)
            return house.rows.history.report(incident.id)

        longest = LONGEST_NIGHT if self._is_answered else LONGEST_WAIT
        return _until(look, longest, f"{incident.id} came to no end")

    @staticmethod
    def _answer(house: House, dispatcher: Dispatcher, asked: Approval) -> None:
        """Yes to a plan; what only a person can know is not made up."""
        words = (
            f"approve {asked.id}" if isinstance(asked.asks, Proposal) else f"reject {asked.id} nobody is here to say"
        )
        me, now = f"os:{os.geteuid()}", house.store.clock.now()
        house.rows.inbox.put(Message(f"yes:{asked.id}", CONSOLE, me, words, asked.incident, now))
        dispatcher.heard()

    def _seed(self, house: House, night: Night) -> None:
        """Three marked successes, so that the demo can show earned trust; they count nowhere else, for this folder is only the demo's."""
        last = next(i for i in house.rows.log.incidents(only_open=False, limit=100) if i.signal == night.check.signal)
        if not last.attempts:  # nothing was done there, so that there is nothing to trust
            return
        attempt = last.attempts[-1]
        group = group_of(house.place.inventory, layout.NAME)
        for turn in range(SEEDS):
            house.rows.memory.remember(
                Episode(
                    id=f"seed:{night.name}:{turn}",
                    fingerprint=last.alert.fingerprint,
                    group=group,
                    host=layout.NAME,
                    signal=str(night.check.signal),
                    skill=attempt.proposal.skill,
                    sha256=attempt.proposal.sha256,
                    ending=Ending.FIXED,
                    incident=last.id,
                    at=house.store.clock.now(),
                    text="seeded for the demo",
                    is_seeded=True,
                )
            )

    # ---- making and removing --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _house(self, patient: Patient, minds: Minds, mode: Mode) -> Iterator[tuple[House, Dispatcher, ShownChannel]]:
        with ExitStack() as ends:
            children, steady = (ends.enter_context(closing(_eyes_of(patient))) for _ in range(2))
            nobody = ends.enter_context(Path(os.devnull).open("rb"))
            house = build(self._place(patient, minds, mode, ServedProbe(children.ask, SystemClock(), steady.ask)))
            stdin = (nobody if self._is_answered else sys.stdin).fileno()
            channel = ShownChannel(ConsoleChannel(stdin, self._out, house.store.clock, self._words.table))
            desk = desk_of(house, self._settings.file.language, {CONSOLE: channel})
            dispatcher = ends.enter_context(closing(Dispatcher(house, desk, (CONSOLE,))))
            ends.enter_context(closing(channel))
            dispatcher.start()
            self._channel = channel
            try:
                yield house, dispatcher, channel
            finally:
                self._channel = None

    def _place(self, patient: Patient, minds: Minds, mode: Mode, probe: ServedProbe) -> Place:
        return Place(
            home=self._home,
            database_url=self._settings.demo().database_url,
            inventory=Inventory((HostEntry(layout.NAME, "namespace", (GROUP,)),), ((GROUP, mode),)),
            checks=tuple(night.check for night in self._nights),
            hosts={
                layout.NAME: NamespaceHost(*patient.holder, protected_paths(self._home, self._settings.env.key_file))
            },
            probes={layout.NAME: probe},
            looks={layout.NAME: _eyes_of(patient)},
            channels=(CONSOLE,),
            patience=Patience(usual=LONGEST_WAIT, high=LONGEST_WAIT),
            replica_lease=REPLICA_LEASE,
            key_file=self._settings.env.key_file,
            minds=minds,
        )

    # ---- telling --------------------------------------------------------------------------------------------------------------------

    def _say(self, key: str, **facts: object) -> None:
        line = self._words.say(key, **facts)
        if self._channel is not None:
            self._channel.tell(line)
            return
        self._out.write(line + "\n")
        self._out.flush()

    def _facts(self, told: Told) -> dict[str, str]:
        return {name: _shown(getattr(told, name)) for name in Told.__slots__} | {
            "ending": self._words.ending(told.ending)
        }

    def _sum_up(self) -> None:
        if self._wants_json:
            sys.stdout.write(as_json(self._told, indent=2) + "\n")
            return
        self._say("demo.sum.head")
        for night in self._nights:
            for told in (one for one in self._told if one.night == night.name):
                self._say("demo.sum.line", **self._facts(told))
        self._say("demo.sum.end", home=str(self._settings.home))


def _eyes_of(patient: Patient) -> KeptChildren:
    return KeptChildren(Holder(*patient.holder), MODULE)


def _opened_since(house: House, night: Night, began: datetime) -> Incident | None:
    found = house.rows.log.incidents(only_open=False, limit=10)
    return next((one for one in found if one.signal == night.check.signal and one.opened >= began), None)


def _until(look: Callable[[], T | None], seconds: float, otherwise: str) -> T:
    """What `look` comes to see within the time; raises UnavailableError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        if seen is not None:
            return seen
        threading.Event().wait(GLANCE)
    raise UnavailableError(f"{otherwise} within {seconds:g} s")


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo like Ctrl-C: everything it made is removed on the way out."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
