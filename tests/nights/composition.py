"""The story composed as `bot.wiring.build` composes it, over whatever store, hosts and probe a night is to be played on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from core.caps import Caps
from core.check import Check
from core.closing import Closing
from core.desk import Desk
from core.diagnosis import Diagnosis
from core.errors import NightshiftError
from core.execution import Executor, Operator
from core.holding import Books, Holding
from core.incident_response import IncidentResponse
from core.inventory import Inventory
from core.maintenance import Window
from core.night_watch import NightWatch
from core.ports import Catalog, Flow, Hosts, Probe, Sandbox
from core.told_rules import ToldRules
from core.verification import Watch
from core.world import Measurement


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


@dataclass(frozen=True, slots=True)
class Team:
    """The story with those who work for it."""

    executor: Executor
    diagnosis: Diagnosis
    watch: Watch
    night_watch: NightWatch
    closing: Closing
    story: IncidentResponse
    holding: Holding

    @property
    def plays(self) -> dict[str, Callable[[str, Flow], None]]:
        """Leg by leg, for an engine."""
        return {"investigate": self.story.investigate, "act": self.story.act, "conclude": self.story.conclude}


def compose(store: Any, world: World) -> Team:
    """`store` is a `Store` or a `FakeStore`, which have the same ports."""
    executor = Executor(
        hosts=world.hosts,
        sandbox=world.sandbox,
        catalog=world.catalog,
        effects=store.effects,
        gate=store.gate,
        leases=store.leases,
        blobs=store.blobs,
        audit=store.audit,
        clock=store.clock,
        inventory=world.inventory,
        operator=world.operator,
    )

    def sweep(checks: Sequence[Check]) -> Mapping[str, Measurement | NightshiftError]:
        return {check.key: _measured(world.probe, check) for check in checks}

    night_watch = NightWatch(sweep, store.ticks, store.intake, store.approvals, store.outbox, store.clock)
    watch = Watch(
        store.incidents,
        store.intake,
        world.probe,
        lambda: world.checks,
        store.clock,
        world.inventory,
        night_watch.bad_now,
    )
    diagnosis = Diagnosis(world.catalog, store.memory, executor, world.probe, world.inventory, store.clock)
    told = ToldRules(store.rules, world.inventory, store.clock, UTC)
    caps = Caps(store.history, store.incidents, store.clock)
    restraints = (told.restrain, *caps.restraints)
    desk = Desk(
        store.approvals, world.catalog, world.inventory, store.clock, restraints=restraints, turn=caps.require_turn
    )
    closing = Closing(store.incidents, store.approvals, store.effects, world.catalog, world.inventory, store.clock)
    books = Books(store.incidents, store.approvals, store.holds, store.pauses, store.ticks, store.outbox)
    holding = Holding(books, watch, closing, world.inventory, store.clock, world.windows)
    story = IncidentResponse(store.incidents, store.approvals, diagnosis, desk, executor, watch, closing, holding)
    return Team(executor, diagnosis, watch, night_watch, closing, story, holding)


def _measured(probe: Probe, check: Check) -> Measurement | NightshiftError:
    try:
        return probe.measure(check.host, check.signal)
    except NightshiftError as error:
        return error
