"""Ending an incident: the report with its proof, what is remembered, what is said; one transaction."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from core.approval import Approval
from core.card import Card, CardKind
from core.diagnosis import group_of
from core.episode import Episode, episode_of
from core.errors import ExpiredError, FencedError, StoppedError, TamperedError, UnknownError, sentence_of
from core.incident import Attempt, Ending, Incident, Refusal
from core.inventory import Inventory
from core.journal import EffectRow
from core.model import Mind
from core.people_ports import Sequels, Standing
from core.ports import ApprovalBook, Catalog, Clock, EffectLog, IncidentLog
from core.proposal import Evidence
from core.report import Action, Report
from core.skill_gap import SkillGap, gap_of
from core.task import UNDO, is_task

_HELD_UP = frozenset(error.__name__ for error in (StoppedError, ExpiredError, FencedError))
"""What the live gate refuses with: it is about us, not about the repair."""

MOST_GAPS = 200
"""Missing skills that are kept at once; nobody reads more, and a model cannot fill a disk with wishes."""

HELPLESS = 3
"""Times that one fault is handed over until something is said to be missing for it, among as many of the latest incidents:"""
MOST_LATEST = 200
US = "nightshift"
"""By whom a gap is noted that nobody has put into words."""


class Closing:
    """Tells how it ended; everything in the report comes from the journal and from measurements."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in the team
        self,
        log: IncidentLog,
        book: ApprovalBook,
        effects: EffectLog,
        catalog: Catalog,
        inventory: Inventory,
        clock: Clock,
        sequels: Sequels,
        gaps: Standing[SkillGap],
    ) -> None:
        self._log, self._book, self._effects, self._sequels, self._gaps = log, book, effects, sequels, gaps
        self._catalog, self._inventory, self._clock = catalog, inventory, clock

    def close(self, incident: Incident, ending: Ending, reason: str) -> Report:
        """Over: fixed, unproven or gone by itself."""
        return self._end(self._log.load(incident.id), ending, reason, ())

    def close_member(self, incident: Incident) -> Report:
        """A consequence is quiet; the card of its cause names it, so that it has none of its own."""
        return self._end(
            self._log.load(incident.id), Ending.WENT_AWAY, f"was part of {incident.lead}", (), is_told=False
        )

    def go_on_with(self, incident: Incident, left: Incident) -> None:
        """The cause is gone, and what it brought about is still bad: one trouble, so one incident; what helped is remembered as it was."""
        now = self._clock.now()
        report = self._report(self._log.load(left.id), Ending.WENT_AWAY, f"goes on as {incident.id}", ())
        self._sequels.go_on(incident.id, report, self._episodes(self._log.load(incident.id), now), now)

    def hand_over(self, incident: Incident, reason: str, evidence: tuple[Evidence, ...], gap: str = "") -> Report:
        """A person has it now, with everything that was seen and tried, and with what was missing."""
        if gap:
            self._note_gap(incident, gap, Mind.BRAIN)
        elif self._is_helpless(incident):
            self._note_gap(incident, f"something that helps with {incident.signal}", US)
        return self._end(self._log.load(incident.id), Ending.HANDED_OVER, reason, evidence, gap=gap)

    def _is_helpless(self, incident: Incident) -> bool:
        """True where this very fault is handed over for the third time."""
        if is_task(incident.alert):
            return False
        latest = self._log.incidents(only_open=False, limit=MOST_LATEST)
        same = (one for one in latest if one.alert.fingerprint == incident.alert.fingerprint and one.id != incident.id)
        return sum(one.ending is Ending.HANDED_OVER for one in same) + 1 >= HELPLESS

    def _note_gap(self, incident: Incident, wanted: str, by: str) -> None:
        """Kept for whoever writes skills; a list that was changed, or is long enough, keeps nobody from the incident."""
        now = self._clock.now()
        with suppress(TamperedError):
            known = [one for one in self._gaps.all() if one.ends is None]
            if len(known) < MOST_GAPS and all(one.wanted != wanted for one in known):
                self._gaps.put(gap_of(incident.id, wanted, by, now), by, now)

    def hand_over_attempt(self, incident: Incident, attempt: Attempt, is_undone: bool) -> Report:  # noqa: FBT001 - a step's argument
        """The last attempt did not help, or made it worse; `is_undone` False: nor could it be taken back."""
        ending = Ending.WORSE if attempt.ending is Ending.WORSE else Ending.HANDED_OVER
        ended = f"{attempt.proposal.skill} ended as {attempt.ending or Ending.FAILED}; nothing else is tried"
        left = "it did not help, and could not be taken back; please look"
        return self._end(self._log.load(incident.id), ending, ended if is_undone else left, ())

    def hand_over_refused(self, incident: Incident, refusal: Refusal) -> Report:
        """Nobody said yes; nothing was done."""
        who = ", ".join(refusal.by) or "nobody"
        reasons = {
            Ending.EXPIRED: "nobody answered in time; nothing was done",
            Ending.TAKEN: f"taken by {who}",
            Ending.REJECTED: f"rejected by {who}: {refusal.why or 'no reason given'}",
        }
        reason = reasons.get(refusal.ending, f"not permitted: {refusal.why}")
        return self._end(self._log.load(incident.id), refusal.ending, reason, ())

    # ---- the report ---------------------------------------------------------------------------------------------------------------

    def _end(
        self,
        incident: Incident,
        ending: Ending,
        reason: str,
        evidence: tuple[Evidence, ...],
        *,
        is_told: bool = True,
        gap: str = "",
    ) -> Report:
        report = replace(self._report(incident, ending, reason, evidence), gap=gap)
        card = Card(f"{incident.id}:report", CardKind.REPORT, incident.id, incident.id)
        return self._log.close(report, self._episodes(incident, report.closed), (card,) if is_told else ())

    def _report(self, incident: Incident, ending: Ending, reason: str, evidence: tuple[Evidence, ...]) -> Report:
        now = self._clock.now()
        last = incident.attempts[-1] if incident.attempts else None
        approval = self._approval_of(last) if last else None
        if ending is Ending.WENT_AWAY and last and last.ending is Ending.FIXED:
            ending = Ending.FIXED  # what was left became well by itself once its cause was repaired
        return Report(
            incident=incident.id,
            host=incident.host,
            signal=str(incident.signal),
            ending=ending,
            since=incident.alert.at,
            closed=now,
            value=incident.alert.value,
            limit=incident.alert.limit,
            tier=last.proposal.tier if last else None,
            decided_by=approval.by if approval else (),
            evidence=evidence or (last.proposal.evidence if last else ()),
            tried=_tried(incident),
            actions=tuple(action for attempt in incident.attempts for action in self._actions(attempt)),
            proof=last.measurements[-3:] if last else (),
            asked_seconds=_seconds(approval.opened, approval.decided) if approval else 0.0,
            repair_seconds=_seconds(last.outcome.started, last.outcome.ended) if last and last.outcome else 0.0,
            reason=_said_of(incident, ending, reason),
            order=approval.order if approval else "",
        )

    def _approval_of(self, attempt: Attempt) -> Approval | None:
        """None where the row does not verify any more: the incident is told without it, and it is an incident of its own."""
        try:
            return self._book.load(attempt.approval)
        except TamperedError:
            return None

    def _actions(self, attempt: Attempt) -> tuple[Action, ...]:
        undone = (
            [f"{value.value}.undo" for _, value in attempt.proposal.parameters]
            if attempt.proposal.skill == UNDO
            else []
        )
        try:
            return tuple(_action(row) for run in (attempt.id, *undone) for row in self._effects.of_run(run))
        except TamperedError as error:
            return (Action("", str(error), is_undoable=False),)

    def _episodes(self, incident: Incident, now: datetime) -> tuple[Episode, ...]:
        group = group_of(self._inventory, incident.host)
        return tuple(
            episode_of(incident, attempt.proposal, group, _remembered_as(incident, attempt), attempt.id, now)
            for attempt in incident.attempts
            if not _was_held_up(attempt)
        ) + tuple(undone for attempt in incident.attempts for undone in self._undone(attempt, now))

    def _undone(self, attempt: Attempt, now: datetime) -> tuple[Episode, ...]:
        """What is remembered of the run that this one took back: whoever undoes a repair does not trust it (TRUST 4)."""
        did_nothing = attempt.outcome is not None and not attempt.outcome.effects
        if attempt.proposal.skill != UNDO or did_nothing:
            return ()
        run = str(dict(attempt.proposal.parameters)["run"].value)
        try:
            proposal = self._book.load(run).proposal
            before = self._log.load(proposal.incident) if proposal else None
        except (UnknownError, TamperedError):
            return ()
        if proposal is None or before is None:
            return ()
        return (
            episode_of(before, proposal, group_of(self._inventory, before.host), Ending.UNDONE, f"{run}:undone", now),
        )


