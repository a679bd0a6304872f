"""How a command of the command line reaches Nightshift: directly through the rows, through a running `up`, or by doing the work here."""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.store.data_folder import DataFolder
from bot import jobs
from bot.alert_explain import explained
from bot.answers import Answer
from bot.chat_desk import MACHINE_CHANNEL, ChatDesk
from bot.commands import Command, Verb, free_words, parse
from bot.conversing import Recent
from bot.json_view import as_json, jsonable
from bot.messages import Words, words_of
from bot.messages.flow_lines import flow_line
from bot.mind_lines import gone_minds
from bot.minds import budget_of
from bot.ordering import Ordering
from bot.policy_view import policy_table
from bot.roster import Roster
from bot.settings import Settings
from bot.settings_files import load
from core.errors import BusyError, InvalidError, NightshiftError, RefusedError, UnavailableError
from core.flows import flows_of_texts
from core.incident import IncidentState
from core.message import Message

if TYPE_CHECKING:
    from bot.app import Rows

ACTING = frozenset({Verb.RUN, Verb.DRY_RUN, Verb.UNDO, Verb.RESOLVE, Verb.ORDERS, Verb.WRONG, Verb.ADMIT})
"""Commands that are work themselves, or that look at skills and trust."""

LIST_OF_ORDERS = Command(Verb.ORDERS)
"""Only reads rows."""

DECIDED_THEN_DONE = frozenset({Verb.APPROVE, Verb.PICK, Verb.ANSWER})
"""Commands that decide a row first, whoever runs; the work that follows is done here only where no `up` does it."""

ANSWERED_WITHIN = 120.0
FOLLOWED_FOR = 900.0
GLANCE = 0.3

NAMED = frozenset({Verb.WHY, Verb.INCIDENTS, Verb.PLAN})
"""Commands that show one thing by its id: the demo's too."""

LISTED = frozenset({Verb.INCIDENTS, Verb.MEMORY})
"""Commands that list what was: with what a demo left, marked, after what is real."""


