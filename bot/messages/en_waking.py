"""English: pages, the drill, the heartbeat, who is on call."""

from __future__ import annotations

WORDS = {
    "waking.failed": "Could not page {person}: {why}",
    "waking.drill": "DRILL, nothing is wrong. Type: ack {id}",
    "waking.drill.silent": "Drill: {person} has not answered {id} for {minutes} min. Would a real page wake them?",
    "waking.heartbeat": "The heartbeat URL does not take my beat: {why}. If this machine dies now, nobody is told.",
    "clock.back": "The clock was set back by {by}: yeses and standing orders given before are void; pauses end by the new time.",
    "clock.ahead": "The clock jumped ahead by {by}, or this machine slept: questions, pauses and orders may have run out early.",
    "waking.reason.severe": "it is severe",
    "waking.reason.unanswered": "nobody answered",
    "waking.reason.handed over": "nobody had answered when I gave up",
    "waking.reason.worse": "the repair made it worse",
    "waking.reason.relapse": "it keeps coming back",
    "waking.reason.blind": "I could not see",
    "waking.reason.cut off": "I was cut off from every channel",
    "waking.reason.drill": "a drill",
    "why.page": "Page to {person}, {at}, because {reason}: {how}",
    "why.page.waiting": "not sent yet",
    "why.page.sent": "{detail}",
    "why.page.failed": "failed after {tries} tries: {detail}",
    "why.page.answered": "{how}; {by} answered {at}",
    "reason.cut off from every channel: only standing orders act": "cut off from every channel: only standing orders act",
    "reason.it was stopped": "it was stopped",
    "reason.* finds nothing to do": "* finds nothing to do",
    "reason.its yes did not hold any more": "its yes did not hold any more",
    "up.wakes": "Pages wake {people}; on call now: {person}.",
    "up.unreachable": "No pager is set for {people}: they are on the ladder, and a page cannot wake them.",
}
