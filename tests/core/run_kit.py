"""What tests of runs share: skills made of a few lines, and a bench with a host, a store and a broker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from core.broker import Broker, Doors, Errand, Limits, RunMode
from core.capability import PlannedEffect, Risk
from core.grant import Grant
from core.service_control import Services
from core.skill_manifest import Skill, SkillState
from tests.fakes.host import FakeHost
from tests.fakes.store import FakeStore

LOGS: dict[str, object] = {"files": {"/srv/log/a.log": "aaaa", "/srv/log/a.log.1": "old", "/srv/log/b.log.1": "older"}}


def skill_of(body: str, *capabilities: str, risk: Risk = Risk.LOW, state: SkillState = SkillState.OWNED) -> Skill:
    """A skill whose `run` is given; the grants are its capabilities."""
    source = f"from core.skill import Host, HostError, Outcome\n\n\n{body}"
    return Skill(
        name="a_skill",
        path="skills/test/a_skill.py",
        summary="",
        source=source,
        sha256=hashlib.sha256(source.encode()).hexdigest(),
        risk=risk,
        timeout=5.0,
        settles=0.0,
        cures=(),
        looks_at=(),
        lookers=(),
        when=(),
        share="",
        fill=(),
        capabilities=capabilities,
        triggers=(),
        progress=(),
        parameters=(),
        state=state,
    )


@dataclass
class Bench:
    """A host, a store, and brokers between them."""

    host: FakeHost = field(default_factory=lambda: FakeHost(LOGS))
    store: FakeStore = field(default_factory=FakeStore)
    refused: list[tuple[str, str]] = field(default_factory=list)
    permit: Callable[[], None] = lambda: None
    armed: list[int] = field(default_factory=list)

    def broker(
        self,
        *grants: str,
        mode: RunMode = RunMode.EXECUTE,
        ceiling: tuple[PlannedEffect, ...] | None = None,
        limits: Limits | None = None,
    ) -> Broker:
        """A broker for run `r1` on this host."""
        doors = Doors(
            host=self.host,
            services=Services(self.host.status, self.host.argv),
            effects=self.store.effects,
            blobs=self.store.blobs,
            clock=self.store.clock,
            permit=lambda: self.permit(),
            refused=lambda method, why: self.refused.append((method, why)),
            arm=lambda action, _undo, _saved: self.armed.append(action),
            notify=lambda _to, _text: None,
        )
        errand = Errand(
            "r1", "a_skill", "localhost", mode, tuple(map(Grant.parse, grants)), ceiling, limits=limits or Limits()
        )
        return Broker(errand, doors)
