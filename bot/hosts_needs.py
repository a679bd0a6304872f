"""What the hand of a host has to be allowed: which skills may run there, on which services, and who runs those over there."""

from __future__ import annotations

from dataclasses import dataclass

from bot import jobs
from bot.settings import Settings
from core.ports import Host
from core.service_control import ServiceControl
from core.skill import HostError
from core.skill_manifest import Skill
from core.sudoers import Argv, needed


def watched_on(settings: Settings, name: str) -> tuple[str, ...]:
    """The services that a host's checks name."""
    given = (one.signal for one in settings.checks() or () if one.host == name)
    return tuple(sorted({signal.object for signal in given if signal.kind == "process" and signal.object}))


def may_run(settings: Settings, name: str) -> tuple[Skill, ...]:
    """Skills that change something and are of use on a host: those that cure what is watched there, all while nothing is."""
    watched = {one.signal.name for one in settings.checks() or () if one.host == name}
    able = (skill for skill in jobs.open_catalog(settings).skills() if not skill.is_looker)
    return tuple(skill for skill in able if not watched or not skill.cures or watched.intersection(skill.cures))


@dataclass(frozen=True, slots=True)
class Seen:
    """Exact commands, and the services of which whoever looks may not ask who runs them."""

    commands: tuple[Argv, ...]
    unseen: tuple[str, ...]


def wanted_on(settings: Settings, name: str, host: Host) -> Seen:
    """The commands that must be allowed there, of whoever really runs the services that are watched."""
    control, unseen = ServiceControl(host, frozenset({0})), set[str]()

    def orders(verb: str, service: str) -> tuple[Argv, ...]:
        try:
            return control.lines(service, (verb,))
        except HostError:
            unseen.add(service)
            return ()

    commands = needed(may_run(settings, name), watched_on(settings, name), orders).commands
    return Seen(commands, tuple(sorted(unseen)))
