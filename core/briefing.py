"""What the brain is told of an incident: the trouble, what was tried, what might help, what the team wrote; all within a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.approval import Approval, Verdict
from core.budget import tokens_of
from core.incident import Attempt, Incident
from core.inventory import Inventory, Mode
from core.look_tools import lookers
from core.mind_ports import Runbooks
from core.ports import Catalog, Memory
from core.prompt import prompt
from core.proposal import Choices, Idea, NothingHelps, Question
from core.runbook_search import Passage, passages
from core.scene import Scene
from core.skill_manifest import ParameterSpec, Skill, SkillState
from core.untrusted import fenced, in_line, quoted

MOST_TOKENS = 6_000
"""Of both texts together, as they are estimated; what tools cost comes on top."""
MOST_CARDS = 15
MOST_HOSTS = 8
_MOST_NAMES, _MOST_SIMILAR, _MOST_RUNBOOKS, _MOST_CHANGES, _MOST_TRIED = 60, 5, 2, 8, 8
_ALERT, _SEEN, _RUNBOOK, _CHANGES = 1500, 3000, 2000, 1000
"""Characters of one fence, where there is room for all of it."""
_TIGHTER = (1.0, 0.6, 0.35, 0.15)
_LANGUAGES = {"en": "English", "zh": "Chinese"}
_RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})


@dataclass(frozen=True, slots=True)
class Brief:
    """What an investigation begins with, journalled whole. `about` is its first turn; `tools` and `hosts` are what it may look at."""

    rules: str
    about: str
    tools: tuple[str, ...]
    hosts: tuple[str, ...]
    runbooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is all read. `shortlist` names skills by words, best first; each may be missing."""

    asked_before: Callable[[str], Sequence[Approval]] = lambda _: ()
    look_around: Callable[[Incident], Scene] | None = None
    shortlist: Callable[[str], Sequence[str]] = lambda _: ()
    mode: Callable[[str], Mode] = lambda _: Mode.APPROVE
    language: str = "en"


class Briefing:
    """Puts together, anew for each round, what the brain needs to know of one incident."""

    def __init__(
        self,
        catalog: Catalog,
        memory: Memory,
        runbooks: Runbooks,
        inventory: Inventory,
        state_on: Callable[[Skill, str], SkillState],
        sources: Sources = Sources(),
    ) -> None:
        self._catalog, self._memory, self._runbooks = catalog, memory, runbooks
        self._inventory, self._state_on, self._sources = inventory, state_on, sources

    def brief(self, incident: Incident, so_far: Idea, turns: int, looks: int) -> Brief:
        """Everything, cut as far as it must be to stay within its bound."""
        candidates = self._candidates(incident)
        books = passages(self._runbooks.all(), _words(incident), _MOST_RUNBOOKS)
        hosts = near(self._inventory, incident.host)
        language = _LANGUAGES.get(self._sources.language, "English")
        rules = prompt("diagnose").filled(turns=str(turns), looks=str(looks), language=language)
        around = self._changes(incident)
        about = ""
        for part in _TIGHTER:
            about = self._about(incident, so_far, candidates, books, around, hosts, part)
            if tokens_of(rules + about) <= MOST_TOKENS:
                break
        tools = tuple(one.name for one in self._lookers(incident, candidates)) if hosts else ()
        return Brief(rules, about, tools, hosts, tuple(book.name for book in books))

    def _about(  # noqa: PLR0913, PLR0917 - the sections
        self,
        incident: Incident,
        so_far: Idea,
        candidates: Sequence[Skill],
        books: Sequence[Passage],
        changes: str,
        hosts: Sequence[str],
        part: float,
    ) -> str:
        """`part` is how much of each text there is room for."""
        cards = [card_of(skill) for skill in candidates[: max(3, int(MOST_CARDS * part))]]
        shown = {skill.name for skill in candidates}
        others = [name for name in self.repairs(incident) if name not in shown]
        said = "\n".join(f"{one.source}: {one.text}" for one in so_far.evidence)
        return prompt("incident").filled(
            host=incident.host,
            round=str(incident.round),
            when=incident.alert.at.strftime("%Y-%m-%d %H:%M UTC"),
            mode=self._sources.mode(incident.host).word,
            measured=_measured(incident),
            alert=fenced("the alert", _alert(incident), int(_ALERT * part)),
            so_far=_said(so_far, int(400 * part)),
            tried=self._tried(incident, int(_SEEN * part)),
            seen=fenced(f"our looks on {incident.host}", said, int(_SEEN * part)) if said else "nothing yet",
            changes=fenced("changes of this host", changes, int(_CHANGES * part)) if changes else "nothing that I know",
            skills="\n".join(cards) or "none by rules, words or memory",
            others=", ".join(others[: int(_MOST_NAMES * part)]) or "none",
            runbooks="\n".join(fenced(f"runbook {book.name}", book.text, int(_RUNBOOK * part)) for book in books)
            or "none fits",
            hosts=", ".join(hosts) or f"none: {incident.host} is not reached",
        )

    # ---- skills -------------------------------------------------------------------------------------------------------------------

    def repairs(self, incident: Incident) -> dict[str, Skill]:
        """What could be proposed there at all, by name."""
        host = incident.host
        return {
            skill.name: skill
            for skill in self._catalog.skills()
            if not skill.is_looker
            and not skill.on_request
            and skill.name not in incident.tried
            and self._state_on(skill, host) in _RUNNABLE
        }

    def _candidates(self, incident: Incident) -> tuple[Skill, ...]:
        """By rules, by memory, by words; then what repairs the same kind of thing."""
        repairs = self.repairs(incident)
        by_rules = [name for name, skill in repairs.items() if incident.signal.name in skill.cures]
        similar = self._memory.search(incident.signal.name, _MOST_SIMILAR)
        by_words = self._sources.shortlist(_words(incident))
        kind = f"{incident.signal.kind}."
        same_kind = [name for name, skill in repairs.items() if any(one.startswith(kind) for one in skill.cures)]
        names = dict.fromkeys((*by_rules, *(one.skill for one in similar), *by_words, *same_kind))
        return tuple(repairs[name] for name in names if name in repairs)[:MOST_CARDS]

    def _lookers(self, incident: Incident, candidates: Sequence[Skill]) -> tuple[Skill, ...]:
        skills = self._catalog.skills()
        at_signal = [skill.name for skill in skills if incident.signal.name in skill.looks_at]
        of_cures = [name for skill in candidates for name in skill.lookers]
        by_words = list(self._sources.shortlist(_words(incident)))
        return lookers(skills, self._state_on, incident.host, (*at_signal, *of_cures, *by_words))

    # ---- what happened ------------------------------------------------------------------------------------------------------------

    def _tried(self, incident: Incident, most: int) -> str:
        """Attempts with what was measured after them, and what people said; their words stand fenced."""
        lines = [_attempt(one) for one in incident.attempts]
        lines += [line for one in self._sources.asked_before(incident.id) if (line := _answered(one))]
        return (
            fenced("what happened in this incident", "\n".join(lines[-_MOST_TRIED:]), most) if lines else "nothing yet"
        )

    def _changes(self, incident: Incident) -> str:
        look_around = self._sources.look_around
        if look_around is None:
            return ""
        events = look_around(incident).changes[:_MOST_CHANGES]
        return "\n".join(
            f"{one.at:%H:%M} {one.kind} {one.what}" + (f" by {one.by}" if one.by else "") for one in events
        )


