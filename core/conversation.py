"""STORY 5: a person asks or tasks us in free words: a look and an answer, a proposal like any other, or a request to learn.

Words have no authority. A wish is an incident of its own, which people decide like any other; a yes in a sentence is none; what can be
meant in several ways is asked back once. The same message again is the same wish, the same gap, and only looks twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.alert import Alert
from core.asked_look import MOST_LOOKS, AskedLooks
from core.brain_talk import BrainTalk, Thought
from core.capability import Risk
from core.errors import InvalidError, RefusedError
from core.intent import points_back, subject_in
from core.pace import Pace
from core.people_ports import Standing
from core.ports import Catalog, Clock, Intake
from core.skill_gap import SkillGap
from core.talk import Ask, Learn, Meaning, Option, Piece, Reply, Said, Small, Told, Which, Wish
from core.task import Wished, wish
from core.understanding import Understanding

MOST_WANTED = 300


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is said back, and what it leads to. Who may ask about which host was settled before; here it is held to."""

    catalog: Catalog
    understanding: Understanding
    brain: BrainTalk
    looks: AskedLooks
    intake: Intake
    gaps: Standing[SkillGap]
    clock: Clock
    pace: Pace = field(default_factory=Pace)

    def hear(self, said: Said, shown: Callable[[Piece], None]) -> Reply:
        """One message to its end. Raises our errors where it may not, or cannot, be answered."""
        thought = self.understood(said, shown)
        meaning = thought.meaning or self.understanding.meaning(replace(said, words=said.with_choice))
        reply = self.answered(said, meaning, shown)
        return replace(reply, fallback=thought.why_not, talk=said.talk if thought.was_asked else "")

    def understood(self, said: Said, shown: Callable[[Piece], None]) -> Thought:
        """What was chosen when we had asked back; what needs nobody to think; what the brain makes of it, if there is one."""
        if said.chosen is not None and said.chosen.skill:
            return Thought(self.understanding.chosen(said, said.chosen))
        small = self.understanding.small(said)
        if small is not None:
            return Thought(small)
        if self.brain.is_there and not self.pace.lets(said.by, self.clock.now()):
            return Thought(None, "it was asked too often in the last minutes")
        return self.brain.think(said, shown)

    def answered(self, said: Said, meaning: Meaning, shown: Callable[[Piece], None]) -> Reply:
        """Each kind of words has one end."""
        if isinstance(meaning, Ask):
            return self.look(said, meaning, shown)
        if isinstance(meaning, Wish):
            return self.wish(said, meaning)
        if isinstance(meaning, Learn):
            return self.note_gap(said, meaning)
        if isinstance(meaning, Which):
            return self.ask_back(said, meaning)
        if isinstance(meaning, Told):
            return Reply(meaning, meaning.evidence)
        return Reply(meaning, is_good=meaning.is_good)

    # ---- a question: looks, and what they saw -------------------------------------------------------------------------------------

    def look(self, said: Said, asked: Ask, shown: Callable[[Piece], None]) -> Reply:
        """Read-only, and only where this person may ask. What could not be seen is told of a host of which nothing else was seen."""
        for option in asked.looks:
            self.require_may_look(said, option.host)
        looked = []
        for option in asked.looks[:MOST_LOOKS]:
            shown(Piece(option.skill, option.host))
            looked.append(self.looks.look(self.catalog.get(option.skill), self.as_alert(said, option)))
        good = [one for one in looked if one.is_good]
        served = {one.host for one in good}
        told = [one for one in looked if one.is_good or one.host not in served]
        lacking = next((option for option, one in zip(asked.looks, looked, strict=False) if one.missing), None)
        how = self.in_full(said, lacking) if lacking is not None else ""
        one = good[0] if len(good) == 1 else None
        evidence = tuple(one.evidence for one in told)
        return Reply(asked, evidence, one.facts if one else (), one, how="" if good else how, is_good=bool(good))

    # ---- a command: an incident of its own, decided like any other ----------------------------------------------------------------

    def wish(self, said: Said, wanted: Wish) -> Reply:
        """A proposal by that person, and never a yes; what is not known in it is to be typed."""
        if wanted.host not in said.wishes:
            raise RefusedError(
                f"asking for something to be done on {wanted.host} is not for you; ask somebody of its groups"
            )
        alert = self.as_alert(said, Option(wanted.skill, wanted.host))
        (incident,) = self.intake.take_in((self.with_model(alert, said, wanted),), self.clock.now())
        is_high = bool(wanted.skill) and self.catalog.get(wanted.skill).risk >= Risk.HIGH
        how = self.in_full(said, Option(wanted.skill, wanted.host))
        return Reply(wanted, incident=incident, how=how, is_high=is_high)

    def with_model(self, alert: Alert, said: Said, wanted: Wish) -> Alert:
        """Where a model chose, its words and its values stand in it as such."""
        if not wanted.why:
            return alert
        subject = self.subject(said)
        return wish(
            said.id,
            said.by,
            wanted.host,
            Wished(said.words, wanted.skill, subject, wanted.suggested, wanted.why),
            said.message.at,
        )

    # ---- what we cannot do yet, and what we did not understand --------------------------------------------------------------------

    def note_gap(self, said: Said, wanted: Learn) -> Reply:
        """Noted for who writes skills; nothing is promised."""
        if not wanted.wanted.strip():
            raise InvalidError("learn what? say: learn to do this and that")
        about = said.about.id if said.about is not None else ""
        gap = SkillGap(said.id, wanted.wanted[:MOST_WANTED], said.by, about, said.message.at)
        self.gaps.put(gap, said.by, self.clock.now())
        return Reply(wanted)

    def ask_back(self, said: Said, which: Which) -> Reply:
        """Once; who was asked already is told what there is to say."""
        may = tuple(one for one in which.options if not one.host or one.host in said.looks)
        if said.chosen is not None or not may:
            return Reply(Small.lost(which.options), is_good=False)
        return Reply(replace(which, options=may), is_good=False)

    # ---- inside -------------------------------------------------------------------------------------------------------------------

    def require_may_look(self, said: Said, host: str) -> None:
        """Raises RefusedError for a host of groups that this person has no role in."""
        if host not in said.looks:
            raise RefusedError(f"asking about {host} is not for you; ask somebody of its groups")

    def as_alert(self, said: Said, option: Option) -> Alert:
        """The words on one host, with a skill where one is meant."""
        return wish(
            said.id, said.by, option.host, Wished(said.words, option.skill, self.subject(said)), said.message.at
        )

    def in_full(self, said: Said, option: Option) -> str:
        """The command that leaves nothing to guess, with what the words give for it."""
        return self.looks.in_full(self.catalog.get(option.skill), self.as_alert(said, option)) if option.skill else ""

    def subject(self, said: Said) -> str:
        """What they are about by their grammar; where they only point at it, what the turn before was about."""
        before = said.before[-1:] if points_back(self.understanding.without_hosts(said.words)) else ()
        every = (said.words, *(one.words for one in before))
        return next((found for words in every if (found := subject_in(self.understanding.without_hosts(words)))), "")
