"""Names that the inventory, the checks and what was seen know: what a word in a text is held against."""

from __future__ import annotations