def near(inventory: Inventory, host: str) -> tuple[str, ...]:
    """Where the brain may look: the host in trouble, what it talks to, what talks to it, its groups; nowhere unless it is reached.

    A cause lies along these lines; further away a look would only carry one host's words to another.
    """
    if not inventory.is_reached(host):
        return ()
    entry = inventory.entry(host)
    direct = entry.talks_to if entry else ()
    mine = set(inventory.groups(host))
    same = [one.name for one in inventory.hosts if mine & set(inventory.groups(one.name))]
    ordered = (host, *direct, *sorted(inventory.upstream(host)), *sorted(inventory.dependents(host)), *same)
    return tuple(name for name in dict.fromkeys(ordered) if inventory.is_reached(name))[:MOST_HOSTS]


def card_of(skill: Skill) -> str:
    """One repair on one line: signature, what it does, how risky, on what conditions."""
    signature = ", ".join(map(_parameter, skill.parameters))
    only = f"; only where {' and '.join(skill.when)}" if skill.when else ""
    cures = f"; for {', '.join(skill.cures[:4])}" if skill.cures else ""
    return f"- {skill.name}({signature}): {in_line(skill.summary, 160)} [{skill.risk.word} risk{cures}{only}]"


def _parameter(spec: ParameterSpec) -> str:
    kind = "|".join(spec.choices) if spec.choices else spec.type
    return f"{spec.name}{'' if spec.is_required else '?'}: {kind}"


def _words(incident: Incident) -> str:
    """What is searched with: the alert as a person would say it."""
    signal = incident.signal
    return in_line(f"{signal.kind} {signal.metric} {signal.object} {incident.alert.text}".replace("_", " "), 500)


def _alert(incident: Incident) -> str:
    alert = incident.alert
    labels = "\n".join(f"{name}: {value}" for name, value in alert.labels[:20])
    return "\n".join(part for part in (f"signal {alert.signal}", alert.text, labels) if part)


def _measured(incident: Incident) -> str:
    alert = incident.alert
    if alert.is_claim:
        return "Somebody outside says so; we have not measured it."
    value = "" if alert.value is None else f" {alert.value:.6g}"
    return f"Our own measurement:{value}" + (f" (limit {alert.limit:.6g})." if alert.limit is not None else " is bad.")


def _said(so_far: Idea, most: int) -> str:
    if isinstance(so_far, Choices):
        return f"not clear which of {', '.join(so_far.skills)}"
    return quoted(so_far.reason, most) if isinstance(so_far, NothingHelps) else "nothing"


def _attempt(attempt: Attempt) -> str:
    proposal, outcome = attempt.proposal, attempt.outcome
    values = ", ".join(f"{name}={value.value!r}" for name, value in proposal.parameters)
    after = ", ".join(f"{one.value:.6g}" for one in attempt.measurements[-3:]) or "nothing"
    ran = "cut off in the middle" if outcome is None else quoted(outcome.error or outcome.summary, 200)
    ended = attempt.ending.value if attempt.ending else "not ended"
    return f"round {attempt.round}: {proposal.skill}({in_line(values, 200)}) ran: {ran}; measured after: {after}; ended: {ended}"


def _answered(approval: Approval) -> str:
    """What people said to a question: why they refused, what they answered."""
    asks, who = approval.asks, in_line(", ".join(approval.by), 80)
    if isinstance(asks, Question) and approval.verdict is Verdict.ANSWERED:
        return f"round {approval.round}: asked {quoted(asks.text, 300)}; {who} answered {quoted(approval.why, 500)}"
    proposal = approval.proposal
    if proposal is not None and approval.verdict in {Verdict.REJECTED, Verdict.EXPIRED, Verdict.DENIED}:
        return f"round {approval.round}: {proposal.skill} was {approval.verdict} by {who or 'nobody'}: {quoted(approval.why, 300)}"
    return ""
