"""Every sentence about what surrounds a trouble, and pages, in English."""

from __future__ import annotations

WORDS = {
    "scene.changed": "Changed before: {list}",
    "scene.nothing": "nothing I can see",
    "scene.unseen": "I cannot see it",
    "scene.event": "{what} {at}",
    "scene.by": "{what} ({by}, {at})",
    "scene.mine": "{what} (by me, {at})",
    "scene.logins": "Logged in: {list}",
    "scene.login": "{user} ({terminal})",
    "scene.login.idle": "{user} ({terminal}, idle {idle})",
    "scene.because": "Asked because: {why}",
    "scene.forbidden": "Because: {why}",
    # what rules say, word for word as core says it
    "restraint.login.idle": "{who} is logged in ({terminal}, idle {minutes} min)",
    "restraint.login": "{who} is logged in ({terminal})",
    "restraint.logins": "{count} more are logged in",
    "restraint.unseen": "I cannot see who is logged in: {why}",
    "list.then": "; ",
    "restraint.cap": "{done} repairs {where} within the hour; {limit} is the limit",
    "restraint.relapse": "repaired {count} times within the hour: it does not last, please see why",
    "restraint.failed": "it failed on {where}",
    "restraint.rule": "rule {id} of {by}: {said}",
    "restraint.page": "{skill} read a web page: nothing acts alone after that",
    "restraint.storm": "{id}: in a storm nothing acts alone",
    "restraint.used": "standing order {id} was used {count} times tonight",
    "restraint.attempt": "{skill} ended as {ending}; nothing else is tried",
    "restraint.rejected": "rejected by {who}: {why}",
    "restraint.taken": "taken by {who}",
    "restraint.denied": "not permitted: {why}",
    "restraint.blind": "I do not act on what I cannot see: {why}",
    "restraint.stuck": "I could not go on: {why}",
    # who else, and by what
    "card.ask2.long": "High risk: two approvers, or type the host's whole name after: approve {id}",
    "card.paused": "{kind} by {by}, until {until}",
    "card.more.values": "+{count}, see: plan {id}",
    # what people say they changed
    "note.taken": "Noted for {where}: {text}. It stands on the cards of the next hour.",
    "note.again": "Noted already.",
    "note.everywhere": "all hosts",
    # a page, for a lock screen
    "page.line": "{host}: {trouble} - {wanted}",
    "page.wanted.severe": "please look",
    "page.wanted.unanswered": "nobody answered",
    "page.wanted.handed over": "over to you",
    "page.wanted.worse": "WORSE, look",
    "page.wanted.relapse": "keeps coming back",
    "page.wanted.blind": "I cannot see",
    "page.wanted.cut off": "I am cut off",
    "page.wanted.drill": "TEST, just ack",
}
