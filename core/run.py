"""One run of a skill, from its task to its outcome: the broker it gets, the live gate before its effects, its rows in the audit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.action import Action
from core.approval import Approval
from core.authority import Authority, Wanted, no_orders
from core.broker import Broker, Doors, Errand, RunMode, no_fetch, no_secret
from core.capability import PlannedEffect
from core.confirmed_commit import Commit, Network, left_to_undo, note_fired
from core.errors import FencedError, InvalidError, NightshiftError, RefusedError, RolledBackError, TamperedError
from core.grant import Grant, fill
from core.guest import GuestResult, GuestRun
from core.incident import Outcome
from core.inventory import Inventory, Mode
from core.network_change import is_network
from core.origin import Scalar
from core.people_ports import Notebook
from core.ports import Audit, Blobs, Catalog, Clock, EffectLog, Gate, Host, Hosts, Leases, Sandbox
from core.redaction import clean
from core.service_control import ServiceControl
from core.skill import HostError
from core.skill_manifest import Skill, SkillState
from core.web import Fetch
from core.world import Json

RUNNABLE = frozenset({SkillState.TRIAL, SkillState.OWNED})


def nobody(_person: str, _host: str) -> bool:
    """No roster is configured: nobody's yes counts."""
    return False


def no_action(_skill: Skill) -> None:
    """The operator wrote no command of their own."""


def no_ceiling(_host: str) -> Mode:
    """Only what the inventory says holds."""
    return Mode.AUTO


@dataclass(frozen=True, slots=True)
class Notice:
    """What a skill tells people: `to` is `oncall` or a host group, `text` the skill's own words."""

    run: str
    skill: str
    host: str
    incident: str
    to: str
    text: str


def no_notices(_notice: Notice) -> None:
    """Refuses: nobody to notify is configured."""
    raise HostError("denied", "nobody to notify is configured")


class _NoNotebook:
    """Nothing is kept between runs."""

    def recall(self, _skill: str, _host: str, _key: str) -> str | None:
        """Nothing."""
        return None

    def keep(self, _skill: str, _host: str, _key: str, _text: str, _now: datetime) -> None:
        """Refuses."""
        raise HostError("denied", "nothing is kept here between runs")


NO_NOTEBOOK = _NoNotebook()


@dataclass(frozen=True, slots=True)
class Operator:
    """What the operator configured for all runs.

    - `disposable`: path patterns that may be deleted; `listed_hosts`: HTTP hosts that may be asked (TRUST 1).
    - `may_approve`: of a person's name, whether a yes of theirs counts on a host now; `ceiling`: the most that a host's mode may be now.
    - `why_no_order`: why the standing order behind a yes does not hold on a host now, '' where it does.
    - `action`: the operator's own line that a skill is, None for any other skill.
    - `fetch`, `secret`: see `core.broker.Doors`; `notify` posts a notice; `notebook` is what skills keep. Each refuses where it is not
      configured.
    """

    disposable: tuple[str, ...] = ()
    listed_hosts: tuple[str, ...] = ()
    may_approve: Callable[[str, str], bool] = nobody
    ceiling: Callable[[str], Mode] = no_ceiling
    why_no_order: Callable[[Approval, str], str] = no_orders
    fetch: Fetch = no_fetch
    notify: Callable[[Notice], None] = no_notices
    secret: Callable[[str], str] = no_secret
    action: Callable[[Skill], Action | None] = no_action
    notebook: Notebook = NO_NOTEBOOK


