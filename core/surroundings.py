"""What surrounds a trouble: who is on the box, what changed there before it; and that nobody's work is walked into (TRUST 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.approval import Answer
from core.capability import Risk
from core.errors import NightshiftError
from core.incident import Attempt, Incident
from core.people_ports import Changes, Marks, Presence, Scenes
from core.ports import Clock, History
from core.proposal import Proposal
from core.redaction import clean
from core.restraint import Restraint
from core.scene import HostEvent, Login, Mark, Scene

LOOKED_BACK = timedelta(hours=1)
"""How long before the alert a change may have been to stand on its card."""
MOST_CHANGES = 20
MOST_NAMED = 2
"""People whom a restraint names; the others are counted."""
BY_ME = "me"

SOURCE = "presence"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Looks around once for the card, and again for who is there whenever something is about to be done."""

    presence: Presence
    changes: Changes
    marks: Marks
    scenes: Scenes
    history: History
    clock: Clock

    def note(self, incident: Incident) -> Scene:
        """The scene of an incident, looked at once and kept; what cannot be seen is said in it, and never holds up the night."""
        known = self.scenes.of(incident.id)
        if known is not None:
            return known
        blind: list[str] = []
        logins, changes = self._logins(incident.host, blind), self._changes(incident, blind)
        seen = Scene(incident.id, self.clock.now(), logins, changes, "; ".join(blind))
        return self.scenes.save(seen)

    def restrain(self, incident: Incident, proposal: Proposal) -> Restraint | None:
        """Somebody is logged in there now, or nobody can tell: then a person is asked. What only looks disturbs nobody."""
        del incident
        if proposal.risk is Risk.LOW:
            return None
        try:
            logins = self.presence.logins(proposal.host)
        except NightshiftError as error:
            return Restraint(Answer.ASK1, f"I cannot see who is logged in: {clean(error.message, 120)}", SOURCE)
        return Restraint(Answer.ASK1, told(logins), SOURCE) if logins else None

    def _logins(self, host: str, blind: list[str]) -> tuple[Login, ...]:
        try:
            return self.presence.logins(host)
        except NightshiftError as error:
            blind.append(f"logins: {clean(error.message, 120)}")
            return ()

    def _changes(self, incident: Incident, blind: list[str]) -> tuple[HostEvent, ...]:
        """What was seen on the host and what people said, of the hour before the alert and until now; newest first."""
        since, now = incident.alert.at - LOOKED_BACK, self.clock.now()
        try:
            seen = self.changes.since(incident.host, since)
        except NightshiftError as error:
            blind.append(f"changes: {clean(error.message, 120)}")
            seen = ()
        before = [event for event in seen if event.at <= incident.alert.at]
        said = [_event(mark) for mark in self.marks.between(incident.host, since, now)]
        mine = self._mine(incident.host, since)
        # A mark weighs more than a file: somebody thought it worth saying.
        kept = said + [_signed(event, mine) for event in before][: max(0, MOST_CHANGES - len(said))]
        return tuple(sorted(kept, key=lambda event: event.at, reverse=True)[:MOST_CHANGES])

    def _mine(self, host: str, since: datetime) -> tuple[Attempt, ...]:
        """My own repairs there, so that nobody is blamed for them."""
        return tuple(attempt for attempt in self.history.attempts(since) if attempt.proposal.host == host)


def told(logins: tuple[Login, ...]) -> str:
    """`li is logged in (pts/0, idle 5 min)`: the busiest first; the words of `restraint.*` in bot/messages are these."""
    busiest = sorted(logins, key=lambda login: (login.idle is None, login.idle or 0.0, login.terminal))
    named = [_told(login) for login in busiest[:MOST_NAMED]]
    hidden = len(logins) - MOST_NAMED
    return "; ".join([*named, f"{hidden} more are logged in"] if hidden > 0 else named)


def _told(login: Login) -> str:
    user, terminal = (" ".join(clean(text, 30).split()) for text in (login.user or "somebody", login.terminal))
    if login.idle is None:
        return f"{user} is logged in ({terminal})"
    return f"{user} is logged in ({terminal}, idle {int(login.idle // 60)} min)"


def _event(mark: Mark) -> HostEvent:
    return HostEvent("mark", mark.text, mark.at, mark.by)


def _signed(event: HostEvent, attempts: tuple[Attempt, ...]) -> HostEvent:
    """Mine, where a run of mine had this very thing in its plan and was at work then."""
    for attempt in attempts:
        ended = attempt.outcome.ended if attempt.outcome else attempt.deadline
        if attempt.began <= event.at <= ended and any(
            event.what in one.target.split(" -> ") for one in attempt.proposal.plan
        ):
            return replace(event, by=f"{BY_ME}, {attempt.incident}")
    return event
