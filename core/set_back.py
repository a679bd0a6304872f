"""A clock that was set back: what is noted under a time that is not yet happened at some moment before now. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

SLACK = timedelta(seconds=60)
"""By how much clocks differ, and are corrected, without anybody having set one back (TRUST 3)."""


def is_ahead(moment: datetime, now: datetime) -> bool:
    """True for what can only have been noted before the clock was set back."""
    return moment > now + SLACK


def not_ahead(moment: datetime, now: datetime) -> datetime:
    """The moment; for one that is ahead, which means unknown, now."""
    return now if is_ahead(moment, now) else moment
