"""Sandbox on bubblewrap: namespaces, two seccomp filters, a user per guest and a control group where we are root."""

from __future__ import annotations

import threading
from collections.abc import Callable

from adapters.sandbox import probes
from adapters.sandbox.bubblewrap_guest import BubblewrapGuest
from adapters.sandbox.launch import GUEST, Launcher, digest_of
from adapters.sandbox.warm import WarmGuests
from core.guest import GuestResult, GuestRun
from core.world import Json


class BubblewrapSandbox:
    """Runs every skill in a guest of its own; several threads may run skills at once.

    `warm` guests are kept started (10 MB each, no CPU); as root guests run as users from `first_user` on; `python` is taken where it is
    3.11 or newer, else the one we run on. Without bubblewrap, user namespaces or a seccomp filter every run raises UnavailableError: no
    skill ever runs outside. An answer under way is not interrupted at the timeout; nothing of the skill goes on after it.

    A guest has no place to write to, no threads and no processes of its own, no clock zone, and of files only Python's.
    """

    def __init__(self, warm: int = 2, first_user: int = 200_001, python: str = "/usr/bin/python3") -> None:
        self._launcher = Launcher(python, first_user)
        self.guests = WarmGuests(self._start, warm)
        self._probing = threading.Lock()

    @property
    def backend(self) -> str:
        """What holds a guest, for `doctor`: says so where nothing but the guest's own limits bounds memory and CPU."""
        version = self._launcher.cgroups.version
        return f"bwrap, cgroup v{version}" if version else "bwrap (no cgroup)"

    @property
    def profile(self) -> str:
        """The hash of all that a run stands on: guest, filters, interpreter; '' before the first start."""
        found = self._launcher.profile
        if found is None:
            return ""
        python = f"{found.python.program} {found.python.version}".encode()
        return digest_of(GUEST.read_bytes(), found.filters.stage1, found.filters.stage2, python)

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it in a fresh guest, which is dead when this returns."""
        return self.guests.run(run, answer)

    def self_test(self) -> tuple[str, ...]:
        """Probes that try what no skill may, and one that does what every skill may; the reasons why it is not fit."""
        with self._probing:
            return probes.reasons(self)

    def _start(self, slot: int) -> BubblewrapGuest:
        return BubblewrapGuest.of(self._launcher.start(slot))

    def close(self) -> None:
        """Ends every guest."""
        self.guests.close()
