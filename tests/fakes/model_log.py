"""Fake ModelLog over a shelf."""

from __future__ import annotations

from datetime import datetime

from core.errors import TamperedError
from core.model import Mind, ModelCall, Spent
from tests.fakes.shelf import Shelf


class FakeModelLog:
    """Calls over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def keep(self, call: ModelCall) -> None:
        """See `core.mind_ports.ModelLog`."""
        if call.id not in self._shelf.model_calls:
            self._shelf.model_calls[call.id] = call
            self._shelf.note("model.call", call.subject, {"id": call.id, "model": call.model}, call.at)

    def of(self, subject: str) -> tuple[ModelCall, ...]:
        """See `core.mind_ports.ModelLog`."""
        mine = [one for one in self._shelf.model_calls.values() if one.subject == subject]
        if broken := [one.id for one in mine if one.id in self._shelf.broken]:
            raise TamperedError(f"model call {broken[0]} does not verify")
        return tuple(sorted(mine, key=lambda one: (one.at, one.id)))

    def spent(self, since: datetime, subject: str = "", avatar: str = "") -> Spent:
        """See `core.mind_ports.ModelLog`."""
        mine = [
            one
            for one in self._shelf.model_calls.values()
            if one.mind is Mind.BRAIN
            and one.at >= since
            and subject in {"", one.subject}
            and avatar in {"", one.avatar}
        ]
        return Spent(len(mine), sum(one.tokens for one in mine), sum(one.cost for one in mine))
