"""English: what skills tell people, and where what a run reads may go."""

from __future__ import annotations

WORDS = {
    "notice.told": "To {to}, from {skill} on {host}:\n{text}",
    "notice.oncall": "{person}, on call",
    "notice.anybody": "whoever is on call",
    "notice.group": "group {group} ({people})",
    "effect.http.POST": "send to {t}",
    "effect.kv": "note {t} for the next run",
    "effect.secret": "use secret {t}",
    "flow.line": "What it reads ({reads}) may go to: {outs}.",
    "flow.and": ", ",
    "flow.reads.nothing": "nothing of the host",
    "flow.reads.more": "{first} and {count} more",
    "flow.out.result": "its result here",
    "flow.out.web": "{host}",
    "flow.out.secret": "{host} (with secret {name})",
    "flow.out.any": "any web page in its parameters",
    "flow.out.listed": "the web hosts you listed",
    "flow.out.notify": "people on call",
    "flow.out.group": "group {group}",
    "flow.out.kept": "its notes for the next run",
}
