"""What the desk and the command line need from wiring, as types: ports in one bundle, and the functions of `bot.wiring` they call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.message import Message
from core.ports import (
    ApprovalBook,
    Audit,
    Catalog,
    Clock,
    EffectLog,
    Gate,
    History,
    Inbox,
    IncidentLog,
    Intake,
    Memory,
    Outbox,
)

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Rows:
    """The store's ports that people's words reach, all on one database."""

    intake: Intake
    log: IncidentLog
    book: ApprovalBook
    history: History
    effects: EffectLog
    audit: Audit
    gate: Gate
    memory: Memory
    inbox: Inbox
    outbox: Outbox
    clock: Clock


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `state` is ok, warn or bad; `advice` says what to do, '' where nothing is."""

    what: str
    state: str
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one of a skill's CASES went; `detail` says what differed."""

    name: str
    ok: bool
    detail: str = ""


class Worker(Protocol):
    """The whole of Nightshift in this process, with the data folder's lock held."""

    @property
    def rows(self) -> Rows:
        """Its rows."""
        ...

    def carry_out(self, message: Message, say: Callable[[str], None]) -> str:
        """Answers the message by `ChatDesk.answer` and plays what follows to its end; `say` gets each card as it is rendered.

        Returns the answer as JSON (`bot.json_view.as_json`), as the inbox's reply on the channel `cli` is.
        """
        ...


class Wiring(Protocol):
    """The module `bot.wiring`, as far as `bot.cli` calls it; each is imported when it is called."""

    def open_store(self, settings: Settings) -> AbstractContextManager[Rows]:
        """Without the lock: what reading and deciding commands use, also beside a running `up`."""
        ...

    def open_desk(self, settings: Settings) -> AbstractContextManager[Worker]:
        """With the lock; raises BusyError while a running `up` holds it."""
        ...

    def open_catalog(self, settings: Settings) -> Catalog:
        """The skills as data; needs no database."""
        ...

    def run_up(self, settings: Settings) -> int:
        """Runs until it is told to end; BusyError if another `up` holds the data folder."""
        ...

    def run_demo(self, settings: Settings, nights: tuple[str, ...], *, yes: bool, as_json: bool) -> int:
        """The nights named, all when empty; 0 when every one was repaired or had a reason to be skipped."""
        ...

    def examine(self, settings: Settings) -> tuple[Finding, ...]:
        """What works and what does not: database, key, sandbox, probes, who can be woken."""
        ...

    def test_skill(self, settings: Settings, name_or_file: str) -> tuple[CaseResult, ...]:
        """Runs a skill's CASES on the fake host in the sandbox."""
        ...

    def explain(self, settings: Settings, skill: str, host: str) -> tuple[tuple[str, str], ...]:
        """(asker, what policy answers and by which line) for one skill on one host."""
        ...
