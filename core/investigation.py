"""The brain's diagnosis: it looks by read-only skills, sees what they say as untrusted text, and ends with one typed answer.

Bounded in turns, looks, repairs and tokens. Every turn and every look is a step of its own, so that a kill pays for nothing twice; what
comes next follows from the journal alone, and what the brain names is checked inside the steps. What does not validate is never executed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.brain_answer import FINAL_TOOLS, FINALS, AskedPerson, GapReported, Proposed, answered
from core.briefing import Brief, Briefing
from core.called_look import CalledLooks, Seen
from core.diagnosis import Diagnosis
from core.errors import AnswerError, BudgetError, ModelError
from core.incident import Incident
from core.look_tools import arguments_of
from core.model import ANSWER, LONG_ANSWER, ModelReply, ModelRequest, Purpose, Role, ToolCall, Turn, call_id
from core.model_gateway import ModelGateway
from core.ports import Flow
from core.prompt import prompt
from core.proposal import Choices, Evidence, Idea, NothingHelps, Proposal, Question, Tier
from core.redaction import clean
from core.untrusted import fenced, quoted

MOST_TURNS = 8
MOST_LOOKS = 12
MOST_REPAIRS = 2
"""Answers that cannot be used and are sent back, in one investigation."""
MOST_CALLS = 8
"""Calls of one turn that are heard."""
BRAIN = "brain"
_PREPARED, _ECHOED, _WORDS, _QUOTED = 1500, 2000, 900, 600

_NO_CALL = "You called no tool, and nobody reads prose. Look with a tool, or end with propose, report_gap, ask_person or hand_over."
_CUT = "Your answer was cut off before it was whole. Think less, and call one tool."
_ONE_END = "Only one answer ends an investigation. Call exactly one of propose, report_gap, ask_person, hand_over."
_NOT_YET = "Not taken: you also called for looks in this turn. Read what they saw, then answer again."
_NO_MORE = "No more looks are left. End now with propose, report_gap, ask_person or hand_over."


@dataclass(slots=True)
class _Course:
    """How far one investigation has come; made again from the journal at every replay."""

    incident: Incident
    so_far: Choices | Question | NothingHelps
    brief: Brief
    flow: Flow
    turns: list[Turn]
    turn: int = 0
    repairs: int = 0
    most_tokens: int = ANSWER
    known: dict[str, str] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def is_at_its_end(self) -> bool:
        """Only an answer is left."""
        return self.turn >= MOST_TURNS or len(self.known) >= MOST_LOOKS

    @property
    def seen(self) -> tuple[Evidence, ...]:
        """What the brain's looks saw, and that it was the brain who chose them."""
        lines = [f"looked with {', '.join(self.looked)}"] if self.looked else []
        lines += [f"runbook {name}" for name in self.brief.runbooks]
        return (*self.evidence, *(Evidence(BRAIN, line) for line in lines))

    def say(self, call: ToolCall, text: str) -> None:
        """The answer to one call."""
        self.turns.append(Turn(Role.TOOL, text, answers=call.id))

    def mend(self, calls: Sequence[ToolCall], text: str) -> None:
        """What was wrong, so that it can be mended; the protocol wants an answer to every call."""
        self.repairs += 1
        for call in calls:
            self.say(call, text)
        if not calls:
            self.turns.append(Turn(Role.USER, text))


def _always(_: Incident) -> str:
    """Nothing speaks against asking."""
    return ""


