"""Router and cerebellum: what the words of an alert mean, and a vote among the few that they could; agreement is a proposal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.alert import Alert
from core.diagnosis import RUNNABLE, Diagnosis
from core.errors import ModelError
from core.incident import Incident
from core.inventory import Inventory
from core.known_names import NOTHING_KNOWN, Known
from core.mind_ports import Cerebellum, ModelLog
from core.mind_watch import MindWatch
from core.model import LabelVote, Mind, ModelCall
from core.origin import Scalar
from core.parameters import offers
from core.picking import LABELS, Question, Reading, is_whole, pick_question, read, span_question
from core.ports import Catalog, Clock
from core.proposal import Choices, Evidence, Idea, NothingHelps, PlanStep, Proposal, Tier
from core.routing import Match, Router
from core.skill_manifest import ParameterSpec, Skill, SkillState

MOST_BUTTONS = 3
MOST_PREPARED = 5
"""Of what only words speak for, as many are looked at and rehearsed at most before they may be a button."""
MOST_WORDS = 20_000
"""Characters of an alert that are looked at for a vote."""
ROUTED = (120, 300)
"""Characters of it that are routed, the fewer and the more: it says first what it is about, and the more is said the less of it any
skill explains."""

NO_VOTE = LabelVote(())
_TELLING = frozenset({"alertname", "summary", "description"})
"""Labels that are words; the others are names."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The cerebellum, with who watches whether it answers and who keeps what it was asked. `seconds` is all that one batch may take."""

    cerebellum: Cerebellum
    watch: MindWatch
    log: ModelLog
    clock: Clock
    conceal: Callable[[str], str]
    least: float
    seconds: float

    def ask(self, incident: Incident, questions: Sequence[Question]) -> tuple[Reading, ...]:
        """All in one batch; empty where it is not to be asked now, or does not answer."""
        if not questions or self.watch.begin(Mind.CEREBELLUM):
            return ()
        began = self.clock.now()
        try:
            votes = self.cerebellum.choose([question.asked for question in questions], self.seconds)
        except ModelError as error:
            self.watch.failed(Mind.CEREBELLUM, error.message, error.is_lasting)
            for question in questions:
                self._keep(incident, question, began, error=error.message)
            return ()
        self.watch.answered(Mind.CEREBELLUM)
        readings = tuple(read(question, vote, self.least) for question, vote in zip(questions, votes, strict=True))
        for question, vote, reading in zip(questions, votes, readings, strict=True):
            self._keep(incident, question, began, vote, reading.said)
        return readings

    def _keep(
        self,
        incident: Incident,
        question: Question,
        began: datetime,
        vote: LabelVote = NO_VOTE,
        said: str = "",
        error: str = "",
    ) -> None:
        """Under a name of its own: the prompt tells the questions of one batch apart."""
        digest = hashlib.sha256(question.asked.prompt.encode()).hexdigest()[:12]
        self.log.keep(
            ModelCall(
                id=f"{incident.id}:{incident.round}:{began.isoformat()}:{digest}",
                mind=Mind.CEREBELLUM,
                subject=incident.id,
                avatar=f"{incident.id}:{incident.round}",
                prompt=question.prompt,
                model=self.cerebellum.model,
                at=began,
                seconds=(self.clock.now() - began).total_seconds(),
                sent=question.asked.prompt,
                said=said,
                tokens_in=vote.tokens_in,
                tokens_out=vote.tokens_out,
                error=error,
            )
        )


@dataclass(frozen=True, slots=True)
class Ballot:
    """What there is to choose from and what is known of the machines; `router` and `known` are asked anew for every vote."""

    catalog: Catalog
    inventory: Inventory
    state_on: Callable[[Skill, str], SkillState]
    router: Callable[[], Router]
    known: Callable[[], Known] = lambda: NOTHING_KNOWN


