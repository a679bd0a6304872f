"""The settings as the file says them at this moment, for what is read before every effect: who may say yes, and how far we may go."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from bot.roster import Roster
from bot.settings import Settings
from bot.settings_files import TOML, read_toml
from core.errors import InvalidError
from core.inventory import Inventory, Mode
from core.on_call import Schedule

log = logging.getLogger("nightshift")


class LiveSettings:
    """Reads nightshift.toml again whenever it has changed. One that cannot be read means that nothing acts until it can."""

    def __init__(self, home: Path) -> None:
        self._path = home / TOML
        self._seen: tuple[int, int, int] | None = None
        self._inventory: Inventory | None = None
        self._schedule = Schedule((), days=0)

    def mode(self, host: str) -> Mode:
        """How far the file lets us go on a host now; a host that is not in it any more is observed."""
        inventory = self._now()
        return inventory.mode(host) if inventory else Mode.OBSERVE

    def may_approve(self, person: str, host: str) -> bool:
        """Whether the file still gives a person the right to say yes there."""
        inventory = self._now()
        return inventory is not None and Roster(inventory, os.geteuid()).yes_counts(person, inventory.groups(host))

    def inventory(self) -> Inventory | None:
        """Hosts, groups and people as the file says; None while it cannot be read."""
        return self._now()

    def schedule(self) -> Schedule:
        """Who is on call; while the file cannot be read, as it was before: somebody must still be woken."""
        self._now()
        return self._schedule

    def _now(self) -> Inventory | None:
        stamp = self._stamp()
        if stamp != self._seen:
            self._inventory = self._read()
            self._seen = stamp
        return self._inventory

    def _stamp(self) -> tuple[int, int, int]:
        try:
            info = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        except OSError:
            return (-1, -1, -1)
        return (info.st_mtime_ns, info.st_size, info.st_ino)

    def _read(self) -> Inventory | None:
        try:
            settings = Settings(home=self._path.parent, file=read_toml(self._path))
        except InvalidError as error:
            log.warning("nothing acts until this is corrected: %s", error)
            return None
        self._schedule = settings.schedule()
        return settings.inventory()
