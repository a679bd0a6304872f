"""What would help: exact memory first, else the cures that the lookers' evidence supports, ranked; no model needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from core.alert import Signal
from core.approval import Approval
from core.check import Check
from core.conditions import evaluate
from core.episode import Episode
from core.errors import InvalidError, NightshiftError, sentence_of
from core.execution import Executor, Rehearsal
from core.incident import Incident, Outcome
from core.inventory import Inventory
from core.known_names import known_by
from core.origin import Origin, Scalar, Value
from core.parameters import NOTHING, Filled, Observed, fill
from core.ports import Catalog, Clock, Memory, Probe
from core.proposal import Choices, Evidence, Idea, NothingHelps, PlanStep, Proposal, Tier
from core.skill_manifest import Skill, SkillState
from core.task import UNDO, task, typed_in
from core.testimony import witnessed
from core.world import Json

CLEAR_LEAD = 0.25
"""By how much the best candidate's share must exceed the next one's to be proposed without asking which."""
MOST_CHOICES = 3
MOST_LOOKERS = 8
"""As many looks are made at most; a looker that lacks what it would need, or is not let, takes nobody's place."""
LOOKERS_AT_ONCE = 3
"""As many as guests are kept warm; each more would be waited for anyway, and eight incidents may be looked into at a time."""
RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})
Values: TypeAlias = tuple[tuple[str, Value], ...]
VITAL_SIGNS = ("memory.used_percent", "load.per_core", "disk.used_percent:/")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cure that the evidence supports, with its parameters; `missing` says why it cannot be prepared yet."""

    skill: Skill
    share: float
    values: tuple[tuple[str, Value], ...]
    missing: str = ""


@dataclass(slots=True)
class Findings:
    """What the lookers saw in one investigation. Facts are only ever used on the very host they were seen on."""

    facts: dict[str, Observed] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)

    @property
    def plain(self) -> dict[str, Json]:
        """The facts without their source, for conditions."""
        return {name: fact.value for name, fact in self.facts.items()}


def as_it_is(skill: Skill, _host: str) -> SkillState:
    """Every host is the same to a skill."""
    return skill.state


class Diagnosis:
    """Turns an incident into an idea. It looks, it rehearses, it never acts and never permits."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in wiring
        self,
        catalog: Catalog,
        memory: Memory,
        executor: Executor,
        probe: Probe,
        inventory: Inventory,
        clock: Clock,
        state_on: Callable[[Skill, str], SkillState] = as_it_is,
        checks: Callable[[], tuple[Check, ...]] = tuple,
    ) -> None:
        self._catalog, self._memory, self._executor = catalog, memory, executor
        self._probe, self._inventory, self._clock, self._state_on = probe, inventory, clock, state_on
        self._checks = checks

    # ---- the three ways to an idea ------------------------------------------------------------------------------------------------

    def recall(self, incident: Incident) -> Proposal | None:
        """What worked for exactly this fault here before; parameters are extracted afresh and the skill must be unchanged."""
        for memory in self._memory.recall(incident.alert.fingerprint, group_of(self._inventory, incident.host)):
            skill = self._skill(memory.skill)
            usable = skill is not None and skill.sha256 == memory.sha256 and (memory.verified or memory.was_picked)
            if skill is None or not usable or skill.name in incident.tried:
                continue
            if self._state_on(skill, incident.host) not in RUNNABLE:
                continue
            findings = self._look(incident, self._lookers_of((skill,)))
            candidate = self._weigh(incident, skill, findings)
            if candidate is None or candidate.missing:
                continue
            proposal = self._rehearsed(incident, candidate, Tier.MEMORY, findings, (skill.name,))
            if proposal is not None:
                return replace(proposal, times_verified=memory.verified)
        return None

    def think(self, incident: Incident) -> Idea:
        """One clear winner is proposed after a dry run; several are offered as choices; none is said with what was seen."""
        cures = tuple(skill for skill in self._cures(incident) if skill.name not in incident.tried)
        findings = self._look(incident, self._lookers_of(cures) + self._lookers_at(incident))
        ranked = self._ranked(incident, cures, findings)
        considered = tuple(candidate.skill.name for candidate in ranked)
        ready = [candidate for candidate in ranked if not candidate.missing]
        while ready:
            if len(ready) > 1 and ready[0].share - ready[1].share < CLEAR_LEAD:
                return self._choices(incident, ready, findings)
            proposal = self._rehearsed(incident, ready[0], Tier.RULES, findings, considered)
            if proposal is not None:
                return proposal
            ready = ready[1:]
        return self._nothing(incident, cures, ranked, findings)

    def prepare_pick(self, incident: Incident) -> Idea:
        """What a person chose from the buttons, prepared like any other proposal; the choice is remembered for the next time."""
        skill = self._skill(incident.picked)
        if skill is None:
            return NothingHelps(incident.id, f"skill {incident.picked!r} is no longer there")
        self._memory.remember(self._pick(incident, skill))
        findings = self._look(incident, self._lookers_of((skill,)))
        candidate = self._weigh(incident, skill, findings) or Candidate(
            skill, 0.0, (), "its conditions do not hold on this host"
        )
        if candidate.missing:
            return NothingHelps(incident.id, f"{skill.name}: {candidate.missing}", tuple(findings.evidence))
        proposal = self._rehearsed(incident, candidate, Tier.PERSON, findings, (skill.name,))
        return proposal or NothingHelps(incident.id, f"{skill.name} finds nothing to do", tuple(findings.evidence))

    def prepare(
        self,
        incident: Incident,
        wanted: PlanStep,
        tier: Tier,
        words: str = "",
        then: tuple[PlanStep, ...] = (),
        evidence: tuple[Evidence, ...] = (),
    ) -> Proposal | NothingHelps:
        """What a model chose, prepared like any other: looked at afresh, filled, its conditions held against what is seen, rehearsed.

        NothingHelps says in one sentence what is wrong with it; nothing is ever run because a model said so.
        """
        skill = self._skill(wanted.skill)
        if skill is None:
            return NothingHelps(incident.id, f"there is no skill {wanted.skill[:80]!r}", evidence)
        if why := self._why_unfit(skill, incident):
            return NothingHelps(incident.id, why, evidence)
        findings = self._look(incident, self._lookers_of((skill,)))
        findings.evidence[:0] = evidence
        try:
            suggested = dict(wanted.parameters)
            filled = self._fill(skill, incident, findings, suggested=suggested)
        except InvalidError as error:
            return NothingHelps(incident.id, error.message, tuple(findings.evidence))
        if filled.missing:
            return NothingHelps(incident.id, f"{skill.name}: {filled.missing}", tuple(findings.evidence))
        if self._weigh(incident, skill, findings) is None:
            held = f"{skill.name}: its conditions do not hold on {incident.host}: {', '.join(skill.when)}"
            return NothingHelps(incident.id, held, tuple(findings.evidence))
        proposal = self._rehearsed(incident, Candidate(skill, 1.0, filled.values), tier, findings, (skill.name,))
        if proposal is None:
            return NothingHelps(incident.id, f"{skill.name} finds nothing to do", tuple(findings.evidence))
        return replace(proposal, words=words, expects=wanted.expects, then=then)

    def _why_unfit(self, skill: Skill, incident: Incident) -> str:
        if skill.is_looker or skill.on_request:
            return f"{skill.name} repairs nothing"
        if skill.name in incident.tried:
            return f"{skill.name} was tried or refused in this incident already"
        state = self._state_on(skill, incident.host)
        return "" if state in RUNNABLE else f"{skill.name} is {state} there: it does not run"

    def prepare_task(self, incident: Incident) -> Idea:
        """What a person asked for by hand: a run of a skill, or taking back what a run did."""
        if incident.signal.metric == UNDO:
            return self._prepare_undo(incident)
        return self.prepare_by_hand(incident, incident.signal.object, typed_in(incident.alert))

    def prepare_by_hand(self, incident: Incident, name: str, typed: Mapping[str, Scalar]) -> Proposal | NothingHelps:
        """A run that a person asks for: whether it is needed is theirs to say, what it would do is rehearsed."""
        skill = self._skill(name)
        if skill is None:
            return NothingHelps(incident.id, f"there is no skill {name!r}")
        findings = self._look(incident, self._lookers_of((skill,)))
        filled = self._fill(skill, incident, findings, typed)
        if filled.missing:
            return NothingHelps(incident.id, f"{skill.name}: {filled.missing}", tuple(findings.evidence))
        candidate = Candidate(skill, 1.0, filled.values)
        proposal = self._rehearsed(incident, candidate, Tier.PERSON, findings, (skill.name,))
        return proposal or NothingHelps(incident.id, f"{skill.name} finds nothing to do", tuple(findings.evidence))

    def _prepare_undo(self, incident: Incident) -> Idea:
        run = str(typed_in(incident.alert).get("run", ""))
        rehearsal = self._executor.rehearse_undo(run, incident.host, incident.id)
        if not rehearsal.plan:
            return NothingHelps(incident.id, rehearsal.outcome.summary or sentence_of(rehearsal.outcome.error))
        return Proposal(
            incident=incident.id,
            round=incident.round,
            skill=UNDO,
            sha256="",
            host=incident.host,
            parameters=(("run", Value(run, Origin.TYPED, "the journal")),),
            plan=rehearsal.plan,
            grants=(),
            risk=rehearsal.risk,
            tier=Tier.PERSON,
            summary=rehearsal.outcome.summary,
            considered=(UNDO,),
        )

    def look_by_hand(self, skill: Skill, host: str, typed: Mapping[str, str]) -> Outcome:
        """One look that a person asked for."""
        filled = self._filled_by_hand(skill, host, typed)
        return self._executor.look(skill, host, {name: _plain(value) for name, value in filled}, "")

    def rehearse_by_hand(self, skill: Skill, host: str, typed: Mapping[str, str]) -> tuple[Values, Rehearsal]:
        """The dry run that a person asked for, with the values it was made with."""
        filled = self._filled_by_hand(skill, host, typed)
        return filled, self._executor.rehearse(skill, host, filled, "")

    def _filled_by_hand(self, skill: Skill, host: str, typed: Mapping[str, str]) -> Values:
        by_hand = task("", "", host, "run", skill.name, typed={}, at=self._clock.now(), is_yes=False)
        filled = fill(skill, by_hand, {}, self._inventory, typed)
        if filled.missing:
            raise InvalidError(f"{skill.name}: {filled.missing}")
        return filled.values

    def rehearse_again(self, proposal: Proposal) -> Rehearsal:
        """The dry run of a proposal, on the host as it is now."""
        if proposal.skill == UNDO:
            return self._executor.rehearse_undo(
                str(dict(proposal.parameters)["run"].value), proposal.host, proposal.incident
            )
        return self._executor.rehearse(
            self._catalog.get(proposal.skill), proposal.host, proposal.parameters, proposal.incident
        )

    def _pick(self, incident: Incident, skill: Skill) -> Episode:
        return Episode(
            id=f"{incident.id}:pick:{skill.name}",
            fingerprint=incident.alert.fingerprint,
            group=group_of(self._inventory, incident.host),
            host=incident.host,
            signal=str(incident.signal),
            skill=skill.name,
            sha256=skill.sha256,
            ending=None,
            incident=incident.id,
            at=self._clock.now(),
            text=f"{incident.host} {incident.signal} picked {skill.name}",
        )

    def is_still_the_plan(self, approval: Approval) -> bool:
        """Rehearses once more what was approved: True when it would do nothing beyond the plan that a person saw, and something."""
        proposal = approval.proposal
        if proposal is None:
            return False
        skill = self._skill(proposal.skill)
        if proposal.skill != UNDO and (skill is None or skill.sha256 != proposal.sha256):
            return False
        rehearsal = self.rehearse_again(proposal)
        planned, now = (
            Counter((e.verb, e.target, e.content) for e in plan) for plan in (proposal.plan, rehearsal.plan)
        )
        return rehearsal.outcome.ok and bool(now) and now <= planned and rehearsal.risk <= proposal.risk

    # ---- looking ------------------------------------------------------------------------------------------------------------------

    def _cures(self, incident: Incident) -> tuple[Skill, ...]:
        cures = (skill for skill in self._catalog.skills() if incident.signal.name in skill.cures)
        return tuple(skill for skill in cures if self._state_on(skill, incident.host) in RUNNABLE)

    def _lookers_of(self, cures: tuple[Skill, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for cure in cures for name in cure.lookers))

    def _lookers_at(self, incident: Incident) -> tuple[str, ...]:
        return tuple(s.name for s in self._catalog.skills() if s.is_looker and incident.signal.name in s.looks_at)

    def _look(self, incident: Incident, names: tuple[str, ...]) -> Findings:
        """Side by side, but for a looker that takes from what those before it saw."""
        findings, ready = Findings(), list[tuple[Skill, Values]]()
        for name in dict.fromkeys(names):
            if len(findings.looked) + len(ready) >= MOST_LOOKERS:
                break
            looker = self._skill(name)
            state = self._state_on(looker, incident.host) if looker is not None else SkillState.DRAFT
            if looker is not None and state is SkillState.OWNED:
                filled = self._fill(looker, incident, findings)
                if ready and _takes_from_others(looker, filled):
                    self._look_at_once(incident, ready, findings)
                    filled = self._fill(looker, incident, findings)
                ready += [] if filled.missing else [(looker, filled.values)]
            elif state is SkillState.TRIAL:
                self._look_at_once(incident, ready, findings)
                by_hand = f"on trial, it looks when an approver asks: run {name} host={incident.host}"
                findings.evidence.append(Evidence(name, by_hand))
        self._look_at_once(incident, ready, findings)
        return findings

    def _look_at_once(self, incident: Incident, ready: list[tuple[Skill, Values]], findings: Findings) -> None:
        """Empties `ready`. What they found stands in their order, whoever was done first."""

        def look(one: tuple[Skill, Values]) -> Outcome:
            plain: dict[str, Json] = {name: _plain(value) for name, value in one[1]}
            return self._executor.look(one[0], incident.host, plain, incident.id)

        if len(ready) < 2:
            outcomes = [look(one) for one in ready]
        else:
            with ThreadPoolExecutor(min(len(ready), LOOKERS_AT_ONCE)) as side_by_side:
                outcomes = list(side_by_side.map(look, ready))
        for (looker, values), outcome in zip(ready, outcomes, strict=True):
            _note(findings, looker, values, outcome, incident.host)
        ready.clear()

    def _fill(
        self,
        skill: Skill,
        incident: Incident,
        findings: Findings,
        typed: Mapping[str, Scalar] = NOTHING,
        suggested: Mapping[str, Scalar] = NOTHING,
    ) -> Filled:
        known = known_by(self._checks())
        return fill(skill, incident.alert, findings.facts, self._inventory, typed, suggested, known)

    # ---- weighing -----------------------------------------------------------------------------------------------------------------

    def _weigh(self, incident: Incident, skill: Skill, findings: Findings) -> Candidate | None:
        facts = findings.plain
        if not all(evaluate(condition, facts) for condition in skill.when):
            return None
        share = facts.get(skill.share, 0.0) if skill.share else 0.0
        filled = self._fill(skill, incident, findings)
        weight = float(share) if isinstance(share, int | float) and not isinstance(share, bool) else 0.0
        return Candidate(skill, min(max(weight, 0.0), 1.0), filled.values, filled.missing)

    def _ranked(self, incident: Incident, cures: tuple[Skill, ...], findings: Findings) -> list[Candidate]:
        weighed = [self._weigh(incident, cure, findings) for cure in cures]
        supported = [candidate for candidate in weighed if candidate is not None]
        return sorted(supported, key=lambda candidate: (-candidate.share, candidate.skill.risk, candidate.skill.name))

    def _rehearsed(
        self, incident: Incident, candidate: Candidate, tier: Tier, findings: Findings, considered: tuple[str, ...]
    ) -> Proposal | None:
        skill = candidate.skill
        try:
            rehearsal: Rehearsal = self._executor.rehearse(skill, incident.host, candidate.values, incident.id)
        except InvalidError as error:
            findings.evidence.append(Evidence(skill.name, f"cannot be prepared: {error}"))
            return None
        if not rehearsal.outcome.ok or not rehearsal.plan:
            said = rehearsal.outcome.summary or sentence_of(rehearsal.outcome.error)
            findings.evidence.append(Evidence(skill.name, f"dry run: {said}"))
            return None
        return Proposal(
            incident=incident.id,
            round=incident.round,
            skill=skill.name,
            sha256=skill.sha256,
            host=incident.host,
            parameters=candidate.values,
            plan=rehearsal.plan,
            grants=rehearsal.grants,
            risk=rehearsal.risk,
            tier=tier,
            summary=skill.summary,
            evidence=tuple(findings.evidence),
            considered=considered,
            settles=skill.settles,
            timeout=skill.timeout,
            progress=skill.progress,
        )

    def _choices(self, incident: Incident, ready: list[Candidate], findings: Findings) -> Choices:
        best = ready[:MOST_CHOICES]
        return Choices(
            incident=incident.id,
            round=incident.round,
            host=incident.host,
            skills=tuple(candidate.skill.name for candidate in best),
            reasons=tuple(candidate.skill.summary for candidate in best),
            evidence=tuple(findings.evidence),
        )

    def _nothing(
        self, incident: Incident, cures: tuple[Skill, ...], ranked: list[Candidate], findings: Findings
    ) -> NothingHelps:
        if not cures:
            reason = "everything I know for it has been tried" if incident.tried else _no_cure(incident)
        elif ranked and ranked[0].missing:
            reason = f"{ranked[0].skill.name} would fit, but {ranked[0].missing}"
        elif ranked:
            best = ranked[0].skill.name
            said = next((one.text for one in findings.evidence if one.source == best), "it finds nothing to do")
            reason = f"{best} would fit, but {said}"
        else:
            reason = f"none of the {len(cures)} cures I know fits what I saw"
        if unfit := self._unfit(incident):
            reason += f"; not run, because they are not as they were admitted: {', '.join(unfit)}"
        evidence = tuple(findings.evidence) or self._vital_signs(incident.host)
        return NothingHelps(incident.id, reason, evidence, tuple(cure.name for cure in cures))

    def _unfit(self, incident: Incident) -> tuple[str, ...]:
        """Skills that would have been asked or looked at, had nobody changed them since they were admitted."""
        skills = self._catalog.skills()
        concerned = [s for s in skills if incident.signal.name in (*s.cures, *s.looks_at)]
        named = {name for skill in concerned for name in (skill.name, *skill.lookers)}
        return tuple(s.name for s in skills if s.name in named and s.state is SkillState.CHANGED)

    def _vital_signs(self, host: str) -> tuple[Evidence, ...]:
        """What is known of a host when nothing else is: a person starts from here."""
        if self._inventory.entry(host) is None:
            return (Evidence("inventory", f"{host} is not among my hosts; I cannot look at it"),)
        if not self._inventory.is_reached(host):
            return (Evidence("inventory", f"{host} is known to me by name only; I never look at it"),)
        lines = []
        for text in VITAL_SIGNS:
            try:
                measured = self._probe.measure(host, Signal.parse(text))
            except NightshiftError as error:
                lines.append(Evidence("probe", f"{text}: {error}"))
            else:
                lines.append(Evidence("probe", f"{text} is {measured.value:.4g}; {measured.detail}".rstrip("; ")))
        return tuple(lines)

    def _skill(self, name: str) -> Skill | None:
        by_name: Mapping[str, Skill] = {skill.name: skill for skill in self._catalog.skills()}
        return by_name.get(name)


