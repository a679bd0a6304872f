"""Skills played on a real host, as a night plays them: look, weigh conditions, fill parameters, rehearse, then act under that plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.clock_system import SystemClock
from adapters.skill_catalog_files import FileCatalog
from core.broker import Broker, Doors, Errand, RunMode
from core.capability import PlannedEffect
from core.case_host import CaseJournal
from core.conditions import evaluate
from core.grant import Grant, fill
from core.guest import GuestResult, GuestRun
from core.origin import Scalar
from core.ports import Host, Sandbox
from core.service_control import ServiceControl
from core.world import Json

SKILLS_FOLDER = Path(__file__).parents[2] / "skills"
CATALOG = FileCatalog(SKILLS_FOLDER, None)


@dataclass(frozen=True, slots=True)
class Played:
    """One run: what it says, what it planned or did."""

    result: GuestResult
    plan: tuple[PlannedEffect, ...]
    effects: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """What the skill says."""
        return self.result.status == "done" and self.result.ok

    @property
    def facts(self) -> dict[str, Json]:
        """What it found."""
        assert self.ok, f"{self.result.status}: {self.result.summary} {self.result.error}"
        return self.result.facts


class Hands:
    """Broker and sandbox on one host."""

    def __init__(self, host: Host, sandbox: Sandbox) -> None:
        self._host, self._sandbox, self._clock = host, sandbox, SystemClock()
        self._kept: dict[str, str] = {}

    def look(self, skill: str, **parameters: Scalar) -> dict[str, Json]:
        """The facts of a looker."""
        return self._play(skill, parameters, RunMode.LOOK, None).facts

    def look_at(self, signal: str, **known: Scalar) -> dict[str, Json]:
        """What all lookers of a signal's cures see, each told what those before it saw; one that lacks a parameter is passed over."""
        cures = [skill for skill in CATALOG.skills() if signal in skill.cures]
        facts: dict[str, Json] = {}
        for looker in map(CATALOG.get, dict.fromkeys(name for cure in cures for name in cure.lookers)):
            names = {spec.name for spec in looker.parameters}
            offered: dict[str, object] = known | {name: facts[fact] for name, fact in looker.fill if facts.get(fact)}
            values = {
                name: value
                for name, value in offered.items()
                if name in names and isinstance(value, str | int | float | bool)
            }
            if all(spec.name in values for spec in looker.parameters if spec.is_required):
                facts = self._play(looker.name, values, RunMode.LOOK, None).facts | facts
        return facts

    def would(self, signal: str, facts: dict[str, Json]) -> list[str]:
        """The cures of a signal whose conditions these facts meet, the one that explains most of the trouble first."""
        return [name for name, _ in self.ranked(signal, facts)]

    def ranked(self, signal: str, facts: dict[str, Json]) -> list[tuple[str, float]]:
        """The same, each with the share of the trouble that it explains."""
        cures = [skill for skill in CATALOG.skills() if signal in skill.cures]
        fitting = [cure for cure in cures if all(evaluate(condition, facts) for condition in cure.when)]
        return sorted(((cure.name, float(str(facts.get(cure.share, 0)))) for cure in fitting), key=lambda one: -one[1])

    def repair(self, name: str, facts: dict[str, Json]) -> Played:
        """Fills the parameters from facts, rehearses, and acts under what the rehearsal showed."""
        parameters = {parameter: facts[fact] for parameter, fact in CATALOG.get(name).fill}
        values = {key: value for key, value in parameters.items() if isinstance(value, str | int | float | bool)}
        rehearsal = self._play(name, values, RunMode.REHEARSE, None)
        return self._play(name, values, RunMode.EXECUTE, rehearsal.plan)

    def _play(
        self, name: str, parameters: Mapping[str, Scalar], mode: RunMode, ceiling: tuple[PlannedEffect, ...] | None
    ) -> Played:
        skill = CATALOG.get(name)
        journal = CaseJournal(self._clock.now())
        doors = Doors(
            host=self._host,
            services=ServiceControl(self._host, frozenset({0})).services,
            effects=journal,
            blobs=journal,
            clock=self._clock,
            permit=lambda: None,
            refused=lambda _method, _reason: None,
            arm=lambda _action, _undo, _saved: None,
            recall=self._kept.get,
            keep=self._kept.__setitem__,
        )
        grants = fill(map(Grant.parse, skill.capabilities), parameters)
        broker = Broker(Errand("run", name, "patient", mode, grants, ceiling, skill.timeout), doors)
        plain: dict[str, Json] = {key: value for key, value in parameters.items() if not isinstance(value, tuple)}
        result = self._sandbox.run(GuestRun(name, skill.source, plain, skill.timeout), broker.answer)
        return Played(result, broker.plan, tuple(row.effect for row in journal.rows if row.ok))