def _remembered_as(incident: Incident, attempt: Attempt) -> Ending:
    """A repair that needed the steps before it did not repair the fault alone: it is no success of its own, so no trust grows from it."""
    earlier = any(one.ending is Ending.STEP and one.round < attempt.round for one in incident.attempts)
    return Ending.STEP if earlier and attempt.ending is Ending.FIXED else attempt.ending or Ending.FAILED


def _said_of(incident: Incident, ending: Ending, reason: str) -> str:
    """Why it ended so. Where it was quiet before a plan was through, the rest of the plan is said to be dropped."""
    last = incident.attempts[-1] if incident.attempts else None
    is_over = ending in {Ending.FIXED, Ending.WENT_AWAY} and last is not None
    if is_over and last is not None and last.proposal.then and last.ending in {Ending.FIXED, Ending.STEP}:
        return f"{last.proposal.skill} was enough; the rest of the plan is dropped"
    return reason or _began_as(incident)


def _began_as(incident: Incident) -> str:
    """What the trouble was at first, where that is another signal than the one it ended with."""
    seen = (attempt.measurements[0].signal for attempt in incident.attempts if attempt.measurements)
    before = dict.fromkeys(str(signal) for signal in seen if signal != incident.signal)
    return f"it began with {', '.join(before)}" if before else ""