def group_of(inventory: Inventory, host: str) -> str:
    """The host group under which trust and memory are kept: its groups joined, so that a host in two is not trusted for one."""
    return "+".join(sorted(inventory.groups(host))) or host


def _takes_from_others(looker: Skill, filled: Filled) -> bool:
    """True where what another looker saw may fill a parameter, or confirm what the alert says of one."""
    return bool(looker.fill) or any(value.origin is Origin.ALERT for _, value in filled.values)


def _note(findings: Findings, looker: Skill, values: Values, outcome: Outcome, host: str) -> None:
    findings.looked.add(looker.name)
    if outcome.error:
        findings.evidence.append(Evidence(looker.name, f"could not look: {sentence_of(outcome.error)}"))
        return
    for name, fact in witnessed(looker, values, outcome.facts, host).items():
        findings.facts.setdefault(name, fact)
    if outcome.ok:
        findings.evidence.append(Evidence(looker.name, outcome.summary))


def _no_cure(incident: Incident) -> str:
    """Why there is nothing to propose."""
    if incident.signal.name == "check.unmeasurable" and incident.alert.text:
        return f"I do not act on what I cannot see: {incident.alert.text}"
    return f"I know no cure for {incident.signal}"


def _plain(value: Value) -> Json:
    return list(value.value) if isinstance(value.value, tuple) else value.value
