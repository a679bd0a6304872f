"""What is done with skills: looking, rehearsing, carrying out what was approved, taking it back, recovering what was cut off.

Everything goes through one broker per run; what comes back is the run's own word and closes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from core import undo as undoing
from core.approval import Approval, Verdict, digest_of, short_id
from core.broker import Broker, RunMode
from core.capability import PlannedEffect, Risk, Verb
from core.confirmed_commit import Network, rollback_of
from core.errors import (
    ChangedError,
    ExpiredError,
    NightshiftError,
    PlanExceededError,
    RefusedError,
    TamperedError,
    UnavailableError,
    UnknownError,
)
from core.grant import Grant, risk_of
from core.incident import Outcome
from core.inventory import Mode
from core.journal import EffectRow
from core.network_change import is_network
from core.origin import Scalar, Value
from core.proposal import Proposal
from core.recovery import recover
from core.run import Operator, Runner, Task, as_scalar, canonical, granted, named
from core.skill_manifest import Skill
from core.task import UNDO
from core.world import Json

__all__ = ["Executor", "Operator", "Rehearsal"]

UNDO_TIMEOUT = 60.0
"""Seconds for one command of an undo."""

_RISKS = {risk.word: risk for risk in Risk}

LONGEST_ROLLBACK = 30.0
"""Seconds that a host is given to take changes of its network back once we are gone."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a dry run showed: its own word, the effects it would have, their risk, and the grants with its values, in canonical text."""

    outcome: Outcome
    plan: tuple[PlannedEffect, ...]
    risk: Risk
    grants: tuple[str, ...]