def _was_held_up(attempt: Attempt) -> bool:
    """True where a stop, or a yes that did not hold any more, kept it from helping: that says nothing about the skill."""
    is_failure = attempt.ending in {Ending.FAILED, Ending.STILL_BAD, None}
    error = attempt.outcome.error if attempt.outcome else ""
    return is_failure and error.partition(":")[0] in _HELD_UP


def _tried(incident: Incident) -> tuple[str, ...]:
    runs = [(a.round, f"{a.proposal.skill}: {a.ending or 'cut off'}{_forbidden(a)}") for a in incident.attempts]
    refused = [
        (r.round, f"{r.skill or 'choice'}: {r.ending}" + (f" ({r.why})" if r.why else "")) for r in incident.refusals
    ]
    return tuple(line for _, line in sorted(runs + refused))


def _forbidden(attempt: Attempt) -> str:
    """What ended a run that was not allowed to go on: a person, a yes that no longer held, whatever made it fail."""
    error = attempt.outcome.error if attempt.outcome else ""
    known = {"StoppedError": "it was stopped", "ExpiredError": "its yes did not hold any more"}
    failed = sentence_of(error) if attempt.ending is Ending.FAILED else ""
    why = known.get(error.partition(":")[0], failed)
    return f" ({why})" if why else ""


def _action(row: EffectRow) -> Action:
    state = {True: "", False: " (failed)", None: " (cut off)"}[row.ok]
    undone = f" (undone by {row.undone_by})" if row.undone_by else ""
    return Action(
        str(row.action), f"{row.effect}{state}{undone}", bool(row.ok and row.undo.is_possible and not row.undone_by)
    )


def _seconds(begin: datetime, end: datetime | None) -> float:
    return max(0.0, (end - begin).total_seconds()) if end else 0.0
