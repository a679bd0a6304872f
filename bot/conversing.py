"""Between the desk and story 5: who says it, about what, what was said before; and the reply in words. It decides nothing."""

from __future__ import annotations

import shlex
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.answers import Answer, Views
from bot.app import Rows
from bot.commands import Command, Verb
from bot.messages.fact_lines import fact_lines, sized
from bot.messages.units import cut, plain, quoted
from bot.own_questions import OwnQuestions
from bot.roster import Roster
from core.conversation import Conversation
from core.errors import UnknownError
from core.incident import Incident
from core.inventory import Inventory
from core.message import Message
from core.proposal import Choices
from core.talk import Aside, Ask, Exchange, Learn, Option, Piece, Reply, Said, Small, Told, Which, Wish
from core.task import asked_by, is_wish

Shown = Callable[[str], None]
"""Gets pieces of an answer while it is made, as they are to be read."""

SHELL = "cli"
"""The channel of what is typed after `nightshift`."""
MOST_TURNS = 6
MOST_TALKS = 500
MOST_FACTS = 12

_SMALL = {
    Aside.HELLO: "talk.hello",
    Aside.THANKS: "talk.thanks",
    Aside.NO_YES: "talk.noyes",
    Aside.AGAINST: "talk.against",
    Aside.LOST: "talk.lost",
    Aside.NOT_MINE: "talk.notmine",
}


@dataclass(slots=True)
class Talk:
    """What was said last in one place by one person, and what they were asked back."""

    turns: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MOST_TURNS))
    words: str = ""
    options: tuple[Option, ...] = ()


class Recent:
    """The last turns of each conversation, in this process alone: after a restart nobody is in the middle of a sentence.

    `is_over_at_once`: this process answers one sentence and ends, so that a number would answer nothing.
    """

    def __init__(self, *, is_over_at_once: bool = False) -> None:
        self.is_over_at_once = is_over_at_once
        self._talks: OrderedDict[tuple[str, str, str], Talk] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, message: Message) -> Talk:
        """That of this person in this place; those that were used longest ago are forgotten."""
        key = (message.channel, message.by, message.thread)
        with self._lock:
            talk = self._talks.setdefault(key, Talk())
            self._talks.move_to_end(key)
            while len(self._talks) > MOST_TALKS:
                self._talks.popitem(last=False)
        return talk


