"""Every sentence about standing orders, wrong fixes and admitting skills, in English."""

from __future__ import annotations

WORDS = {
    # on cards
    "card.by.order": "by standing order {order}, nobody was asked: {line}",
    "report.decided.policy": "Proposed by {tier}; nobody was asked, policy allowed it.",
    "report.decided.order": "Proposed by {tier}; nobody was asked, done alone under {order}{of}.",
    "report.order.of": " of {by}",
    "report.offer": "Next time, don't wake me: orders new {id}",
    "report.wrong": "Wrong fix: wrong {id}",
    # orders
    "order.none": "No standing orders. One is offered on the card of a repair that has worked three times.",
    "order.nobounds": "no parameters",
    "order.line.on": "{id} {skill} for {trouble} on {group}; {bounds}; by {by}, until {until}; tonight {used} of {most}",
    "order.line.proposed": "{id} {skill} for {trouble} on {group}; {bounds}; by {by}, until {until}; not confirmed: orders confirm {id}",
    "order.line.over": "{id} is over since {at}: {why}",
    "order.proposed.other": "It does nothing until a second approver says: orders confirm {id} ({others})",
    "order.proposed.type": "Nobody else could confirm it. At this machine type the name: orders confirm {id} {name}",
    "order.confirm.other": "{id} is yours; somebody else confirms it: {others}",
    "order.confirm.machine": "{id} is yours and nobody else could confirm it, so that takes the machine's own terminal.",
    "order.confirm.type": "Nothing was confirmed. Type the name: orders confirm {id} {name}",
    "order.note.on": "A new standing order, I will not wake you for this:",
    "order.note.proposed": "{by} would like not to be woken for this. A second approver: orders confirm {id}",
    "order.note.over": "Standing order {id} is over: {why}. From now on I ask again.",
    "order.no.notfixed": "{fact} did not end as fixed; only a repair that was verified can become a standing order.",
    "order.no.claim": "A standing order serves what I measure myself; this was reported or asked for by somebody.",
    "order.no.early": "Too early: verified {fact} of 3 times here since the last failure, undo or change.",
    "order.no.risk": "A standing order is for medium risk only; this one is {fact}.",
    "order.no.notowned": "{fact} is not owned there yet; a skill on trial is asked about each time.",
    "order.no.changed": "{fact} has changed since; what worked was another text.",
    "order.no.observe": "{fact} is only observed; no standing order acts there.",
    "order.no.varies": "{fact} is another one each time, so such an order would never fit; I keep asking.",
    "order.no.wider": "That would be wider than {fact} itself is.",
    "order.no.covered": "{fact} covers it already.",
    "order.no.over": "That standing order is over: {fact}. The next success offers a new one.",
    "order.no.unused": "{fact} was not used in 30 days; what nobody needed is not renewed.",
    # what they end of
    "order.end.time": "its 30 days are over",
    "order.end.clock": "the clock was set back",
    "order.end.skill": "its skill has changed",
    "order.end.wider": "it is wider than its skill",
    "order.end.file": "the file is another one by now",
    "order.end.revoked": "revoked by {fact}",
    "order.end.wrong": "wrong fix, said {fact}",
    "order.end.failed": "the repair ended as {fact}",
    "order.end.role": "{fact} may not approve there any more",
    # wrong fix
    "wrong.none": "{id} did not end as fixed, so there is no fix to be wrong.",
    "wrong.noted": "Noted: wrong fix in {id}. {skills} has no trust for this any more; I ask again.",
    "wrong.ended": "Standing order {id} is over.",
    "wrong.undo": "Take it back: undo {n} ({what})",
    "wrong.noundo": "Nothing of it can be taken back.",
    "wrong.why": "Why was it wrong? wrong {id} because …",
    # skills that changed
    "admit.card": (
        "[{id}] {skill} has changed; it does not run.\nIts text is {hash}, seen {at}\nIt could: {grants}\n"
        "On: {groups}\nNobody has to answer: until then it is left out.\nAn approver lets it exist again, on trial: admit {id}"
    ),
    "admit.card.over": "[{id}] {skill} {hash}: {why}.",
    "admit.done": "{skill} exists again on {groups}, on trial: admitted by {by}, {at}. It asks each time.",
    "admit.over": "{id} is over: {why}.",
    "head.undone": "{host}: {trouble} - taken back",
    "ending.undone": "taken back",
}
