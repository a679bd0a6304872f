"""Whether the roster can keep the rules: what nobody could fulfil is a mistake at start, what one person replaces is said (TRUST 2)."""

from __future__ import annotations

import os

from bot.roster import Roster
from core.inventory import Inventory, Mode


def unfulfillable(inventory: Inventory) -> str:
    """The first question that nobody listed could answer, as one sentence; '' if there is none.

    With nobody listed the owner of the data folder answers in the terminal. Once people are listed, the night relies on them.
    """
    if not inventory.people:
        return ""
    for host, count in _approvers(inventory).items():
        if not count:
            mode, groups = inventory.mode(host).word, ", ".join(inventory.groups(host))
            return (
                f"host {host} (groups: {groups}) is in mode {mode!r}, where people are asked, and nobody in [people] may approve there; "
                'give somebody roles = ["approver"] for it, or set its mode to "observe"'
            )
    return ""


def replaced(inventory: Inventory) -> tuple[tuple[str, dict[str, str]], ...]:
    """The rules that are not in force because there is one approver or none listed: keys of sentences, with their facts."""
    alone = [host for host, count in _approvers(inventory).items() if count < 2]
    lines: list[tuple[str, dict[str, str]]] = [] if inventory.people else [("roster.nobody", {})]
    if alone:
        lines.append(("roster.one", {"hosts": ", ".join(alone)}))
    return tuple(lines)


def _approvers(inventory: Inventory) -> dict[str, int]:
    """How many may approve on each host where anybody is ever asked."""
    roster = Roster(inventory, os.geteuid())
    asked = [one.name for one in inventory.hosts if one.is_reached and inventory.mode(one.name) is not Mode.OBSERVE]
    return {host: len(roster.approvers(inventory.groups(host))) for host in asked}
