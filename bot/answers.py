"""What people ask to see: status, incidents, approvals, plan, memory, help; each as data and as words. Nothing here decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.app import Rows
from bot.commands import RULES
from bot.messages import Nouns, Words, render, words_of
from bot.messages.cards import scope_word
from bot.messages.question_card import wanted_of
from bot.messages.units import clock, plain
from bot.roster import Roster
from bot.why import Past, why_lines
from bot.why_models import consulted, model_lines
from core.alert import Signal
from core.approval import Approval
from core.budget import Budget
from core.capability import PlannedEffect
from core.card import Card, CardKind, card_kind
from core.errors import TamperedError, UnknownError
from core.holding import is_silenced
from core.incident import Ending, Incident
from core.inventory import Inventory
from core.mode_now import ModeNow
from core.pause import BY_SETTINGS, HOLDING, SILENCING, Pause
from core.people_ports import S, Standing
from core.proposal import Choices, Proposal
from core.storm import facts_of
from core.talk import is_talk
from core.tightening import Tightening

MOST_LISTED = 20
MANY, MANY_WITHIN = 6, timedelta(seconds=5)
"""So many new incidents within so short a time may be the beginning of a storm."""
BEFORE_A_STORM = timedelta(seconds=3)
"""How long the cards of such incidents wait."""
WANTED_ENDINGS = frozenset({Ending.FIXED, Ending.UNPROVEN, Ending.WENT_AWAY})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command: words, the nouns behind them, whether it worked, and the incident whose progress can be followed."""

    text: str
    data: object = None
    ok: bool = True
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand now."""

    open_incidents: tuple[Incident, ...]
    pending_approvals: tuple[Approval, ...]
    stops: tuple[tuple[str, str, datetime], ...]
    modes: dict[str, str]
    pauses: tuple[Pause, ...] = ()
    tightenings: tuple[Tightening, ...] = ()


def nothing_offered(_incident: str) -> bool:
    """No standing orders can be made here."""
    return False


class Views:
    """Answers from rows, in one language."""

    def __init__(
        self,
        rows: Rows,
        inventory: Inventory,
        roster: Roster,
        language: str,
        offers: Callable[[str], bool] = nothing_offered,
        budget: Budget | None = None,
    ) -> None:
        self._rows, self._inventory, self._roster, self._offers = rows, inventory, roster, offers
        self.language, self.budget = language, budget or Budget()
        self.words: Words = words_of(language)
        self.mode_now = ModeNow(inventory.mode, rows.tightenings, inventory)

    def nouns(self, card: Card, *, has_keys: bool = False) -> Nouns:
        """What a card tells of, as it stands now."""
        if card.kind is CardKind.STORM:
            return self._of_storm(card.subject)
        approval = self._approval(card.subject) if card.kind not in _WITHOUT_APPROVAL else None
        incident = self._incident(approval.incident if approval else card.thread or card.subject)
        report = self._rows.history.report(card.subject) if card.kind is CardKind.REPORT else None
        stops = self._stops()
        if incident is not None and card.kind is not CardKind.STOPPED:
            stops = covering(stops, incident.host, self._inventory.groups(incident.host), incident.id)
        names = self._roster.names()
        scene = self._rows.scenes.of(incident.id) if incident else None
        nouns = Nouns(
            self.now(), incident, approval, None, report, stops, names, has_keys, members=self._members(incident)
        )
        entry = self._inventory.entry(incident.host) if incident else None
        around = replace(nouns, scene=scene, pauses=self._held_by(incident), hand=entry.hand if entry else "")
        return self._with_trust(around, card)

    def _held_by(self, incident: Incident | None) -> tuple[Pause, ...]:
        """The pauses under which nothing is done in it now."""
        if incident is None:
            return ()
        groups, on = self._inventory.groups(incident.host), self._pauses()
        signal = str(incident.signal)
        return tuple(
            one
            for one in on
            if one.kind in HOLDING
            and one.covers(incident.host, groups, incident.id, signal, is_claim=incident.alert.is_claim)
        )

    def _with_trust(self, nouns: Nouns, card: Card) -> Nouns:
        """With what was allowed ahead: the order a card is about, the one it offers, the skill that has changed."""
        if card.kind is CardKind.ADMIT:
            return replace(nouns, admission=_by_id(self._rows.admissions, card.subject))
        named = card.subject if card.kind is CardKind.NOTE else ""
        under = nouns.report.order if nouns.report else nouns.approval.order if nouns.approval else named
        is_fixed = nouns.report is not None and nouns.report.ending is Ending.FIXED
        order = _by_id(self._rows.orders, under) if under.startswith("O-") else None
        return replace(nouns, order=order, offers_order=is_fixed and self._offers(card.subject))

    def _members(self, incident: Incident | None) -> tuple[Signal, ...]:
        members = self._rows.holds.members(incident.id) if incident else ()
        return tuple(one.signal for one in members if incident and one.signal != incident.signal)

    def _of_storm(self, id: str) -> Nouns:
        facts = facts_of(self._rows.storms.incidents(id), self._rows.book.pending(), self._inventory.groups)
        return Nouns(self.now(), names=self._roster.names(), storm=self._rows.storms.load(id), facts=facts)

    def now(self) -> datetime:
        """The present where the machine is: a person reads local time."""
        return self._rows.clock.now().astimezone()

    def status(self) -> Answer:
        """What is on now: open, waiting, stopped, and how far Nightshift may go where."""
        status = Status(
            self._rows.log.incidents(only_open=True, limit=MOST_LISTED),
            self._rows.book.pending(),
            self._rows.gate.stops(),
            self._modes(),
            self._pauses(),
            self._tightenings(),
        )
        is_quiet = not (status.open_incidents or status.pending_approvals or status.stops or status.pauses)
        counts = {
            "open": len(status.open_incidents),
            "waiting": len(status.pending_approvals),
            "stops": len(status.stops),
        }
        lines = [
            self.words.say("status.quiet") if is_quiet else self.words.say("status.head", **counts),
            *(self._stop_line(stop) for stop in status.stops),
            *(self.pause_line(pause) for pause in status.pauses),
            *(self.approval_line(approval) for approval in status.pending_approvals),
            *(self._incident_line(incident) for incident in status.open_incidents),
            self.modes().text,
        ]
        return Answer("\n".join(lines), status)

    def modes(self) -> Answer:
        """How far we go where, and who made it stricter than the settings say."""
        modes, tight = self._modes(), self._tightenings()
        lines = [self.words.say("status.mode", host=host, mode=mode) for host, mode in modes.items()]
        return Answer("\n".join((*lines, *map(self.tight_line, tight))), {"modes": modes, "tightenings": tight})

    def tight_line(self, one: Tightening) -> str:
        """A mode that was made stricter, in one line."""
        who, word = self.words.people((one.by,), self._roster.names()), scope_word(one.scope) or "all"
        since, scope = clock(one.since, self.now()), self.words.scope(one.scope)
        return self.words.say("mode.tight", scope=scope, mode=one.mode.word, by=who, since=since, word=word)

    def _modes(self) -> dict[str, str]:
        return {entry.name: self.mode_now.of(entry.name).word for entry in self._inventory.hosts}

    def _tightenings(self) -> tuple[Tightening, ...]:
        return tuple(one for one in self._rows.tightenings.all() if one.ended is None)

    def incidents(self, target: str) -> Answer:
        """The latest, or one with its card."""
        if target:
            incident = self._rows.log.load(target)
            kind = CardKind.REPORT if self._rows.history.report(incident.id) else CardKind.ALERT
            card = Card("", kind, incident.id, incident.id)
            card = next((one for one in self.open_cards() if one.thread == incident.id), card)
            return Answer(render(card, self.nouns(card), self.language), incident)
        found = self._rows.log.incidents(only_open=False, limit=MOST_LISTED)
        return self._listed(found, [self._incident_line(incident) for incident in found])

    def what_came_of(self, id: str) -> Answer:
        """One incident whose work was asked for: not ok when it has ended in anything but what was wanted."""
        ending = self._rows.log.load(id).ending
        return replace(self.incidents(id), ok=ending is None or ending in WANTED_ENDINGS)

    def approvals(self) -> Answer:
        """What waits for a person."""
        found = self._rows.book.pending()
        return self._listed(found, [self.approval_line(approval) for approval in found])

    def plan(self, approval: Approval) -> Answer:
        """Every effect of a question, none left out."""
        if not isinstance(approval.asks, Proposal):
            key = "plan.choices" if isinstance(approval.asks, Choices) else "plan.question"
            return Answer(self.words.say(key, id=approval.id), approval)
        say, proposal = self.words.say, approval.asks
        lines = [say("plan.head", id=approval.id, skill=plain(proposal.skill), host=plain(proposal.host))]
        lines += self.effect_lines(proposal.plan)
        return Answer("\n".join(lines if proposal.plan else [*lines, say("plan.none")]), approval)

    def effect_lines(self, plan: tuple[PlannedEffect, ...]) -> list[str]:
        """Each effect in one line, numbered, with its risk and whether it can be undone."""
        say = self.words.say
        return [
            say(
                "plan.line",
                n=n,
                effect=self.words.effect(str(effect), 400),
                risk=say(f"risk.{effect.risk.word}"),
                undo=say("plan.can" if effect.is_reversible else "plan.cannot"),
            )
            for n, effect in enumerate(plan, start=1)
        ]

    def memory(self, text: str) -> Answer:
        """What was done before."""
        found = self._rows.memory.search(text, MOST_LISTED)
        now = self.now()
        lines = [
            self.words.say(
                "list.episode",
                at=clock(e.at, now),
                host=plain(e.host),
                signal=plain(e.signal),
                skill=plain(e.skill),
                ending=self.words.ending(e.ending) if e.ending else self.words.say("list.choice"),
            )
            for e in found
        ]
        return self._listed(found, lines)

    def help(self) -> Answer:
        """Every command with one line of what it does."""
        lines = [f"{rule.usage} ({rule.glyphs[0]}) - {self.words.say(f'help.{rule.verb}')}" for rule in RULES]
        return Answer(
            "\n".join([self.words.say("reply.help"), *lines]), tuple((str(r.verb), r.usage, r.role.word) for r in RULES)
        )

    def why(self, target: str, *, with_texts: bool = False) -> Answer:
        """Who decided what on what evidence, from rows alone; `target` is an incident or an approval, the latest incident if empty.

        `with_texts`: with what each model saw and said.
        """
        if is_talk(target):
            return self._talk(target, with_texts=with_texts)
        incident = self._incident_of(target)
        if incident is None:
            return Answer(self.words.say("list.none"), ok=False)
        approvals = self._rows.history.approvals(incident.id)
        report = self._rows.history.report(incident.id)
        about = dict.fromkeys(key for key in (incident.id, incident.storm, incident.lead) if key)
        pages = tuple(page for key in about for page in self._rows.pages.of(key))
        past = Past(incident, approvals, report, pages, self._rows.scenes.of(incident.id))
        asked = consulted(self._rows.model_calls, incident.id)
        lines = [
            *why_lines(self.words, past, self.now(), self._roster.names()),
            *model_lines(self.words, incident.id, asked, self.now(), self.budget, with_texts=with_texts),
        ]
        told = {"incident": incident, "approvals": approvals, "report": report, "pages": pages, "scene": past.scene}
        return Answer("\n".join(lines), told | {"models": asked.calls})

    def _talk(self, id: str, *, with_texts: bool) -> Answer:
        """What models were asked about free words."""
        asked = consulted(self._rows.model_calls, id)
        lines = list(model_lines(self.words, id, asked, self.now(), self.budget, with_texts=with_texts))
        return Answer("\n".join(lines or [self.words.say("list.none")]), {"models": asked.calls}, ok=bool(asked.calls))

    def open_cards(self) -> tuple[Card, ...]:
        """A card for each open question."""
        return tuple(
            Card(f"{one.id}:ask", card_kind(one.asks), one.incident, one.id) for one in self._rows.book.pending()
        )

    def report_cards(self) -> tuple[Card, ...]:
        """A card for each of the latest incidents that has ended, oldest first."""
        latest = self._rows.log.incidents(only_open=False, limit=MOST_LISTED)
        ended = [one for one in latest if one.closed is not None]
        return tuple(Card(f"{one.id}:report", CardKind.REPORT, one.id, one.id) for one in reversed(ended))

    def approval_line(self, approval: Approval) -> str:
        """One open question in one line."""
        incident = self._rows.log.load(approval.incident)
        ask = wanted_of(self.words, approval.asks)
        trouble = self.words.trouble(incident.signal, incident.alert.value)
        return self.words.say(
            "list.approval",
            id=approval.id,
            host=plain(incident.host),
            trouble=trouble,
            ask=ask,
            until=clock(approval.expires, self.now()),
        )

    def _incident_line(self, incident: Incident) -> str:
        state = self.words.ending(incident.ending) if incident.ending else self.words.say(f"state.{incident.state}")
        return self.words.say(
            "list.incident",
            id=incident.id,
            host=plain(incident.host),
            trouble=self.words.trouble(incident.signal, incident.alert.value),
            state=state,
            since=clock(incident.alert.at, self.now()),
        )

    def _stop_line(self, stop: tuple[str, str, datetime]) -> str:
        scope, by, since = stop
        who = self.words.people((by,), self._roster.names())
        return self.words.say("status.stop", scope=self.words.scope(scope), by=who, since=clock(since, self.now()))

    def pause_line(self, pause: Pause) -> str:
        """One pause in one line: what, where, who, until when, why."""
        return self.words.say(
            "pause.line",
            kind=self.words.say(f"pause.kind.{pause.kind}"),
            scope=self.words.scope(pause.scope),
            by=self.pause_by(pause),
            until=self.pause_until(pause),
            why=f" ({plain(pause.why, 120)})" if pause.why else "",
        )

    def pause_by(self, pause: Pause) -> str:
        """Who said it; the line of the settings where nobody did."""
        if pause.by == BY_SETTINGS:
            return self.words.say("pause.by.settings")
        return self.words.people((pause.by,), self._roster.names())

    def pause_until(self, pause: Pause) -> str:
        """When it is over."""
        return self.words.say("pause.until.off") if pause.until is None else clock(pause.until, self.now())

    def is_silenced(self, card: Card) -> bool:
        """True for a card that only the morning message tells of. A list that was changed silences nothing."""
        pauses = self._pauses()
        if not pauses or card.kind in _ALWAYS_SHOWN:
            return False
        if card.kind is CardKind.NOTE:
            host, bar, signal = card.subject.partition("|")
            on = [one for one in pauses if one.kind in SILENCING and bar]
            return any(one.covers(host, self._inventory.groups(host), "", signal) for one in on)
        incident = self._whole(card.thread or card.subject)
        return incident is not None and is_silenced(pauses, incident, self._inventory)

    def is_in_storm(self, card: Card) -> bool:
        """True for a card of an incident that the card of its storm speaks for."""
        if card.kind in _ALWAYS_SHOWN or card.kind is CardKind.STORM:
            return False
        running = {storm.id for storm in self._rows.storms.running()}
        incident = self._whole(card.thread) if running else None
        return incident is not None and incident.storm in running

    def may_be_part_of_more(self, card: Card) -> bool:
        """True for a card of the last seconds while many incidents open: a storm should be told before its first twenty cards are out."""
        incident = self._whole(card.thread) if card.kind in _ASKING else None
        now = self._rows.clock.now()
        if incident is None or incident.closed is not None or now - incident.opened >= BEFORE_A_STORM:
            return False
        newest = self._rows.log.incidents(only_open=True, limit=MANY)
        return len(newest) == MANY and now - newest[-1].opened < MANY_WITHIN

    def storm_cards(self) -> tuple[Card, ...]:
        """The newest card of each storm."""
        return tuple(storm.card for storm in self._rows.storms.running())

    def _pauses(self) -> tuple[Pause, ...]:
        try:
            return tuple(pause for pause in self._rows.pauses.all() if pause.is_on(self._rows.clock.now()))
        except TamperedError:
            return ()

    def _listed(self, found: tuple[object, ...], lines: list[str]) -> Answer:
        return Answer("\n".join(lines) or self.words.say("list.none"), found)

    def _incident_of(self, target: str) -> Incident | None:
        if not target:
            return next(iter(self._rows.log.incidents(only_open=False, limit=1)), None)
        try:
            return self._rows.log.load(target)
        except UnknownError:
            return self._rows.log.load(self._rows.book.load(target.upper()).incident)

    def _stops(self) -> tuple[tuple[str, str, datetime], ...]:
        """None where the list was changed: the gate lets nothing happen, and what there is to tell is still told."""
        try:
            return self._rows.gate.stops()
        except TamperedError:
            return ()

    def _whole(self, id: str) -> Incident | None:
        """None for a row that was changed too: its card is sent and says so, and those behind it still come."""
        try:
            return self._incident(id)
        except TamperedError:
            return None

    def _incident(self, id: str) -> Incident | None:
        try:
            return self._rows.log.load(id) if id else None
        except UnknownError:
            return None

    def _approval(self, id: str) -> Approval | None:
        try:
            return self._rows.book.load(id)
        except UnknownError:
            return None


_ASKING = frozenset({CardKind.PROPOSAL, CardKind.CHOICES, CardKind.QUESTION, CardKind.ALERT})

_ALWAYS_SHOWN = frozenset({CardKind.SELF, CardKind.REPLY, CardKind.STOPPED})

_WITHOUT_APPROVAL = frozenset(
    {
        CardKind.ALERT,
        CardKind.REPORT,
        CardKind.NOTE,
        CardKind.SELF,
        CardKind.REPLY,
        CardKind.STOPPED,
        CardKind.DIGEST,
        CardKind.ADMIT,
    }
)


def _by_id(list_of: Standing[S], id: str) -> S | None:
    """None where it is not there, or where the list does not verify."""
    try:
        return next((one for one in list_of.all() if one.id == id), None)
    except TamperedError:
        return None


def covering(
    stops: tuple[tuple[str, str, datetime], ...], host: str, groups: tuple[str, ...], incident: str
) -> tuple[tuple[str, str, datetime], ...]:
    """The stops that hold for this incident on this host."""
    scopes = {"all", f"host:{host}", f"incident:{incident}", *(f"group:{group}" for group in groups)}
    return tuple(stop for stop in stops if stop[0] in scopes)