class Executor(Runner):
    """The hands, as the stories use them."""

    __slots__ = ()

    def look(self, skill: Skill, host: str, parameters: dict[str, Json], incident: str) -> Outcome:
        """Lets a skill look and nothing else. Never raises for what the skill or the host does: see `Outcome.error`."""
        run = f"{incident}.look.{skill.name}"
        try:
            values = {name: as_scalar(name, value) for name, value in parameters.items()}
            outcome, _ = self.play(skill, values, Task(run, host, RunMode.LOOK, incident, granted(skill, values)))
        except NightshiftError as error:
            return self.failed(run, error)
        return outcome

    def rehearse(self, skill: Skill, host: str, values: tuple[tuple[str, Value], ...], incident: str) -> Rehearsal:
        """The dry run: looks are real, effects are collected. Raises InvalidError for values that cannot stand in the grants.

        What no grant may ever name is a rehearsal that failed: a value out of a text must not end the story that it is in.
        """
        plain, run = _plain(values), f"{incident}.rehearsal.{skill.name}"
        try:
            task = Task(run, host, RunMode.REHEARSE, incident, granted(skill, plain))
        except RefusedError as error:
            return Rehearsal(self.failed(run, error), (), max(skill.risk, Risk.HIGH), ())
        places, listed = self.operator.disposable, self.operator.listed_hosts
        action = self.operator.action(skill)
        granted_risks = (
            action.risk if action is not None and str(grant) == action.grant else risk_of(grant, places, listed)
            for grant in task.grants
        )
        risk = max((skill.risk, *granted_risks))
        try:
            outcome, broker = self.play(skill, plain, task)
        except (RefusedError, UnavailableError, TamperedError) as error:
            return Rehearsal(self.failed(task.run, error), (), risk, canonical(task.grants))
        risk = max((risk, *(effect.risk for effect in broker.plan)))
        return Rehearsal(outcome, broker.plan, risk, canonical(task.grants))

    def execute(self, approval: Approval, attempt: str, fence: int) -> Outcome:
        """Does what was approved, under its plan and its grants, as run `attempt`. A refusal is an Outcome whose `error` says why."""
        try:
            if approval.proposal is not None and approval.proposal.skill == UNDO:
                return self._undo_as_approved(approval, fence)
            skill, values, task = self._approved(approval, attempt, fence)
            self.permit(task)
            outcome, _ = self.play(skill, values, task)
        except NightshiftError as error:
            self.audit.append(
                "run.refused", approval.incident, {"run": attempt, "why": str(error)[:300]}, self.clock.now()
            )
            return self.failed(attempt, error)
        return outcome

    def undo(
        self, run: str, incident: str, approval: str, fence: int, ceiling: tuple[PlannedEffect, ...] | None = None
    ) -> Outcome:
        """Takes back what a run did, newest first, through the same gate and journal. What was changed since is left alone.

        `ceiling` is the plan that was shown for it; None where it belongs to the yes to the run itself.
        """
        back = f"{run}.undo"
        try:
            rows = self.effects.of_run(run)
            if not rows:
                raise ChangedError(f"run {run} had no effect: there is nothing to take back")
            task = Task(back, rows[0].host, RunMode.EXECUTE, incident, approval=approval, fence=fence, ceiling=ceiling)
            return self._take_back(rows, task)
        except NightshiftError as error:
            self.audit.append("run.refused", incident, {"run": back, "why": str(error)[:300]}, self.clock.now())
            return self.failed(back, error)

    def rehearse_undo(self, run: str, host: str, incident: str) -> Rehearsal:
        """What taking back a run would do; at least as risky as what it takes back (TRUST 6). An empty plan says why in its outcome."""
        began = self.clock.now()
        steps = undoing.plan_undo(self.effects.of_run(run))
        plan = tuple(self._planned_undo(row, step) for row, step in steps if step is not None and row.host == host)
        left = len(steps) - len(plan)
        said = (
            f"takes back {len(plan)} of {len(steps)} effects of run {run}"
            if steps
            else f"run {run} has nothing left to take back"
        )
        outcome = Outcome(
            f"{incident}.rehearsal.undo", bool(plan) and not left, said, (), 0, 0, began, self.clock.now()
        )
        return Rehearsal(outcome, plan, max((effect.risk for effect in plan), default=Risk.MEDIUM), ())

    def _planned_undo(self, row: EffectRow, step: undoing.Step) -> PlannedEffect:
        verb, _, target = undoing.describe(step).partition(" ")
        stated = dict(row.undo.detail).get("risk", "") if row.undo.kind == "command" else ""
        risk = max(_RISKS.get(stated) or self._risk_of(*_planned(row)), Risk.MEDIUM)
        if row.undo.kind in ("start", "stop"):
            risk = max(risk, self._risk_of(verb, target))
        return PlannedEffect(Verb(verb), target, risk, is_reversible=False)

    def _risk_of(self, verb: str, target: str) -> Risk:
        """HIGH for what the grammar cannot name, a file whose name has a space for example."""
        try:
            return risk_of(Grant.parse(f"{verb}:{target}"), self.operator.disposable, self.operator.listed_hosts)
        except NightshiftError:
            return Risk.HIGH

    def _undo_as_approved(self, approval: Approval, fence: int) -> Outcome:
        proposal = _proposal_of(approval)
        if self.mode(proposal.host) is Mode.OBSERVE:
            raise RefusedError(f"{proposal.host} is only observed")
        run = str(_plain(proposal.parameters)["run"])
        return self.undo(run, proposal.incident, approval.id, fence, proposal.plan)

    def recover(self, run: str = "") -> tuple[EffectRow, ...]:
        """Ends what still runs of effects that were cut off, and gives them the outcome unknown; returns their rows.

        '' means all of them, and is for a start at which no other replica can be at work; else the effects of one run.
        """
        closed = recover(self, run)
        for host in self.hosts.names():
            self.note_fired(host)
        return closed

    def cut_off(self, run: str) -> Outcome | None:
        """After a run died halfway: ends what still runs of it. An outcome only where the host took its changes of the network back."""
        self.recover(run)
        rows = self.effects.of_run(run)
        if self.network is None or not any(is_network(*_planned(row)) for row in rows):
            return None
        host = rows[0].host
        if not self.effects.of_run(rollback_of(run)):
            self._await_rollback(self.network, host, run)
        if not self.effects.of_run(rollback_of(run)):
            return None
        now = self.clock.now()
        return self.taken_back(Outcome(run, False, "", (), len(rows), 0, rows[0].at, now), host)

    def _await_rollback(self, network: Network, host: str, run: str) -> None:
        """A run that was confirmed before it died has nothing armed any more."""
        try:
            network.timer.has_fired(host, run, LONGEST_ROLLBACK)
        except UnknownError:
            return
        except UnavailableError as error:
            self.audit.append("network.not rolled back", run, {"why": str(error)[:300]}, self.clock.now())
        self.note_fired(host)

    def _approved(self, approval: Approval, attempt: str, fence: int) -> tuple[Skill, dict[str, Scalar], Task]:
        proposal = _proposal_of(approval)
        skill = self.catalog.get(proposal.skill)
        if skill.sha256 != proposal.sha256:
            raise ChangedError(f"skill {skill.name} has changed since it was approved")
        if self.mode(proposal.host) is Mode.OBSERVE:
            raise RefusedError(f"{proposal.host} is only observed")
        if self.effects.of_run(attempt):
            raise RefusedError(f"run {attempt} has acted already; it never runs twice")
        values = _plain(proposal.parameters)
        grants = granted(skill, values)
        if canonical(grants) != proposal.grants:
            raise ChangedError(f"the grants of {skill.name} are not those that were approved")
        under = (grants, approval.id, fence, proposal.plan, approval.digest)
        task = Task(attempt, proposal.host, RunMode.EXECUTE, proposal.incident, *under)
        return skill, values, task

    def _take_back(self, rows: tuple[EffectRow, ...], task: Task) -> Outcome:
        with self.at_work("undo", UNDO_TIMEOUT, task) as broker:
            return self._take_back_with(broker, rows, task)

    def _take_back_with(self, broker: Broker, rows: tuple[EffectRow, ...], task: Task) -> Outcome:
        began = self.clock.now()
        self.note_began(task, {"skill": "undo"})
        is_shown = _ceiling(task.ceiling)
        done: list[Json] = []
        left: list[Json] = []
        for row, step in undoing.plan_undo(rows):
            if broker.ended is not None or step is None:
                left.append(f"{row.effect}: {broker.ended or 'cannot be taken back'}")
                continue
            if not is_shown(undoing.describe(step)):
                left.append(f"{row.effect}: {PlanExceededError(undoing.describe(step))}")
                continue
            try:
                done.append(broker.take_back(row, step))
            except undoing.UNDO_ERRORS as error:
                left.append(f"{row.effect}: {error}")
        ended = "" if broker.ended is None else named(broker.ended)
        summary = f"{len(done)} taken back, {len(left)} left as they are"
        facts: tuple[tuple[str, Json], ...] = (("undone", done), ("left", left))
        outcome = Outcome(task.run, not left, summary, facts, broker.effects, 0, began, self.clock.now(), ended)
        outcome = self.confirmed(outcome, broker, task)
        self.note_ended(task, outcome, {"undone": done, "left": left})
        return outcome