@dataclass(frozen=True, slots=True)
class Conversing:
    """One person's free words, in any channel."""

    story: Conversation
    rows: Rows
    inventory: Inventory
    roster: Roster
    views: Views
    recent: Recent
    pick: Callable[[Command, Message], Answer]
    filed: Callable[[Answer, str, str], Answer] = lambda answer, _skill, _host: answer

    def converse(self, words: str, message: Message, shown: Shown) -> Answer:
        """The answer; `words` are the message without the word `ask`."""
        talk = self.recent.of(message)
        about = self._about(message)
        if words.isdecimal() and words.isascii():
            return self._picked(int(words[:6]), talk, message, about, shown)
        talk.options, talk.words = (), words
        own = OwnQuestions(self.rows, self.inventory, self.roster, self.views, self.story.catalog, self.pick)
        if (answer := own.answer(words, message)) is not None:
            return answer
        return self._heard(self._said(words, message, talk, about), talk, shown)

    def _heard(self, said: Said, talk: Talk, shown: Shown) -> Answer:
        reply = self.story.hear(said, lambda piece: shown(self._piece(piece)))
        if isinstance(reply.meaning, Which):
            talk.options = reply.meaning.options
        answer = self._shown(reply, said)
        talk.turns.append(_exchange(said, reply, answer))
        return answer

    # ---- what is said -------------------------------------------------------------------------------------------------------------

    def _said(self, words: str, message: Message, talk: Talk, about: Incident | None) -> Said:
        reached = [entry.name for entry in self.inventory.hosts if entry.is_reached]
        return Said(
            message,
            self.roster.name(message.by),
            words,
            frozenset(host for host in reached if self._may(message, Verb.ASK, host)),
            frozenset(host for host in reached if self._may(message, Verb.RUN, host)),
            about,
            tuple(talk.turns),
        )

    def _picked(self, number: int, talk: Talk, message: Message, about: Incident | None, shown: Shown) -> Answer:
        """A number alone: what we asked back in this very place, else the choices of a wish of this very person."""
        if 1 <= number <= len(talk.options):
            option, talk.options = talk.options[number - 1], ()
            said = replace(self._said(talk.words, message, talk, about), chosen=option)
            return self._heard(said, talk, shown)
        waiting = [
            one
            for one in self.rows.book.pending()
            if isinstance(one.asks, Choices) and self._is_theirs(one.incident, message)
        ]
        if len(waiting) == 1 and self._may(message, Verb.PICK, waiting[0].asks.host):
            return self.pick(Command(Verb.PICK, waiting[0].id, str(number)), message)
        return Answer(self.views.words.say("talk.nonumber", number=number), ok=False)

    def _is_theirs(self, incident: str, message: Message) -> bool:
        found = self.rows.log.load(incident)
        is_here = not message.thread or found.id == message.thread
        return is_here and is_wish(found.alert) and asked_by(found.alert) == self.roster.name(message.by)

    def _about(self, message: Message) -> Incident | None:
        """The incident in whose thread it was said, if this person may ask about its host."""
        if not message.thread:
            return None
        try:
            found = self.rows.log.load(message.thread)
        except UnknownError:
            return None
        return found if found.id == message.thread and self._may(message, Verb.ASK, found.host) else None

    def _may(self, message: Message, verb: Verb, host: str) -> bool:
        return self.roster.may(message.channel, message.by, verb, self.inventory.groups(host))

    # ---- what is answered ---------------------------------------------------------------------------------------------------------

    def _piece(self, piece: Piece) -> str:
        if piece.skill:
            return self.views.words.say("talk.looking", skill=plain(piece.skill), host=plain(piece.host))
        return quoted(piece.text, 400)

    def _shown(self, reply: Reply, said: Said) -> Answer:
        if isinstance(reply.meaning, Small) and reply.meaning.kind is Aside.ABOUT:
            return self.views.why(said.about.id if said.about is not None else "")
        lines = self._lines(reply, said)
        if reply.fallback:
            lines.append(self.views.words.say("talk.fallback", why=plain(reply.fallback, 160)))
        if reply.talk:
            lines.append(self.views.words.say("talk.seen", id=reply.talk))
        text = "\n".join(lines)
        data = {
            "answer": text,
            "kind": _kind(reply),
            "evidence": [{"source": one.source, "text": one.text} for one in reply.evidence],
            "facts": dict(reply.facts),
            "options": [{"skill": o.skill, "host": o.host, "text": o.text} for o in _options(reply)],
            "incident": reply.incident,
            "talk": reply.talk,
        }
        return Answer(text, data, reply.is_good, reply.incident)

    def _lines(self, reply: Reply, said: Said) -> list[str]:
        say, meaning = self.views.words.say, reply.meaning
        if isinstance(meaning, Ask):
            return self._looked(reply)
        if isinstance(meaning, Wish):
            key = "talk.wish" if meaning.skill else "talk.wish.which"
            skill, host = plain(meaning.skill), plain(meaning.host)
            in_full = "talk.wish.high" if reply.is_high else "talk.wish.typed"
            typed = [say(in_full, how=plain(reply.how, 200))] if reply.how else []
            return [say(key, incident=reply.incident, skill=skill, host=host), *typed]
        if isinstance(meaning, Learn):
            return [say("talk.noted", wanted=quoted(meaning.wanted, 200))]
        if isinstance(meaning, Which):
            return self._to_be_typed(meaning, said) if self.recent.is_over_at_once else self._asked_back(meaning, said)
        if isinstance(meaning, Told):
            return self._told(meaning)
        return self._small(meaning, said)

    def _looked(self, reply: Reply) -> list[str]:
        say = self.views.words.say
        lines = [f"{plain(one.source, 120)}: {plain(sized(one.text), 400)}" for one in reply.evidence]
        lines += [f"  {line}" for line in fact_lines(self.views.words, reply.facts, MOST_FACTS)]
        if reply.seen is not None:
            filed = self.filed(Answer("", reply.seen.outcome), reply.seen.skill, reply.seen.host)
            lines += filed.text.split("\n")[1:]
        return [*lines, say("talk.look.typed", how=plain(reply.how, 200))] if reply.how else lines

    def _to_be_typed(self, which: Which, said: Said) -> list[str]:
        """Each of what it could mean as the command for a shell."""
        say = self.views.words.say
        lines = [quoted(which.question, 300) if which.question else say("talk.which")]
        for one in which.options:
            typed = self.story.in_full(said, one).partition("host=")[2] if one.skill else ""
            again = shlex.quote(" ".join(filter(None, (plain(said.words, 200), plain(one.text or one.host, 120)))))
            run = f"run {one.skill} --host {typed}"
            about = f"  # {plain(one.text, 80)}" if one.skill and one.text else ""
            lines.append(f"nightshift {plain(run, 200) if one.skill else f'ask {again}'}{about}")
        return [*lines, say("talk.which.once")]

    def _asked_back(self, which: Which, said: Said) -> list[str]:
        say = self.views.words.say
        lines = [quoted(which.question, 300) if which.question else say("talk.which")]
        for number, one in enumerate(which.options, 1):
            named = say("talk.option", skill=plain(one.skill), host=plain(one.host), text=plain(one.text, 120))
            lines.append(f"{number}  {named if one.skill else quoted(one.text or one.host, 120)}")
        return [*lines, say("talk.which.shell" if said.message.channel == SHELL else "talk.which.how")]

    def _told(self, told: Told) -> list[str]:
        say = self.views.words.say
        lines = [quoted(told.text, 3000)]
        lines += [f"  {plain(one.source, 120)}: {plain(sized(one.text), 300)}" for one in told.evidence]
        return lines if told.evidence else [*lines, say("talk.unproven")]

    def _small(self, small: Small, said: Said) -> list[str]:
        say = self.views.words.say
        if small.kind is Aside.NO_YES:
            open_ = [self.views.approval_line(one) for one in self.rows.book.pending()]
            return [say("talk.noyes"), *open_]
        if small.kind is Aside.LOST and small.near:
            return [say("talk.lost.near", skills=plain(", ".join(small.near), 200))]
        if small.kind is Aside.LOST and said.about is not None:
            return [say("talk.lost.about", incident=said.about.id)]
        return [say(_SMALL[small.kind], text=quoted(small.text, 300))]


def _kind(reply: Reply) -> str:
    return str(reply.meaning.kind) if isinstance(reply.meaning, Small) else type(reply.meaning).__name__.lower()


def _options(reply: Reply) -> tuple[Option, ...]:
    return reply.meaning.options if isinstance(reply.meaning, Which) else ()


def _exchange(said: Said, reply: Reply, answer: Answer) -> Exchange:
    meaning = reply.meaning
    looks = meaning.looks if isinstance(meaning, Ask) else ()
    if isinstance(meaning, Wish):
        looks = (Option(meaning.skill, meaning.host),)
    host = looks[0].host if looks else said.before[-1].host if said.before else ""
    skills = tuple(one.skill for one in looks) or (said.before[-1].skills if said.before else ())
    return Exchange(cut(said.words, 500), cut(answer.text, 1000), host, skills)
