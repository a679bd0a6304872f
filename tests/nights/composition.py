"""The night shift over whatever store, hosts and probe a night is to be played on, composed as `bot.wiring.build` composes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from bot import team
from bot.messages import words_of
from bot.messages.cards import page_line
from bot.minds import Minds
from bot.team import Team
from bot.waking import NoPager
from bot.wiring import rows_of
from core.check import Check
from core.desk import Patience
from core.errors import NightshiftError
from core.escalation import Escalation, Ladder, Rows
from core.execution import Operator
from core.inventory import Inventory, Mode
from core.maintenance import Window
from core.on_call import Schedule
from core.page import Page
from core.paging import Paging
from core.people_ports import Changes, Pager, Presence, RollbackTimer
from core.ports import Catalog, Hosts, Probe, Sandbox
from core.world import Measurement
from tests.fakes.changes import FakeChanges
from tests.fakes.presence import FakePresence
from tests.fakes.rollback_timer import FakeRollbackTimer


@dataclass(frozen=True, slots=True)
class World:
    """What a night happens to: the machines, what can be measured of them, who may be asked."""

    hosts: Hosts
    probe: Probe
    checks: tuple[Check, ...]
    inventory: Inventory
    catalog: Catalog
    sandbox: Sandbox
    operator: Operator
    windows: tuple[Window, ...] = ()
    presence: Presence = field(default_factory=FakePresence)
    changes: Changes = field(default_factory=FakeChanges)
    pager: Pager = field(default_factory=NoPager)
    ladder: tuple[str, ...] = ()
    timer: RollbackTimer | None = None
    minds: Minds = field(default_factory=Minds)

    def mode(self, host: str) -> Mode:
        """How far we may go there now."""
        return min(self.inventory.mode(host), self.operator.ceiling(host))


def compose(store: Any, world: World) -> Team:
    """`store` is a `Store` or a `FakeStore`, which have the same ports."""

    def sweep(checks: Sequence[Check]) -> Mapping[str, Measurement | NightshiftError]:
        return {check.key: _measured(world.probe, check) for check in checks}

    real = team.World(
        hosts=world.hosts,
        sandbox=world.sandbox,
        files=world.catalog,
        probe=world.probe,
        sweep=sweep,
        checks=lambda: world.checks,
        inventory=world.inventory,
        operator=world.operator,
        mode=world.mode,
        presence=world.presence,
        changes=world.changes,
        timer=world.timer or FakeRollbackTimer(store.clock, world.hosts),
        patience=Patience(),
        minds=world.minds,
        windows=world.windows,
        zone=UTC,
    )
    return team.compose(rows_of(store), real)


def paging_of(store: Any, world: World) -> tuple[Escalation, Paging]:
    """As `bot.waking.waking_of`, with the fakes of a night."""
    rows = Rows(store.incidents, store.approvals, store.history, store.pages, store.pauses, store.gate, store.outbox)
    words = words_of("en")
    ladder = Ladder(
        world.pager,
        lambda: Schedule(world.ladder, days=0, zone="UTC"),
        lambda incident, reason: page_line(words, incident, reason),
    )

    def failed(page: Page) -> str:
        return words.say("waking.failed", person=page.person, why=page.receipt.detail if page.receipt else "")

    return Escalation(rows, ladder, world.inventory), Paging(
        store.pages, world.pager, store.outbox, store.clock, "", failed
    )


def _measured(probe: Probe, check: Check) -> Measurement | NightshiftError:
    try:
        return probe.measure(check.host, check.signal)
    except NightshiftError as error:
        return error