class Investigation:
    """Between what cheaper tiers came to and a person. The brain chooses; nothing happens because it said so."""

    def __init__(
        self,
        gateway: ModelGateway | None,
        diagnosis: Diagnosis,
        looks: CalledLooks,
        briefing: Briefing,
        spared: Callable[[Incident], str] = _always,
        stopped: Callable[[Incident], str] = _always,
    ) -> None:
        """`spared` says once why it is not worth a thought, `stopped` before each turn that somebody said stop."""
        self._gateway, self._diagnosis, self._looks, self._briefing = gateway, diagnosis, looks, briefing
        self._spared, self._stopped = spared, stopped

    def investigate(self, incident: Incident, so_far: Idea, flow: Flow) -> Idea:
        """What the brain makes of it; `so_far` where there is no brain, or nothing may be spent on one, or it comes to no end."""
        if isinstance(so_far, Proposal):
            return so_far
        why_not = flow.step("may the brain be asked", self._why_not, incident)
        if why_not:
            return _with(so_far, (Evidence(BRAIN, f"not asked: {clean(why_not, 200)}"),))
        if why_not is None:
            return so_far
        brief = flow.step("brief the brain", self._briefing.brief, incident, so_far, MOST_TURNS, MOST_LOOKS)
        turns = [Turn(Role.SYSTEM, brief.rules), Turn(Role.USER, brief.about)]
        return self._follow(_Course(incident, so_far, brief, flow, turns))

    def _why_not(self, incident: Incident) -> str | None:
        """None where there is no brain at all, which goes without saying."""
        return (
            None
            if self._gateway is None
            else self._gateway.why_not or self._stopped(incident) or self._spared(incident)
        )

    def _follow(self, course: _Course) -> Idea:
        while course.turn < MOST_TURNS:
            course.turn += 1
            try:
                reply = course.flow.step(f"brain {course.turn}", self._ask, course)
            except (ModelError, BudgetError) as error:
                return _gave_up(course, f"asked no further: {clean(error.message, 200)}")
            idea = self._heard(course, reply)
            if idea is not None:
                return idea
            if course.repairs > MOST_REPAIRS:
                return _gave_up(
                    course, f"it gave no answer that can be used, {course.repairs} times; last: {_last(course)}"
                )
        return _gave_up(course, f"it came to no end in {MOST_TURNS} turns")

    def _ask(self, course: _Course) -> ModelReply:
        if self._gateway is None:
            raise ModelError("no brain is configured any more")
        brief, incident = course.brief, course.incident
        if why_not := self._stopped(incident):
            raise ModelError(why_not)
        tools = () if course.is_at_its_end else self._looks.tools(brief.tools, brief.hosts)
        request = ModelRequest(
            prompt=f"{prompt('diagnose').id}+{prompt('incident').id}",
            turns=tuple(course.turns),
            tools=(*tools, *FINAL_TOOLS),
            most_tokens=course.most_tokens,
            must_call=True,
        )
        return self._gateway.ask(Purpose(incident.id, f"{incident.id}.r{incident.round}"), request)

    # ---- what it wants ------------------------------------------------------------------------------------------------------------

    def _heard(self, course: _Course, reply: ModelReply) -> Idea | None:
        """None while it goes on. Looks come first: an answer beside them was given without having seen what they see."""
        calls = tuple(replace(c, id=call_id(course.turn, i)) for i, c in enumerate(reply.calls[:MOST_CALLS], 1))
        course.turns.append(Turn(Role.ASSISTANT, clean(reply.text, _ECHOED) or "(no words)", calls))
        finals = [call for call in calls if call.name in FINALS]
        course.most_tokens = LONG_ANSWER if reply.is_cut else course.most_tokens
        if not calls:
            course.mend((), _CUT if reply.is_cut else _NO_CALL)
        elif len(finals) < len(calls):
            self._look(course, calls)
        elif len(finals) > 1:
            course.mend(calls, _ONE_END)
        else:
            return self._answer(course, calls[0])
        return None

    def _look(self, course: _Course, calls: Sequence[ToolCall]) -> None:
        before = course.repairs
        for number, call in enumerate(calls, 1):
            if call.name in FINALS:
                course.say(call, _NOT_YET)
                continue
            is_wrong = self._look_once(course, call, number)
            course.repairs = min(course.repairs + is_wrong, before + 1)

    def _look_once(self, course: _Course, call: ToolCall, number: int) -> bool:
        """False where it could be made, or had been before; the same look with the same values is not made twice."""
        key = _key(call, course.incident.host)
        if key in course.known:
            course.say(call, f"You made this look before; it is not made again. It saw:\n{course.known[key]}")
            return False
        if course.is_at_its_end or call.name not in course.brief.tools:
            known = ", ".join(course.brief.tools) or "none"
            is_known = call.name in course.brief.tools
            course.say(call, _NO_MORE if is_known else f"There is no such tool. Those that look are: {known}.")
            return True
        brief, name = course.brief, f"look {course.turn}.{number} {call.name}"
        seen: Seen = course.flow.step(name, self._looks.make, call, course.incident, brief.tools, brief.hosts)
        course.say(call, seen.text)
        if seen.is_invalid:
            return True
        course.known[key] = seen.text
        course.evidence += seen.evidence
        course.looked += [one.source for one in seen.evidence if one.source not in course.looked]
        return False

    # ---- what it ends with --------------------------------------------------------------------------------------------------------

    def _answer(self, course: _Course, call: ToolCall) -> Idea | None:
        try:
            answer = answered(call)
        except AnswerError as error:
            course.mend((call,), error.message)
            return None
        incident = course.incident
        if isinstance(answer, Proposed):
            return self._propose(course, call, answer)
        if isinstance(answer, GapReported):
            reason = f"the brain misses a skill: {quoted(answer.wanted, _QUOTED)}; {quoted(answer.why, _QUOTED)}"
            return NothingHelps(incident.id, reason, _all_seen(course), _considered(course), gap=answer.wanted)
        if isinstance(answer, AskedPerson):
            asks = (answer.question, answer.options, _all_seen(course))
            return Question(incident.id, incident.round, incident.host, *asks)
        said = f"the brain hands over: {quoted(answer.reason, _QUOTED)}"
        if isinstance(course.so_far, Choices):
            return _gave_up(course, said)
        return NothingHelps(incident.id, said, _all_seen(course), _considered(course))

    def _propose(self, course: _Course, call: ToolCall, answer: Proposed) -> Idea | None:
        """What cannot be prepared goes back to the brain, which may choose otherwise as long as it has turns."""
        name = f"prepare {course.turn} {answer.wanted.skill}"
        prepared = course.flow.step(name, self._prepare, course, answer)
        if isinstance(prepared, Proposal):
            return prepared
        said = "\n".join([prepared.reason, *(f"{one.source}: {one.text}" for one in prepared.evidence[-4:])])
        course.say(call, f"It cannot be proposed.\n{fenced('the preparation', said, _PREPARED)}")
        return None

    def _prepare(self, course: _Course, answer: Proposed) -> Proposal | NothingHelps:
        """Later steps are prepared when their turn comes; that there are such repairs is seen now, before a person is shown the plan."""
        repairs = self._briefing.repairs(course.incident)
        unknown = [step.skill for step in answer.then if step.skill not in repairs]
        if unknown:
            reason = f"there is no repair {unknown[0]!r} for a later step, or it was tried already"
            return NothingHelps(course.incident.id, reason)
        return self._diagnosis.prepare(
            course.incident, answer.wanted, Tier.BRAIN, _words(answer), answer.then, _all_seen(course)
        )


