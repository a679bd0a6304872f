"""What the brain makes of free words: it looks by read-only skills and ends with one typed answer, which is checked like any other.

Bounded in turns, looks, repairs and tokens. Whatever does not validate is sent back at most twice, and is then left to rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.briefing import card_of
from core.called_look import CalledLooks
from core.errors import AnswerError, BudgetError, ModelError
from core.incident import Incident, IncidentState
from core.inventory import Inventory
from core.look_tools import arguments_of, lookers, may_look, shown, values_of
from core.model import ANSWER, LONG_ANSWER, ModelReply, ModelRequest, Purpose, Role, ToolCall, Turn, call_id
from core.model_gateway import ModelGateway
from core.ports import Catalog
from core.prompt import prompt
from core.proposal import Evidence
from core.redaction import clean
from core.routing import Router
from core.skill_manifest import Skill, SkillState
from core.talk import Aside, Learn, Meaning, Option, Piece, Said, Small, Told, Which, Wish
from core.talk_answer import FINAL_TOOLS, FINALS, Answered, AskedBack, Missing, TalkAnswer, Wanted, talked
from core.task import Wished, wish
from core.understanding import Understanding
from core.untrusted import fenced
from core.world import Json

MOST_TURNS = 6
MOST_LOOKS = 8
MOST_REPAIRS = 2
MOST_CALLS = 8
MOST_HOSTS = 12
_CARDS, _NAMES, _PASTED, _BEFORE, _ABOUT, _ECHOED = 10, 60, 3000, 1500, 1000, 1000
_PICKED, _LINES = 300, 60
_RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})
_LANGUAGES = {"en": "English", "zh": "Chinese"}

_NO_CALL = "You called no tool. Look with a tool, or end with answer, wish, ask_back, learn or not_mine."
_CUT = "Your answer was cut off before it was whole. Think less, and call one tool."
_ONE_END = "Exactly one answer ends this. Call one of answer, wish, ask_back, learn, not_mine."
_NOT_YET = "Not taken: you also called for looks in this turn. Read what they saw, then answer again."
_NO_MORE = "No more looks are left. End now."
_ASK = "You may ask back once."
_ASKED = "They were asked back already: do not ask again."


@dataclass(frozen=True, slots=True)
class Thought:
    """What it came to; `why_not` says why there is nothing, '' where there is no brain at all."""

    meaning: Meaning | None
    why_not: str = ""
    was_asked: bool = False


@dataclass(slots=True)
class _Course:
    """How far one turn of a conversation has come."""

    said: Said
    host: str
    hosts: tuple[str, ...]
    tools: tuple[str, ...]
    turns: list[Turn]
    shown: Callable[[Piece], None]
    turn: int = 0
    repairs: int = 0
    most_tokens: int = ANSWER
    seen: dict[str, str] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def is_at_its_end(self) -> bool:
        """Only an answer is left."""
        return self.turn >= MOST_TURNS or len(self.seen) >= MOST_LOOKS

    def say(self, call: ToolCall, text: str) -> None:
        """The answer to one call."""
        self.turns.append(Turn(Role.TOOL, text, answers=call.id))

    def mend(self, calls: Sequence[ToolCall], text: str) -> None:
        """What was wrong, so that it can be mended."""
        self.repairs += 1
        for call in calls:
            self.say(call, text)
        if not calls:
            self.turns.append(Turn(Role.USER, text))


class BrainTalk:
    """Between a person's words and what they mean. The brain chooses words; nothing happens because it said so."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in the team
        self,
        gateway: ModelGateway | None,
        looks: CalledLooks,
        catalog: Catalog,
        inventory: Inventory,
        understanding: Understanding,
        router: Callable[[], Router],
        state_on: Callable[[Skill, str], SkillState],
        language: str = "en",
    ) -> None:
        self._gateway, self._looks, self._catalog, self._inventory = gateway, looks, catalog, inventory
        self._understanding, self._router, self._state_on = understanding, router, state_on
        self._language = _LANGUAGES.get(language, "English")

    @property
    def is_there(self) -> bool:
        """True where there is a brain at all."""
        return self._gateway is not None

    def think(self, said: Said, shown: Callable[[Piece], None]) -> Thought:
        """What the words mean, or why that is left to rules."""
        if self._gateway is None:
            return Thought(None)
        if why_not := self._gateway.why_not:
            return Thought(None, why_not)
        course = self._course(said, shown)
        try:
            return self._follow(course, self._gateway)
        except (ModelError, BudgetError) as error:
            return Thought(None, clean(error.message, 200), was_asked=course.turn > 1)

    def _follow(self, course: _Course, gateway: ModelGateway) -> Thought:
        while course.turn < MOST_TURNS and course.repairs <= MOST_REPAIRS:
            course.turn += 1
            meaning = self._heard(course, self._ask(course, gateway))
            if meaning is not None:
                return Thought(meaning, was_asked=True)
        gave_up = "it gave no answer that can be used" if course.repairs > MOST_REPAIRS else "it came to no end"
        return Thought(None, gave_up, was_asked=True)

    def _ask(self, course: _Course, gateway: ModelGateway) -> ModelReply:
        tools = () if course.is_at_its_end else self._looks.tools(course.tools, course.hosts)
        request = ModelRequest(
            prompt=f"{prompt('converse').id}+{prompt('said').id}",
            turns=tuple(course.turns),
            tools=(*tools, *FINAL_TOOLS),
            most_tokens=course.most_tokens,
            must_call=True,
        )
        aloud = _Aloud(course.shown)
        reply = gateway.ask(Purpose(course.said.talk, course.said.talk), request, aloud.heard)
        aloud.end()
        return reply

    # ---- what it is told ----------------------------------------------------------------------------------------------------------

    def _course(self, said: Said, shown: Callable[[Piece], None]) -> _Course:
        meant = self._understanding.hosts(said)
        hosts = tuple(dict.fromkeys((*(one for one in meant if one in said.looks), *sorted(said.looks))))[:MOST_HOSTS]
        near = [one.skill for one in self._router().shortlist(self._understanding.without_hosts(said.words), 10)]
        first = [name for one in near for name in (one.name, *one.lookers)]
        host = hosts[0] if hosts else ""
        able = lookers(self._catalog.skills(), self._state_on, host, first) if host else ()
        turns = [
            Turn(Role.SYSTEM, self._rules(said, hosts, near)),
            Turn(Role.USER, _told(said)),
        ]
        known = host if len(meant) == 1 or len(hosts) == 1 else ""
        return _Course(said, known, hosts, tuple(one.name for one in able), turns, shown)

    def _rules(self, said: Said, hosts: Sequence[str], near: Sequence[Skill]) -> str:
        acting = [one for one in self._catalog.skills() if not may_look(one, one.state) and one.state in _RUNNABLE]
        cards = [one for one in near if one in acting][:_CARDS]
        others = [one.name for one in acting if one not in cards][:_NAMES]
        return prompt("converse").filled(
            turns=str(MOST_TURNS),
            looks=str(MOST_LOOKS),
            language=self._language,
            asked=_ASKED if said.chosen is not None else _ASK,
            hosts=", ".join(hosts) or "none",
            wishes=", ".join(sorted(said.wishes)[:MOST_HOSTS]) or "none",
            skills="\n".join(map(card_of, cards)) or "none by their words",
            others=", ".join(others) or "none",
        )

    # ---- what it wants ------------------------------------------------------------------------------------------------------------

    def _heard(self, course: _Course, reply: ModelReply) -> Meaning | None:
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
            return self._ended(course, calls[0])
        return None

    def _look(self, course: _Course, calls: Sequence[ToolCall]) -> None:
        before = course.repairs
        for call in calls:
            if call.name in FINALS:
                course.say(call, _NOT_YET)
                continue
            is_wrong = self._look_once(course, call)
            course.repairs = min(course.repairs + is_wrong, before + 1)

    def _look_once(self, course: _Course, call: ToolCall) -> bool:
        """True where it could not be made; the same look is not made twice."""
        key = f"{call.name} {call.arguments}"
        if key in course.seen:
            course.say(call, f"You made this look before. It saw:\n{course.seen[key]}")
            return False
        if course.is_at_its_end or call.name not in course.tools:
            course.say(call, _NO_MORE if call.name in course.tools else f"There is no tool {shown(call.name)}.")
            return True
        host = _host_of(call, course.host)
        course.shown(Piece(call.name, host))
        seen = self._looks.make(call, self._as_incident(course), course.tools, course.hosts)
        course.say(call, seen.text)
        if not seen.is_invalid:
            course.seen[key] = seen.text
            course.evidence += [_on(one, host) for one in seen.evidence]
        return seen.is_invalid

    @staticmethod
    def _as_incident(course: _Course) -> Incident:
        """The words in the form that looks are filled from; it is none, and nothing is kept of it."""
        said = course.said
        alert = wish(said.id, said.by, course.host, Wished(said.words), said.message.at)
        return Incident("", alert, IncidentState.OPEN, said.message.at)

    # ---- what it ends with --------------------------------------------------------------------------------------------------------

    def _ended(self, course: _Course, call: ToolCall) -> Meaning | None:
        try:
            return self._meant(course, talked(call))
        except AnswerError as error:
            course.mend((call,), error.message)
            return None

    def _meant(self, course: _Course, answer: TalkAnswer) -> Meaning:
        if isinstance(answer, Answered):
            return Told(answer.text, tuple(one for one in course.evidence if _is_named(one, answer.evidence)))
        if isinstance(answer, Wanted):
            return self._wished(course, answer)
        if isinstance(answer, Missing):
            return Learn(answer.wanted)
        if isinstance(answer, AskedBack):
            if course.said.chosen is not None:
                raise AnswerError("ask_back: they were asked already; end with something else")
            return Which(tuple(Option("", "", text) for text in answer.options), answer.question)
        return Small(Aside.NOT_MINE, answer.reason)

    def _wished(self, course: _Course, answer: Wanted) -> Wish:
        """Only a skill that acts, on a host where this person may wish, with parameters that it has."""
        skill = next((one for one in self._catalog.skills() if one.name == answer.skill), None)
        if skill is None or self._state_on(skill, answer.host) not in _RUNNABLE:
            raise AnswerError(f"wish: there is no skill {shown(answer.skill)}; learn tells what is missing")
        if may_look(skill, skill.state):
            raise AnswerError(f"wish: {skill.name} only looks; call it, or answer")
        if answer.host not in course.said.wishes or not self._inventory.is_reached(answer.host):
            allowed = ", ".join(sorted(course.said.wishes)) or "no host"
            raise AnswerError(f"wish: this person may ask for something on {allowed}, not on {shown(answer.host)}")
        arguments: dict[str, Json] = {n: [*value] if isinstance(value, tuple) else value for n, value in answer.values}
        return Wish(skill.name, answer.host, values_of(skill, arguments), answer.why)


