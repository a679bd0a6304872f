"""Every sentence about take, ack, snooze, mute, maintenance and resolve, in English."""

from __future__ import annotations

WORDS = {
    "pause.take": (
        "It is yours, {by}: {scope}. I do nothing there, keep looking, and tell you when it is quiet. "
        "Give it back: take {word} off"
    ),
    "pause.ack": "Noted, {by}: you have seen {scope}. I page nobody further and go on as before.",
    "pause.snooze": "{scope} sleeps until {until}. Nothing is done or said about it until then; if it is still bad, it comes back.",
    "pause.mute": "{scope} is muted until {until}{whose}. Messages go to the morning message; severity 1 still comes, and I go on working.",
    "pause.mute.signal": ", as I measure it (what others report: mute claim:{word})",
    "pause.mute.claim": ", as others report it (what I measure is not)",
    "pause.mute.both": ", both what I measure and what others report",
    "pause.maintenance": (
        "Maintenance: {scope} until {until}. No page and no action there; I go on measuring, and raise what is still bad then."
    ),
    "pause.also": "Also there: {list}",
    "pause.off": "Over: {list}",
    "pause.off.none": "{scope}: no such pause ({kind}).",
    "pause.off.theirs": "Only {by} or an approver can end that: {list}",
    "pause.toolong": "{kind} lasts at most {longest}; say it again when that is over.",
    "pause.what": "I know no host, group, incident or signal called {name}.",
    "pause.which": "Which one? Write: {usage}",
    "pause.closed": "{id} is closed already.",
    "pause.one": "snooze is for one incident; for {scope} say: maintenance {word} 2h",
    "pause.scoped": "{kind} is for a host or a group; {name} is an incident. Say: snooze {name} 30m",
    "pause.line": "{kind}: {scope}, by {by}, until {until}{why}",
    "pause.until.off": "it is ended",
    "pause.kind.take": "taken",
    "pause.kind.ack": "seen",
    "pause.kind.snooze": "asleep",
    "pause.kind.mute": "muted",
    "pause.kind.maintenance": "maintenance",
    "pause.by.settings": "nightshift.toml",
    "scope.signal": "{name} (measured by me)",
    "scope.claim": "{name} (reported by others)",
    "resolve.done": "Closed by {by}: {id}. It counts as no success, and reopens if it is still bad two measurements later.",
    "resolve.acting": "A repair is running on {id}; stop it first, or wait until it is judged.",
    "card.reopens": "still bad, or bad again, after it was closed: reopens {id}",
    "reason.put aside before it began": "put aside before it began",
}
