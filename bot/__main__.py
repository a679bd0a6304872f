"""`python -m bot` is `nightshift`."""

from __future__ import annotations

from bot.cli import main

main()
