"""`python -m tests.bench [issue-1 …]`: measures and prints one JSON line per figure; 1 if a median is beyond its limit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

from tests.bench import issue_1, issue_2, issue_3, issue_4
from tests.bench.figure import Figure

ISSUES: dict[str, Callable[[], Iterator[Figure]]] = {
    "issue-1": issue_1.figures,
    "issue-2": issue_2.figures,
    "issue-3": issue_3.figures,
    "issue-4": issue_4.figures,
}


def main(wanted: list[str]) -> int:
    """The issues named, all when none is."""
    if unknown := [name for name in wanted if name not in ISSUES]:
        sys.stderr.write(f"no figures for {unknown[0]!r}; there are: {', '.join(ISSUES)}\n")
        return 2
    is_ok = True
    _say_load()
    for name in wanted or ISSUES:
        for figure in ISSUES[name]():
            sys.stdout.write(figure.line() + "\n")
            sys.stdout.flush()
            is_ok &= figure.ok
    _say_load()
    return 0 if is_ok else 1


def _say_load() -> None:
    """On a machine that does other things every figure is worse; a reader has to know."""
    sys.stderr.write(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