@dataclass(frozen=True, slots=True)
class Session:
    """One command, from one person at this machine."""

    settings: Settings
    as_json: bool
    is_demo: bool = False
    recent: Recent = field(default_factory=Recent)

    @classmethod
    def open(cls, environ: Mapping[str, str], *, as_json: bool) -> Session:
        """With the settings read and checked."""
        return cls(load(environ), as_json)

    # ---- what a person says -----------------------------------------------------------------------------------------------------

    def say(self, text: str) -> int:
        """Shows what came of a typed line; the exit code."""
        return self.show(self.answer(text))

    def answer(self, text: str) -> Answer:
        """Acting commands go where the work is done; the others read and write rows, with or without a running `up`."""
        command = parse(text)
        verb = command.verb
        if (verb in ACTING and command != LIST_OF_ORDERS) or free_words(text):
            return self._act(text)
        answer = self._stop(text) if verb is Verb.STOP else self._direct(text)
        if verb in NAMED | LISTED:
            return self._beside(command, text, answer)
        if verb in DECIDED_THEN_DONE and answer.ok and answer.incident and not self.up_pid:
            return self._go_on(answer)
        if verb is Verb.ALERT and answer.ok and not self.up_pid:
            self.note("cli.later")
        return answer

    @property
    def up_pid(self) -> int:
        """The pid of the running `up`; 0 if none has the data folder."""
        return DataFolder(self.settings.home).holder()

    def show(self, answer: Answer) -> int:
        """On stdout, what was refused on stderr."""
        if self.as_json and answer.ok:
            self.out(as_json(answer.data, indent=2))
        elif self.as_json:
            sys.stderr.write(as_json({"error": answer.text}) + "\n")
        else:
            (sys.stdout if answer.ok else sys.stderr).write(answer.text + "\n")
        return 0 if answer.ok else 1

    def out(self, text: str) -> None:
        """One piece of stdout."""
        sys.stdout.write(text + "\n")

    def note(self, key: str) -> None:
        """Who does the work: on stderr, so that stdout is the answer alone."""
        self.tell(self.words.say(key))

    def tell(self, line: str) -> None:
        """Progress, on stderr too; where a program reads, only what is wrong stands there."""
        if not self.as_json:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    @property
    def words(self) -> Words:
        """The sentences in the language that is set."""
        return words_of(self.settings.file.language)

    @contextmanager
    def desk(self) -> Iterator[tuple[ChatDesk, Rows]]:
        """The desk over the rows, without the lock: it decides and answers, but has no hands."""
        inventory = self.settings.inventory()
        with jobs.open_store(self.settings) as rows:
            roster = Roster(inventory, os.geteuid())
            ordering = Ordering(rows, jobs.trusted(self.settings, rows), roster, self.settings.file.language)
            budget, language = budget_of(self.settings), self.settings.file.language
            yield ChatDesk(rows, inventory, roster, language, _no_hands, {}, ordering, budget=budget), rows

    @staticmethod
    def message(rows: Rows, text: str) -> Message:
        """A line as a message of the user of this process."""
        return Message(uuid.uuid4().hex, MACHINE_CHANNEL, f"os:{os.geteuid()}", text, "", rows.clock.now())

    # ---- three ways -------------------------------------------------------------------------------------------------------------

    def _direct(self, text: str) -> Answer:
        with self.desk() as (desk, rows):
            return desk.answer(self.message(rows, text))

    def _stop(self, text: str) -> Answer:
        """Where the rows cannot even be opened, the file STOP does it, for everything."""
        try:
            return self._direct(text)
        except NightshiftError as error:
            DataFolder(self.settings.home).write_stop()
            raise UnavailableError(
                self.words.say("cli.stopped", error=error.message, home=self.settings.home)
            ) from error

    def _act(self, text: str) -> Answer:
        """Here, with the data folder's lock, when nothing else has it; else the running `up` does it."""
        try:
            with jobs.open_desk(self.settings, self.recent) as worker:
                self.note("cli.here")
                return _answer_of(worker.carry_out(self.message(worker.rows, text), self.tell))
        except BusyError:
            self.note("cli.handed")
        with self.desk() as (_, rows):
            message = self.message(rows, text)
            rows.inbox.put(message)
            answer = _answer_of(self._reply(rows, message))
            return self._followed(rows, answer) if answer.incident else answer

    def _go_on(self, decided: Answer) -> Answer:
        """What a decision leads to is done here; where an `up` has begun meanwhile, it does it."""
        try:
            with jobs.open_desk(self.settings) as worker:
                self.note("cli.here")
                return _answer_of(worker.go_on(decided, self.tell))
        except BusyError:
            return decided

    def _reply(self, rows: Rows, message: Message) -> str:
        waited = 0.0
        while waited < ANSWERED_WITHIN:
            reply = rows.inbox.reply(message.channel, message.id)
            if reply is not None:
                return reply
            _pause(GLANCE)
            waited += GLANCE
        raise UnavailableError(self.words.say("cli.silent", seconds=int(ANSWERED_WITHIN)))

    def _followed(self, rows: Rows, answer: Answer) -> Answer:
        """Tells each state that an incident comes to, until it is closed or waits for a person."""
        self.tell(answer.text)
        with self.desk() as (desk, _):
            words, last, waited = desk.views.words, "", 0.0
            while waited < FOLLOWED_FOR:
                incident = rows.log.load(answer.incident)
                if incident.state is not IncidentState.CLOSED and incident.state != last:
                    self.tell(words.say(f"state.{incident.state}"))
                last = incident.state
                if incident.state in {IncidentState.CLOSED, IncidentState.WAITING}:
                    return desk.views.what_came_of(incident.id)
                _pause(GLANCE)
                waited += GLANCE
        return answer

    # ---- what a demo left -------------------------------------------------------------------------------------------------------

    def with_demo(self) -> tuple[Session, ...]:
        """This one, then that of the demo's own data folder if a demo has left rows there."""
        demo = replace(self, settings=self.settings.demo(), is_demo=True)
        return (self, demo) if (demo.settings.home / "nightshift.db").exists() else (self,)

    def _beside(self, command: Command, text: str, answer: Answer) -> Answer:
        """An answer about the past, with the demo's: listed after the real ones, or found where nothing real has that name."""
        is_list = command.verb is Verb.MEMORY or (command.verb is Verb.INCIDENTS and not command.target)
        for demo in self.with_demo()[1:]:
            if answer.ok and not is_list:
                return answer
            try:
                found = demo._direct(text)  # noqa: SLF001 - a session like this one
            except NightshiftError as error:
                self.tell(self.words.say("cli.demo.closed", home=str(demo.settings.home), error=error.message))
                return answer
            if not found.ok or not found.data:
                return answer
            if not is_list:
                return replace(found, text=f"{self.words.say('cli.demo')}\n{found.text}")
            rows = [{**_fields(one), "demo": True} for one in _listed(found.data)]
            head = f"{answer.text}\n{self.words.say('cli.demo')}\n{found.text}"
            return Answer(head, [*_listed(answer.data), *rows])
        return answer

    # ---- running ----------------------------------------------------------------------------------------------------------------

    def up(self) -> int:
        """The main job."""
        return jobs.run_up(self.settings)

    def sandboxd(self) -> int:
        """The sandbox for a Nightshift in another container."""
        return jobs.run_sandboxd(self.settings)

    def demo(self, nights: tuple[str, ...], yes: bool, brain: bool) -> int:  # noqa: FBT001 - options of the command
        """Real nights on a patient host."""
        return jobs.run_demo(self.settings, nights, yes=yes, own_brain=brain, as_json=self.as_json)

    # ---- views that need more than the desk -------------------------------------------------------------------------------------

    def status(self) -> int:
        """What is on now, and whether `up` runs."""
        pid, answer = self.up_pid, self._direct("status")
        running = self.words.say("cli.up", pid=pid) if pid else self.words.say("cli.down")
        with jobs.open_store(self.settings) as rows:
            gone = gone_minds(self.settings, rows)
        told = [self.words.say(f"status.gone.{mind}") for mind in gone]
        data = {"up": pid or None, "gone": gone} | _fields(answer.data) if answer.ok else None
        return self.show(
            Answer("\n".join((running, *told, answer.text)) if answer.ok else answer.text, data, answer.ok)
        )

    def policy(self) -> int:
        """The whole table, one row per mode, risk, state and asker; below it which mode holds where, and who made it stricter."""
        rows, lines = policy_table()
        return self.show(Answer("\n".join((*lines, "", self._direct("mode").text)), rows))

    def explain_policy(self, skill: str, host: str) -> int:
        """For one skill on one host."""
        with self.desk() as (desk, _):
            found = jobs.explain(self.settings, skill, host, desk.views.mode_now.of)
        rows = [{"asker": asker, "answer": answer} for asker, answer in found]
        flows = flow_line(self.words, flows_of_texts(jobs.open_catalog(self.settings).get(skill).capabilities))
        return self.show(Answer("\n".join((*(f"{asker:8} {answer}" for asker, answer in found), flows)), rows))

    def explain_alerts(self, file: str) -> int:
        """How the labels of a webhook's body map to host, signal and severity; nothing is sent."""
        try:
            data = Path(file).read_bytes()
        except OSError as error:
            raise InvalidError(
                f"cannot read {file}: {error.strerror}; name a file with a webhook's JSON body"
            ) from error
        return self.show(explained(data, self.settings.inventory()))


def _no_hands(command: Command, _: Message) -> Answer:
    raise RefusedError(f"{command.verb} needs a running `up` or the data folder's lock")


def _answer_of(reply: str) -> Answer:
    """A reply on the machine's channel is an answer as JSON."""
    table = json.loads(reply)
    return Answer(table["text"], table["data"], table["ok"], table["incident"])


def _fields(noun: object) -> dict[str, object]:
    table = jsonable(noun)
    assert isinstance(table, dict)
    return table


def _listed(data: object) -> list[object]:
    assert isinstance(data, list | tuple)
    return list(data)


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