def _words(answer: Proposed) -> str:
    """The model's own, which are quoted wherever they stand."""
    seen = "; ".join(answer.evidence)
    return f"{answer.wanted.why} | seen: {seen} | expects: {answer.expects}"[:_WORDS]


def _key(call: ToolCall, host: str) -> str:
    """The same for the same look with the same values, however its JSON is written."""
    try:
        values = arguments_of(call)
    except AnswerError:
        return f"{call.name} {call.arguments[:200]}"
    return json.dumps([call.name, {"host": host, **values}], sort_keys=True)


def _last(course: _Course) -> str:
    return quoted(course.turns[-1].text, 200)


def _all_seen(course: _Course) -> tuple[Evidence, ...]:
    """What cheaper tiers' looks saw too, each line once."""
    return tuple(dict.fromkeys((*course.so_far.evidence, *course.seen)))


def _considered(course: _Course) -> tuple[str, ...]:
    return course.so_far.considered if isinstance(course.so_far, NothingHelps) else ()


def _gave_up(course: _Course, why: str) -> Idea:
    """What was known before, and what was seen since."""
    return _with(course.so_far, (*course.seen, Evidence(BRAIN, why)))


def _with(so_far: Choices | Question | NothingHelps, evidence: tuple[Evidence, ...]) -> Idea:
    return replace(so_far, evidence=tuple(dict.fromkeys((*so_far.evidence, *evidence))))
