"""Python's parser for every thread: one at a time. Nothing that is parsed is run."""

from __future__ import annotations

import ast
import threading

_TURN = threading.Lock()
"""Before Python 3.11.8 two threads in `ast.parse` disturb each other's count of depth, and one of them gets a SystemError."""


def tree_of(source: str) -> ast.Module:
    """The tree of a text; what `ast.parse` raises is for the caller."""
    with _TURN:
        return ast.parse(source)
