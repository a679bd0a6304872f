"""English: storms, and alarms that are part of one trouble."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "storm.head": "Storm: {total} new troubles, {open} open",
    "storm.head.over": "Storm is over: {total} troubles, {open} still open",
    "storm.id": "{id} · since {since} · {voice}",
    "storm.measured": "measured by me",
    "storm.claimed": "claimed from outside",
    "storm.hosts": "Hosts: {list}",
    "storm.signals": "What: {list}",
    "storm.more": "{list} and {count} other kinds",
    "storm.alarms": "{count} more alarms are part of these",
    "storm.waiting": "{skill} could help on {count} hosts",
    "storm.waiting.more": "other repairs on {count} hosts",
    "storm.two": "{count} need two people: approve them one by one",
    "storm.choices": "{count} wait for a choice: pick one by one",
    "storm.acting": "{count} repairs under way",
    "storm.untouched": "{count} not looked into yet; {at_once} at a time, the deepest first",
    "storm.endings": "Ended: {list}",
    "storm.alone": "Nothing acts alone now. This card speaks for all of them.",
    "storm.after": "What is still open is asked one by one.",
    "storm.answer": "approve {id} · reject {id} · take {id} · stop",
    "storm.reply.over": "{id} is over; what is still open is asked one by one. See: approvals",
    "storm.reply.approved": "{id}: {count} repairs approved. Each is checked again before it begins.",
    "storm.reply.rejected": "{id}: {count} repairs rejected.",
    "storm.reply.left": "{count} are left as they were: stopped, decided by somebody else, or not yours to decide.",
    "storm.reply.two": "These need two people, one by one: {ids}",
    "storm.reply.taken": "{id}: {by} has all {count}. I act on none of them, keep looking, and say when they are quiet.",
    "card.members.named": "and {count} more alarms: {list}",
}