class Voting:
    """The two are one voice where they read the same text (TRUST 1): what they agree on is asked about, nothing becomes known by it."""

    def __init__(self, diagnosis: Diagnosis, ballot: Ballot, voice: Voice | None = None) -> None:
        self._diagnosis, self._ballot, self._voice = diagnosis, ballot, voice

    def vote(self, incident: Incident, so_far: Idea) -> Idea:
        """A proposal where both agree; choices where they differ or only the router has an idea; else what there was."""
        if not isinstance(so_far, Choices | NothingHelps):
            return so_far
        matches = self._matches(incident.alert)
        skills = self._candidates(incident, so_far, matches)
        likely = [match.skill for match in matches if match.skill in skills]
        reading = self._picked(incident, skills)
        evidence = _said(matches, likely, reading)
        picked = [skill for skill in skills if reading is not None and skill.name == reading.option]
        if picked and picked == likely[:1]:
            idea = self._agreed(incident, picked[0], evidence)
            if isinstance(idea, Proposal):
                return idea
            likely, picked = likely[1:], []
            evidence = (*evidence, Evidence("vote", idea.reason))
        if isinstance(so_far, Choices):
            return replace(so_far, evidence=(*so_far.evidence, *evidence)) if reading is not None else so_far
        return self._offered(incident, so_far, self._worth_a_button(incident, likely, picked), evidence)

    # ---- who votes on what --------------------------------------------------------------------------------------------------------

    def _matches(self, alert: Alert) -> list[Match]:
        """The best first, each skill by what explains most of one reading."""
        router, best = self._ballot.router(), dict[str, Match]()
        for words in words_of(alert):
            for match in router.shortlist(words, len(LABELS)):
                if match.skill.name not in best or best[match.skill.name].score < match.score:
                    best[match.skill.name] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.skill.name))[: len(LABELS)]

    def _candidates(self, incident: Incident, so_far: Idea, matches: Sequence[Match]) -> list[Skill]:
        """What rules have evidence for; where they have none, what the words could mean."""
        if isinstance(so_far, Choices):
            return [skill for skill in self._ballot.catalog.skills() if skill.name in so_far.skills]
        return [match.skill for match in matches if self._could_repair(match.skill, incident)]

    def _could_repair(self, skill: Skill, incident: Incident) -> bool:
        if skill.is_looker or skill.on_request or skill.name in incident.tried:
            return False
        return self._ballot.state_on(skill, incident.host) in RUNNABLE

    def _picked(self, incident: Incident, skills: Sequence[Skill]) -> Reading | None:
        """Pass 1; None where the cerebellum said nothing."""
        if self._voice is None or not skills:
            return None
        readings = self._voice.ask(incident, [pick_question(skills, self._shown(incident.alert))])
        return readings[0] if readings else None

    def _shown(self, alert: Alert) -> str:
        """What a model sees of the alert: concealed as a whole, so that no cut leaves half of a secret."""
        assert self._voice is not None
        labels = " ".join(f"{name}={value}" for name, value in alert.labels)
        return self._voice.conceal(f"{alert.signal}\n{alert.text[:MOST_WORDS]}\n{labels}")

    # ---- what becomes of it -------------------------------------------------------------------------------------------------------

    def _agreed(self, incident: Incident, skill: Skill, evidence: tuple[Evidence, ...]) -> Proposal | NothingHelps:
        wanted = PlanStep(skill.name, self._spans(incident, skill), "", "router and cerebellum agree")
        return self._diagnosis.prepare(incident, wanted, Tier.CEREBELLUM, evidence=evidence)

    def _spans(self, incident: Incident, skill: Skill) -> tuple[tuple[str, Scalar], ...]:
        """Pass 2: what is meant of several values that only words name; what it does not know is left to the usual order."""
        if self._voice is None:
            return ()
        shown, conceal = self._shown(incident.alert), self._voice.conceal
        named = {spec.name: self._several(incident, skill, spec, conceal) for spec in skill.parameters}
        asked = {name: span_question(skill, name, values, shown) for name, values in named.items() if len(values) > 1}
        readings = self._voice.ask(incident, tuple(asked.values()))
        pairs = zip(asked, readings, strict=False)
        return tuple((name, reading.option) for name, reading in pairs if reading.option is not None)

    def _several(
        self, incident: Incident, skill: Skill, spec: ParameterSpec, conceal: Callable[[str], str]
    ) -> list[Scalar]:
        """Empty where a looker will see it, or something better than words names it."""
        if spec.name in dict(skill.fill):
            return []
        found = offers(skill, spec, incident.alert, {}, self._ballot.inventory, self._ballot.known())
        if not found or found[0].is_known:
            return []
        shown = (value.value for value in found if not isinstance(value.value, tuple))
        return [value for value in shown if is_whole(value) and conceal(str(value)) == str(value)]

    def _worth_a_button(self, incident: Incident, likely: Sequence[Skill], picked: Sequence[Skill]) -> list[Skill]:
        """Both firsts where they differ. Words alone speak only of signals that no skill says it cures: else rules have judged."""
        is_judged = any(incident.signal.name in skill.cures for skill in self._ballot.catalog.skills())
        if is_judged:
            return [*likely[:1], *picked] if picked else []
        return [*likely[:1], *picked, *(skill for skill in likely[1:] if skill not in picked)]

    def _offered(
        self, incident: Incident, so_far: NothingHelps, skills: Sequence[Skill], evidence: tuple[Evidence, ...]
    ) -> Choices | NothingHelps:
        """Buttons for what could really be run there now: looked at, filled, its conditions held, rehearsed."""
        buttons: list[Skill] = []
        for skill in skills[:MOST_PREPARED]:
            step = PlanStep(skill.name, (), "", "")
            if isinstance(self._diagnosis.prepare(incident, step, Tier.CEREBELLUM), Proposal):
                buttons.append(skill)
            if len(buttons) == MOST_BUTTONS:
                break
        if not buttons:
            return replace(so_far, evidence=(*so_far.evidence, *evidence))
        return Choices(
            incident=incident.id,
            round=incident.round,
            host=incident.host,
            skills=tuple(skill.name for skill in buttons),
            reasons=tuple(skill.summary for skill in buttons),
            evidence=(*so_far.evidence, *evidence),
        )


def words_of(alert: Alert) -> tuple[str, ...]:
    """What a router reads: the beginning of the text alone, and more of it with what the signal is of."""
    labels = " ".join(value for name, value in alert.labels if name in _TELLING)
    signal = f"{alert.signal.kind} {alert.signal.metric}" if alert.signal.kind != "alert" else ""
    told = f"{signal} {alert.signal.object} {labels}"
    few, more = ROUTED
    return _plain(alert.text, few), _plain(f"{told} {alert.text[:MOST_WORDS]}", more)


def _plain(text: str, most: int) -> str:
    return " ".join(text[:MOST_WORDS].replace("_", " ").split())[:most]


def _said(matches: Sequence[Match], likely: Sequence[Skill], reading: Reading | None) -> tuple[Evidence, ...]:
    """Who voted what, and how sure."""
    scores = {match.skill.name: match.score for match in matches}
    router = [Evidence("router", f"{skill.name} {scores[skill.name]:.2f}") for skill in likely[:1]]
    return (*router, *([Evidence("cerebellum", reading.said)] if reading is not None else []))
