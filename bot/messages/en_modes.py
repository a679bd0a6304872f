"""Every sentence about modes and the roster, in English."""

from __future__ import annotations

WORDS = {
    "mode.tightened": "{scope}: {mode} at most, by {by}. It holds from this moment; only at the machine: mode {word} reset",
    "head.observed": "{host}: {trouble} - only observed",
    "card.observed": "This host is only observed (mode observe), so I did not ask. I would have asked for this.",
    "report.nottried": "{skill}: not done",
    "report.observed": "only observed here (mode observe), so it was not asked for",
    "mode.same": "{scope} is in {mode} already; nothing changed.",
    "mode.loosening": (
        "Chat only makes it stricter, so {scope} does not become {mode}. "
        "Change mode in nightshift.toml on the machine, or lift what was said here, at the machine: mode {word} reset"
    ),
    "mode.machine": "What was made stricter is lifted by an admin at the machine itself, or by nightshift.toml there.",
    "mode.none": "Nobody made {scope} stricter by that name; nothing changed. What holds: mode",
    "mode.newer": "Somebody else made {scope} stricter at that moment or later, and that holds. If it is still meant: mode {word} reset",
    "mode.reset": "{scope} is as nightshift.toml says again, by {by}.",
    "mode.unknown": "I know no host or group called {scope}. Known: {known}",
    "mode.tight": "stricter: {scope} is {mode} at most, by {by} since {since} (lifted at the machine: mode {word} reset)",
    "reply.go.newer": (
        "{by} said stop or take at {since}, no earlier than you said go: {scope} stays as it is. "
        "If it is still meant, say go again."
    ),
    "reply.second.asked": "{id}: who said yes is among those who asked for it ({by}); somebody else who may approve must say yes too.",
    "reply.tie": "{by} said yes in the same second; the safer word wins: nothing more begins in that incident. Lift it with: go {id}",
    "roster.nobody": "Nobody is listed in [people]: only who owns the data folder decides, in this terminal.",
    "roster.one": (
        "Not in force on {hosts}, because there is one approver: two people for high risk, a second one for standing orders. "
        "Instead the object's name is typed at this machine."
    ),
}
