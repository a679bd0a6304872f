"""Everything that wakes people, composed: the ladder, the thread that pages, the drill, the heartbeat, and their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.app import Finding
from bot.messages import Words
from bot.messages.cards import page_line
from bot.messages.units import plain
from core.drill import PATIENCE, Drill, DrillTime, DrillWords
from core.errors import UnknownError
from core.escalation import Escalation, Ladder, Rows
from core.inventory import Inventory
from core.lifesign import Lifesign
from core.on_call import Schedule
from core.page import Page, Receipt
from core.paging import Paging
from core.people_ports import Heartbeat, Pager

if TYPE_CHECKING:
    from adapters.store.store import Store
    from bot.settings import Settings


def nobody_is_on_call() -> Schedule:
    """Where nothing was set."""
    return Schedule((), days=0)


class NoPager:
    """Wakes nobody: nothing is configured."""

    def reaches(self, person: str) -> bool:
        """See `core.people_ports.Pager`."""
        del person
        return False

    def page(self, person: str, line: str, link: str) -> Receipt:
        """See `core.people_ports.Pager`."""
        del line, link
        raise UnknownError("pager of", person)


@dataclass(frozen=True, slots=True)
class Phones:
    """What was set of waking people. `addresses` and `heartbeat_url` are secrets; `schedule` is read live."""

    addresses: Mapping[str, tuple[tuple[str, str], ...]]
    schedule: Callable[[], Schedule] = nobody_is_on_call
    link: str = ""
    next_after: timedelta = timedelta(minutes=5)
    drill: DrillTime | None = None
    heartbeat_url: str = ""

    def __repr__(self) -> str:
        return f"Phones({', '.join(self.addresses)})"


NO_PHONES = Phones({})


@dataclass(frozen=True, slots=True)
class Waking:
    """What the dispatcher keeps going: `tick` writes who is due, `paging` sends it, `lifesign` says that we live."""

    escalation: Escalation
    paging: Paging
    drill: Drill | None
    lifesign: Lifesign | None

    def tick(self, now: datetime) -> None:
        """Derived from rows; as often as wanted."""
        self.escalation.tick(now)
        if self.drill is not None:
            self.drill.tick(now)


def waking_of(
    store: Store, inventory: Inventory, phones: Phones, doors: tuple[Pager, Heartbeat | None], words: Words
) -> Waking:
    """`doors` are the pager and the heartbeat that `bot.wiring` has opened."""
    pager, heartbeat = doors
    rows = Rows(store.incidents, store.approvals, store.history, store.pages, store.pauses, store.gate, store.outbox)
    ladder = Ladder(
        pager, phones.schedule, lambda incident, reason: page_line(words, incident, reason), phones.next_after
    )

    def failed(page: Page) -> str:
        why = page.receipt.detail if page.receipt else ""
        return words.say("waking.failed", person=plain(page.person, 40), why=plain(why, 160))

    def silent(page: Page) -> str:
        minutes = int(PATIENCE.total_seconds() // 60)
        return words.say("waking.drill.silent", person=plain(page.person, 40), id=page.incident, minutes=minutes)

    drill_words = DrillWords(lambda name: words.say("waking.drill", id=name), silent)
    held = (phones.schedule, phones.drill, drill_words) if phones.drill else None
    return Waking(
        Escalation(rows, ladder, inventory),
        Paging(store.pages, pager, store.outbox, store.clock, phones.link, failed),
        Drill(store.incidents, store.pages, store.pauses, store.outbox, pager, held) if held else None,
        Lifesign(heartbeat, store.ticks, store.outbox, store.clock, lambda why: words.say("waking.heartbeat", why=why))
        if heartbeat
        else None,
    )


def waking_lines(settings: Settings, words: Words, now: datetime) -> list[str]:
    """The first thing to know of an installation: who can be woken, and who on the ladder cannot."""
    schedule, reached = settings.schedule(), settings.pagers()
    ladder = schedule.ladder(now)
    awake = [person for person in ladder if person in reached]
    deaf = [person for person in ladder if person not in reached]
    if not awake:
        return [words.say("up.nobody")]
    lines = [words.say("up.wakes", people=", ".join(awake), person=schedule.at(now))]
    return [*lines, words.say("up.unreachable", people=", ".join(deaf))] if deaf else lines


def waking_findings(settings: Settings, mistakes: Sequence[str], now: datetime) -> tuple[Finding, ...]:
    """For `doctor`: pagers, and the heartbeat. `mistakes` are addresses that no service understands."""
    return (_pager_finding(settings, mistakes, now), _heartbeat_finding(settings))


def _pager_finding(settings: Settings, mistakes: Sequence[str], now: datetime) -> Finding:
    ladder, reached = settings.schedule().ladder(now), settings.pagers()
    missing = sorted(settings.file.references - set(settings.secrets))
    deaf = [person for person in ladder if person not in reached]
    if not any(person in reached for person in ladder):
        advice = 'write people.NAME.pager = ["env:NAME"] into nightshift.toml and NAME=… into .env'
        return Finding("pager", "warn", "Nothing here can wake anybody", advice)
    if mistakes:
        return Finding(
            "pager", "bad", mistakes[0], "see https://github.com/caronc/apprise for what an address looks like"
        )
    if missing:
        return Finding("pager", "bad", f"{missing[0]} is not set", "write it into .env in the data folder")
    if deaf:
        return Finding("pager", "warn", f"on the ladder without a pager: {', '.join(deaf)}", "a page cannot wake them")
    return Finding("pager", "ok", f"wakes {', '.join(ladder)}; on call now: {settings.schedule().at(now)}")


def _heartbeat_finding(settings: Settings) -> Finding:
    if settings.heartbeat_url:
        return Finding("heartbeat", "ok", "called every minute while the watch is alive")
    advice = 'write [heartbeat] url = "env:HEARTBEAT_URL", or have another machine watch GET /healthz of this one'
    return Finding("heartbeat", "warn", "a dead machine cannot report itself", advice)
