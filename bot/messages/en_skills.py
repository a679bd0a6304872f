"""English: what the tests of skills say, and adopting a script of the team's own."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "document.made": "Document: {path}  (nightshift documents show {name})",
    "document.none": "No document was made: {why}",
    "document.noplot": "The plot could not be drawn; its numbers are in the table beside this document.",
    "document.nothing": "No documents yet. Skills such as make_disk_report make them.",
    "tests.line": "cases {cases}  faults {faults}  mutants {caught}/{mutants} ({percent} %)",
    "tests.gate": "gate: {why}",
    "tests.faults": "every host call made to fail once ({count})",
    "tests.mutants": "{caught} of {mutants} mutants noticed ({possible} are possible); 80 % are needed, and every dropped host call",
    "tests.survivor": "line {line}: no case notices that {change}",
    "tests.summary": "{skills} skills, {caught} of {mutants} mutants noticed, {seconds} s.",
    "tests.good": "All are sound.",
    "tests.bad": "Not sound: {names}",
    "tests.running": "Playing all skills in the sandbox; this takes some minutes …",
    "proven.looks": "looks",
    "proven.proven": "proven on: {fault}",
    "proven.changed": "changed since it was proven",
    "proven.unproven": "not proven on a real fault",
    "proven.action": "your own script",
    "adopt.found": "{file}: {size} bytes, owner {owner}, begins with {first}",
    "adopt.hash": "SHA-256 {sha256}",
    "adopt.lines": "Its first lines:",
    "adopt.risk": "How dangerous is it: medium or high?",
    "adopt.cures": "Which signals does it cure, e.g. http.failed? (Enter: none, only on request)",
    "adopt.undo": "Which command takes it back? (Enter: none)",
    "adopt.sure": "Write these lines into {path}?",
    "adopt.written": (
        "Written into {path}; a running `up` takes it up at its next start. Nothing was run. It begins on trial; "
        "a dry run: nightshift run {name} --host localhost --dry-run"
    ),
    "adopt.left": "Nothing was written.",
}
