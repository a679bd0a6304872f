"""What a typed name means: everything, a host, a group, an incident or one of its questions; and whose groups it touches."""

from __future__ import annotations

from bot.app import Rows
from core.drill import is_drill
from core.errors import UnknownError
from core.incident import Incident
from core.inventory import Inventory


class Scopes:
    """Names as people type them."""

    def __init__(self, rows: Rows, inventory: Inventory) -> None:
        self._rows, self._inventory = rows, inventory

    def of(self, target: str) -> str | None:
        """The scope, as stops and pauses are written; None if nothing is called so."""
        kind, _, name = target.partition(":")
        if target in {"", "all", "全部"}:
            return "all"
        hosts = {entry.name for entry in self._inventory.hosts}
        groups = {group for entry in self._inventory.hosts for group in self._inventory.groups(entry.name)}
        if target in hosts or (kind == "host" and name in hosts):
            return f"host:{name or target}"
        if target in groups or (kind == "group" and name in groups):
            return f"group:{name or target}"
        incident = self.incident(name if kind == "incident" else target)
        return f"incident:{incident.id}" if incident else None

    def groups(self, scope: str) -> tuple[str, ...] | None:
        """The host groups that a scope is about; None where it names none."""
        kind, _, name = scope.partition(":")
        if kind == "incident" and not is_drill(name):
            return self._inventory.groups(self._rows.log.load(name).host)
        return {"host": self._inventory.groups(name), "group": (name,)}.get(kind)

    def incident(self, target: str) -> Incident | None:
        """An incident by a unique beginning of its id, or by one of its questions."""
        for load in (self._rows.log.load, self._of_question):
            try:
                return load(target)
            except UnknownError:
                continue
        return self._of_waiting(target)

    def _of_question(self, target: str) -> Incident:
        return self._rows.log.load(self._rows.book.load(target.upper()).incident)

    def _of_waiting(self, target: str) -> Incident | None:
        found = [one for one in self._rows.book.pending() if target and one.id.startswith(target.upper())]
        return self._rows.log.load(found[0].incident) if len(found) == 1 else None