@dataclass(frozen=True, slots=True)
class Task:
    """One run about to begin; `approval` is empty and `fence` 0 where it only looks. `digest` is of what was approved, '' for an undo."""

    run: str
    host: str
    mode: RunMode
    incident: str
    grants: tuple[Grant, ...] = ()
    approval: str = ""
    fence: int = 0
    ceiling: tuple[PlannedEffect, ...] | None = None
    digest: str = ""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs need. Only it opens a host, and only for a broker. Without a `network` no run changes one."""

    hosts: Hosts
    sandbox: Sandbox
    catalog: Catalog
    effects: EffectLog
    gate: Gate
    leases: Leases
    blobs: Blobs
    audit: Audit
    clock: Clock
    inventory: Inventory
    operator: Operator = field(default_factory=Operator)
    network: Network | None = None

    def play(self, skill: Skill, parameters: dict[str, Scalar], task: Task) -> tuple[Outcome, Broker]:
        """Runs it to its end, whatever that is; raises where it may not begin."""
        if skill.state not in RUNNABLE:
            raise RefusedError(f"skill {skill.name} is {skill.state}: only trial and owned ones run")
        if hashlib.sha256(skill.source.encode()).hexdigest() != skill.sha256:
            raise TamperedError(f"skill {skill.name} is not the text that its SHA-256 names")
        task = replace(task, action=self.action_on(skill, task.host))
        with self.at_work(skill.name, skill.timeout, task) as broker:
            began = self.clock.now()
            self.note_began(task, {"skill": skill.name, "sha256": skill.sha256})
            guest = GuestRun(
                skill.name,
                skill.source,
                {name: as_json(value) for name, value in parameters.items()},
                skill.timeout,
                skill.libraries,
            )
            try:
                result = self.sandbox.run(guest, broker.answer)
            except NightshiftError as error:
                result = GuestResult("failed", False, "", {}, named(error), "")
            outcome = self.confirmed(self._outcome(task.run, result, broker, began), broker, task)
            self.note_ended(task, outcome, {"status": result.status, "plan": [str(effect) for effect in broker.plan]})
        return outcome, broker

    def action_on(self, skill: Skill, host: str) -> Action | None:
        """The operator's own line that this skill is; raises RefusedError on a host that it is not for."""
        action = self.operator.action(skill)
        if action is not None and not action.is_for(host, self.inventory.groups(host)):
            raise RefusedError(f"{action.name} is not for {host}: nightshift.toml names other hosts")
        return action

    @contextmanager
    def at_work(self, skill: str, timeout: float, task: Task) -> Iterator[Broker]:
        """The broker of one run; only a run that may change something gets the host's hand, and only while it lasts."""
        is_allowed = task.mode is RunMode.EXECUTE
        with self.hosts.hand(task.host) if is_allowed else nullcontext(self.hosts.open(task.host)) as host:
            yield self._broker(skill, timeout, task, host)

    def _broker(self, skill: str, timeout: float, task: Task, host: Host) -> Broker:
        operator = self.operator
        commit = Commit(self.network, task.host, task.run, host, lambda kind, body: self.note(kind, task, body))
        if any(is_network(effect.verb, effect.target) for effect in task.ceiling or ()):
            commit.look()
        doors = Doors(
            host=host,
            services=ServiceControl(host, self.hosts.trusted(task.host)).services,
            effects=self.effects,
            blobs=self.blobs,
            clock=self.clock,
            permit=lambda: self.permit(task),
            refused=lambda method, why: self.note("run.refused", task, {"call": method, "why": why}),
            arm=commit.arm,
            is_kept=commit.is_kept,
            fetch=operator.fetch,
            notify=lambda to, text: operator.notify(Notice(task.run, skill, task.host, task.incident, to, text)),
            secret=operator.secret,
            recall=lambda key: operator.notebook.recall(skill, task.host, key),
            keep=lambda key, text: operator.notebook.keep(skill, task.host, key, text, self.clock.now()),
        )
        places, listed = operator.disposable, operator.listed_hosts
        return Broker(
            Errand(
                task.run,
                skill,
                task.host,
                task.mode,
                task.grants,
                task.ceiling,
                timeout,
                places,
                listed,
                action=task.action,
            ),
            doors,
        )

    def confirmed(self, outcome: Outcome, broker: Broker, task: Task) -> Outcome:
        """The outcome, once its changes of the network are known to stay; as a failure where the host took them back."""
        try:
            if broker.is_kept():
                return outcome
        except NightshiftError as error:
            self.note("network.not confirmed", task, {"why": str(error)[:300]})
            return replace(outcome, ok=False, error=named(error))
        self.note_fired(task.host)
        return self.taken_back(outcome, task.host)

    def note_fired(self, host: str) -> None:
        """What this host took back by itself is marked in the journal."""
        if self.network is not None:
            note_fired(self.network.timer, host, self.effects, self.audit, self.clock)

    def taken_back(self, outcome: Outcome, host: str) -> Outcome:
        """The outcome of a run whose changes of the network are gone; what else it did can still be undone."""
        left = left_to_undo(outcome.run, self.effects)
        return replace(outcome, ok=False, error=named(RolledBackError(host)), undoable=left, ended=self.clock.now())

    def permit(self, task: Task) -> None:
        """Live, before every effect: stop, expiry, lease, mode, role. What only looks has no lease and needs no yes."""
        groups = self.inventory.groups(task.host)
        yes = self.gate.check(task.host, groups, task.incident, task.approval, self.clock.now())
        if task.mode is not RunMode.EXECUTE:
            return
        resource = f"host:{task.host}"
        if not self.leases.holds(resource, task.fence):
            raise FencedError(resource, task.fence)
        authority = Authority(self.mode, self.operator.may_approve, self.operator.why_no_order)
        authority.require(Wanted(task.run, task.host, task.incident, task.approval, task.digest), yes)

    def mode(self, host: str) -> Mode:
        """The stricter of what was configured at the start and what holds now: loosening needs a restart, tightening does not."""
        return min(self.inventory.mode(host), self.operator.ceiling(host))

    def note(self, kind: str, task: Task, body: dict[str, Json]) -> None:
        """One row of the audit trail, under the incident it serves."""
        self.audit.append(kind, task.incident or task.run, {"run": task.run, **body}, self.clock.now())

    def note_began(self, task: Task, body: dict[str, Json]) -> None:
        """The run begins."""
        under: dict[str, Json] = {"host": task.host, "mode": task.mode, "approval": task.approval, "fence": task.fence}
        self.note("run.began", task, {**body, **under, "grants": [*canonical(task.grants)]})

    def note_ended(self, task: Task, outcome: Outcome, body: dict[str, Json]) -> None:
        """The run is over."""
        said: dict[str, Json] = {
            "ok": outcome.ok,
            "summary": outcome.summary,
            "error": outcome.error,
            "effects": outcome.effects,
        }
        self.note("run.ended", task, {**body, **said})

    def failed(self, run: str, error: NightshiftError) -> Outcome:
        """The outcome of a run that did not begin."""
        now = self.clock.now()
        return Outcome(run, False, "", (), 0, 0, now, now, named(error))

    def _outcome(self, run: str, result: GuestResult, broker: Broker, began: datetime) -> Outcome:
        """What a run says, cleaned: it counts as outbound. An error of the broker's outweighs whatever the skill made of it."""
        error = "" if result.status == "done" else f"{result.status}: {result.error}"
        if broker.ended is not None:
            error = named(broker.ended)
        facts = tuple((clean(name), _clean(value)) for name, value in result.facts.items())
        is_ok = result.ok and not error
        return Outcome(
            run,
            is_ok,
            clean(result.summary),
            facts,
            broker.effects,
            broker.undoable,
            began,
            self.clock.now(),
            clean(error),
        )


def named(error: NightshiftError) -> str:
    """Class and sentence, as an Outcome's error is written."""
    return f"{type(error).__name__}: {error}"


def canonical(grants: tuple[Grant, ...]) -> tuple[str, ...]:
    """The grants as text, sorted, each once: what a yes binds."""
    return tuple(sorted({str(grant) for grant in grants}))


def granted(skill: Skill, parameters: dict[str, Scalar]) -> tuple[Grant, ...]:
    """The skill's grants with the run's values in place; raises InvalidError or NeverError for values that cannot stand there."""
    return fill(map(Grant.parse, skill.capabilities), parameters)


def as_json(value: Scalar) -> Json:
    """A parameter as it goes to the guest."""
    return [*value] if isinstance(value, tuple) else value


def as_scalar(name: str, value: Json) -> Scalar:
    """A parameter as grants take it; raises InvalidError for anything nested or absent."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(str(item) for item in value)
    if isinstance(value, str | int | float | bool):
        return value
    raise InvalidError(f"parameter {name!r} cannot be {value!r}"[:200])


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): _clean(item) for name, item in value.items()}
    return value
