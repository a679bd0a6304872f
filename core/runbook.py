"""A team's own instructions for one kind of trouble, as they wrote them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runbook:
    """One file of `runbooks/` in the data folder. `name` is its file's name; `title` its first heading, else the name."""

    name: str
    title: str
    text: str
