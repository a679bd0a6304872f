"""What people ask to be done by hand: run, dry run, undo. A look answers at once; anything else becomes an incident of its own."""

from __future__ import annotations

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command, Verb
from bot.messages.fact_lines import fact_lines, sized
from bot.messages.units import plain
from bot.roster import Roster
from core.approval import Approval
from core.capability import Risk
from core.diagnosis import Diagnosis
from core.errors import InvalidError, UnknownError, sentence_of
from core.execution import Rehearsal
from core.inventory import Inventory
from core.message import Message
from core.origin import Value
from core.parameters import check_value
from core.ports import Catalog
from core.skill_manifest import Skill, SkillState
from core.task import UNDO, task

MOST_FACTS = 60


class Handwork:
    """Idempotent by the message's id: a message that was cut off is the same task again."""

    def __init__(
        self, rows: Rows, catalog: Catalog, diagnosis: Diagnosis, inventory: Inventory, roster: Roster, views: Views
    ) -> None:
        self._rows, self._catalog, self._diagnosis = rows, catalog, diagnosis
        self._inventory, self._roster, self._views = inventory, roster, views
        self._say = views.words.say

    def act(self, command: Command, message: Message) -> Answer:
        """Run, dry run or undo; raises our errors."""
        calls = {Verb.RUN: self._run, Verb.DRY_RUN: self._dry_run, Verb.UNDO: self._undo}
        return calls[command.verb](command, message)

    def _run(self, command: Command, message: Message) -> Answer:
        skill, host, typed = self._asked(command)
        if skill.risk is Risk.LOW and not skill.cures:
            groups = self._inventory.groups(host)
            is_trial = skill.state is SkillState.TRIAL
            if is_trial and not self._roster.may(message.channel, message.by, Verb.APPROVE, groups):
                raise InvalidError(f"{skill.name} is on trial: an approver has to ask for each look")
            return self._look(skill, host, typed)
        return self._open(message, host, "run", skill.name, typed)

    def _look(self, skill: Skill, host: str, typed: dict[str, str]) -> Answer:
        outcome = self._diagnosis.look_by_hand(skill, host, typed)
        lines = [
            sentence_of(outcome.error) or sized(outcome.summary),
            *fact_lines(self._views.words, outcome.facts, MOST_FACTS),
        ]
        return Answer("\n".join(plain(line, 400) for line in lines), outcome, ok=outcome.ok and not outcome.error)

    def _undo(self, command: Command, message: Message) -> Answer:
        run, host = self._rows.history.run_of(int(command.target))
        if not any(row.ok and row.undo.is_possible and not row.undone_by for row in self._rows.effects.of_run(run)):
            raise InvalidError(f"action {command.target} cannot be taken back; see what was done: why {run}")
        if not self._roster.may(message.channel, message.by, Verb.UNDO, self._inventory.groups(host)):
            raise InvalidError(f"undoing on {host} is not for you; ask somebody of its groups")
        return self._open(message, host, UNDO, command.target, {"run": run})

    def _open(self, message: Message, host: str, metric: str, subject: str, typed: dict[str, str]) -> Answer:
        by = self._roster.name(message.by)
        is_yes = metric == "run" and self._roster.may(
            message.channel, message.by, Verb.APPROVE, self._inventory.groups(host)
        )
        asked = task(
            f"{message.channel}:{message.id}", by, host, metric, subject, typed=typed, at=message.at, is_yes=is_yes
        )
        incident = self._rows.intake.take_in((asked,), self._rows.clock.now())[0]
        return Answer(self._say("reply.task", incident=incident), {"incidents": [incident]}, incident=incident)

    def _dry_run(self, command: Command, _: Message) -> Answer:
        if not command.option("host"):
            approval = self._rows.book.load(command.target.upper())
            return self._planned(approval)
        skill, host, typed = self._asked(command)
        values, rehearsal = self._diagnosis.rehearse_by_hand(skill, host, typed)
        return self._shown(skill.name, host, values, rehearsal)

    def _planned(self, approval: Approval) -> Answer:
        proposal = approval.proposal
        if proposal is None:
            return self._views.plan(approval)
        rehearsal = self._diagnosis.rehearse_again(proposal)
        return self._shown(proposal.skill, proposal.host, proposal.parameters, rehearsal)

    def _shown(self, name: str, host: str, values: tuple[tuple[str, Value], ...], rehearsal: Rehearsal) -> Answer:
        say = self._say
        lines = [
            say(
                "dry.head",
                skill=plain(name),
                host=plain(host),
                said=plain(sentence_of(rehearsal.outcome.error) or rehearsal.outcome.summary, 300),
            )
        ]
        lines += [
            say("dry.value", name=plain(key), value=plain(str(value.value)), origin=say(f"dry.{value.origin}"))
            for key, value in values
        ]
        lines += self._views.effect_lines(rehearsal.plan)
        return Answer(
            "\n".join([*lines, say("plan.none")] if rehearsal.outcome.ok and not rehearsal.plan else lines),
            rehearsal,
            ok=rehearsal.outcome.ok,
        )

    def _asked(self, command: Command) -> tuple[Skill, str, dict[str, str]]:
        options = dict(command.options)
        host = options.pop("host", "")
        if not host:
            raise InvalidError(f"on which host? write: {command.verb} {command.target} host=NAME")
        entry = self._inventory.entry(host)
        if entry is None:
            raise UnknownError("host", host, tuple(entry.name for entry in self._inventory.hosts))
        if not entry.is_reached:
            raise InvalidError(f"{host} is known by name only; I never look at it or act on it")
        skill = self._catalog.get(command.target)
        known = {spec.name for spec in skill.parameters}
        if strange := sorted(set(options) - known):
            raise UnknownError(f"parameter of {skill.name}", strange[0], tuple(sorted(known)))
        for spec in skill.parameters:
            if spec.name in options:
                check_value(spec, options[spec.name])
        return skill, host, options