def _proposal_of(approval: Approval) -> Proposal:
    """What a yes permits; raises ExpiredError without a yes, TamperedError for content that its digest does not bind."""
    proposal = approval.proposal
    if proposal is None or approval.verdict is not Verdict.APPROVED or approval.decided is None:
        raise ExpiredError(approval.id, f"it is {approval.verdict}")
    if approval.decided >= approval.expires:
        raise ExpiredError(approval.id, "it was decided after its time")
    digest = digest_of(proposal, approval.expires)
    if (digest, short_id(digest)) != (approval.digest, approval.id) or proposal.incident != approval.incident:
        raise TamperedError(f"approval {approval.id} does not bind what it asks")
    return proposal


def _ceiling(plan: tuple[PlannedEffect, ...] | None) -> Callable[[str], bool]:
    """Says of a step whether it stands in the plan, each as often as it does; of any, where there is no plan."""
    left = None if plan is None else Counter(map(str, plan))

    def is_shown(step: str) -> bool:
        if left is None:
            return True
        left[step] -= 1
        return left[step] >= 0

    return is_shown


def _planned(row: EffectRow) -> tuple[str, str]:
    """Verb and target of an effect as it was journalled."""
    verb, _, target = row.effect.partition(" ")
    return verb, target


def _plain(values: tuple[tuple[str, Value], ...]) -> dict[str, Scalar]:
    return {name: value.value for name, value in values}
