"""What people's decisions teach the router: a yes or a pick shows what words mean, another pick or a wrong fix what they do not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from core.alert import REOPENS, Alert, mask
from core.approval import Approval, Verdict
from core.grams import grams
from core.incident import Ending, Incident
from core.people_ports import Standing
from core.ports import Clock, History, IncidentLog
from core.redaction import HIDDEN, clean
from core.task import is_task, is_wish, wished_in
from core.trigger import LearnedTrigger

MOST_OF_ONE = 20
"""Learned texts that count for one skill; the newest do."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Lessons:
    """The same decision again teaches nothing more, so that a replay is harmless. What is taught only ever changes what is proposed."""

    triggers: Standing[LearnedTrigger]
    log: IncidentLog
    history: History
    clock: Clock

    def decided(self, approval: Approval) -> None:
        """What a person's answer shows; of our own measurements there are no words to learn."""
        meant = _meant(approval)
        incident = self.log.load(approval.incident)
        text = words_taught(incident.alert)
        if not meant or not text:
            return
        by = ", ".join(approval.by)
        self._teach(meant, text, by, is_wrong=False)
        for other in _refused(self.history.approvals(incident.id)) - {meant}:
            self._teach(other, text, by, is_wrong=True)

    def wrong(self, incident: Incident, by: str) -> None:
        """What repaired it was not what its words meant."""
        text = words_taught(incident.alert)
        fixed = {attempt.proposal.skill for attempt in incident.attempts if attempt.ending is Ending.FIXED}
        for skill in sorted(fixed) if text else ():
            self._teach(skill, text, by, is_wrong=True)

    def _teach(self, skill: str, text: str, by: str, *, is_wrong: bool) -> None:
        now = self.clock.now()
        new = LearnedTrigger(_id(skill, text, is_wrong=is_wrong), skill, text, by, now, is_wrong)
        known = {one.id: one for one in self.triggers.all()}
        opposite = known.get(_id(skill, text, is_wrong=not is_wrong))
        if opposite is not None and opposite.ended is None:
            self._end(opposite, by)
        if new.id not in known:
            self.triggers.put(new, by, now)
        elif known[new.id].ended is not None:
            self.triggers.change(new.id, lambda _: new, by, now)
        counting = [one for one in self.triggers.all() if one.skill == skill and one.ended is None]
        for one in sorted(counting, key=lambda one: one.at)[:-MOST_OF_ONE]:
            self._end(one, by)

    def _end(self, one: LearnedTrigger, by: str) -> None:
        now = self.clock.now()
        self.triggers.change(one.id, lambda it: replace(it, ended=now), by, now)


def words_taught(alert: Alert) -> str:
    """What was said, without what varies and without secrets; '' for our own measurement and for a command, which are no words."""
    if not alert.is_claim or (is_task(alert) and not is_wish(alert)):
        return ""
    said = wished_in(alert).words if is_wish(alert) else alert.text.partition(REOPENS)[0]
    text = mask(" ".join(clean(said, 2 * LONGEST).replace(HIDDEN, " ").split()))[:LONGEST]
    return text if grams(text) else ""


def _meant(approval: Approval) -> str:
    if approval.verdict is Verdict.PICKED:
        return approval.why
    return approval.proposal.skill if approval.verdict is Verdict.APPROVED and approval.proposal else ""


def _refused(asked: tuple[Approval, ...]) -> set[str]:
    return {one.proposal.skill for one in asked if one.proposal and one.verdict is Verdict.REJECTED}


def _id(skill: str, text: str, *, is_wrong: bool) -> str:
    return hashlib.sha256(f"{skill}|{is_wrong}|{text}".encode()).hexdigest()[:12]