class _Aloud:
    """What a model writes beside its calls, shown line by line while it comes; a piece of a word is no piece of an answer."""

    def __init__(self, shown: Callable[[Piece], None]) -> None:
        self._shown, self._waiting, self._left = shown, "", _LINES

    def heard(self, text: str) -> None:
        """A further piece."""
        *lines, self._waiting = (self._waiting + text)[-_ECHOED:].split("\n")
        for line in filter(str.strip, lines):
            self._show(line)

    def end(self) -> None:
        """No more comes."""
        if self._waiting.strip():
            self._show(self._waiting)

    def _show(self, line: str) -> None:
        """So many lines and no more: what does not end is no answer."""
        if self._left:
            self._left -= 1
            self._shown(Piece(text=line))


def _told(said: Said) -> str:
    before = "\n".join(f"they: {one.words}\nyou: {one.answer}" for one in said.before[-3:])
    about = said.about
    incident = f"{about.id} on {about.host}: {about.signal}, {about.state}. {about.alert.text}" if about else ""
    picked = said.chosen.text if said.chosen is not None else ""
    words = [fenced("the person", said.words, _PASTED)]
    words += [fenced("the answer that they picked of those you gave", picked, _PICKED)] if picked else []
    return prompt("said").filled(
        before=fenced("this conversation", before, _BEFORE) if before else "nothing",
        about=fenced("the incident", incident, _ABOUT) if incident else "none",
        words="\n".join(words),
    )


def _host_of(call: ToolCall, host: str) -> str:
    try:
        named = arguments_of(call).get("host", host)
    except AnswerError:
        return host
    return clean(str(named), 80)


def _on(one: Evidence, host: str) -> Evidence:
    return one if " on " in one.source else replace(one, source=f"{one.source} on {host}")


def _is_named(one: Evidence, named: Sequence[str]) -> bool:
    """True where the answer names this look, with or without its host."""
    skill = one.source.partition(" on ")[0]
    return any(" ".join(name.split()).strip("`. ") in {one.source, skill} for name in named)
