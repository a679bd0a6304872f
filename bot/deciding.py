"""What people decide: approve, reject, pick, stop, go. The safer order wins; nothing is guessed towards a yes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.answers import Answer, Views, covering
from bot.app import Rows
from bot.commands import Command, Role, Verb
from bot.messages.cards import scope_word
from bot.messages.units import clock, plain, quoted
from bot.roster import LOCAL_CHANNELS, Roster
from bot.scopes import Scopes
from core.approval import MOST_ANSWERED, Approval, Verdict, are_two
from core.approval import Answer as PolicyAnswer
from core.authority import typed_name
from core.errors import UnknownError
from core.inventory import Inventory
from core.message import Message
from core.pause import Pause
from core.proposal import Choices, Proposal, Question
from core.redaction import clean

SHORTEST_TO_APPROVE = 4
"""Characters of an id that a yes needs: fewer could name another card than the one the person saw."""


class Deciding:
    """Turns a decision into the one row that decides, and says what came of it."""

    def __init__(
        self,
        rows: Rows,
        inventory: Inventory,
        roster: Roster,
        views: Views,
        give_back: Callable[[str, str, datetime, datetime], tuple[bool, tuple[Pause, ...]]],
    ) -> None:
        self._rows, self._inventory, self._roster, self._views = rows, inventory, roster, views
        self._say, self._scopes, self._give_back = views.words.say, Scopes(rows, inventory), give_back

    def approve(self, command: Command, message: Message) -> Answer:
        """Yes to exactly one question; a high risk needs two people, or the host's name typed at this machine."""
        found = self._question(command.target)
        if isinstance(found, Answer):
            return found
        if len(command.target) < SHORTEST_TO_APPROVE:
            return self._no("reply.short", id=plain(command.target))
        if not isinstance(found.asks, Proposal):
            return self._no("reply.ischoice" if isinstance(found.asks, Choices) else "reply.isquestion", id=found.id)
        if refused := self._refused(Verb.APPROVE, message, found) or self._frozen(found):
            return refused
        by = self._roster.name(message.by)
        row = self._rows.book.decide(found.id, Verdict.APPROVED, by, "", self._rows.clock.now())
        if row.verdict is Verdict.PENDING and row.answer is PolicyAnswer.ASK2:
            return self._second(row, command, message, by)
        return self._outcome(row, Verdict.APPROVED, by)

    def reject(self, command: Command, message: Message) -> Answer:
        """No, with a reason if there is one."""
        found = self.question(command.target)
        if isinstance(found, Answer):
            return found
        if refused := self._refused(Verb.REJECT, message, found):
            return refused
        by = self._roster.name(message.by)
        row = self._rows.book.decide(found.id, Verdict.REJECTED, by, command.text[:300], self._rows.clock.now())
        return self._tie(row, by, message.at) or self._outcome(row, Verdict.REJECTED, by)

    def decided_with_others(self, found: Approval, verdict: Verdict, command: Command, message: Message) -> bool:
        """One word for many: True where this person may decide this one, nothing forbids it, and nobody was faster."""
        is_yes = verdict is Verdict.APPROVED
        if self._refused(command.verb, message, found) or (is_yes and self._frozen(found)):
            return False
        by = self.name(message)
        row = self._rows.book.decide(found.id, verdict, by, command.text[:300], self._rows.clock.now())
        return row.verdict is verdict and by in row.by

    def name(self, message: Message) -> str:
        """Who says it."""
        return self._roster.name(message.by)

    def pick(self, command: Command, message: Message) -> Answer:
        """One of the choices; its `why` is the skill's name."""
        found = self._question(command.target)
        if isinstance(found, Answer):
            return found
        if isinstance(found.asks, Question) and found.asks.options:
            return self._answered(found, found.asks, command.text, message)
        if not isinstance(found.asks, Choices):
            return self._no("reply.notchoice" if found.proposal else "reply.isquestion", id=found.id)
        if refused := self._refused(Verb.PICK, message, found) or self._frozen(found):
            return refused
        number = int(command.text)
        if not 1 <= number <= len(found.asks.skills):
            return self._no("reply.nosuchchoice", id=found.id, count=len(found.asks.skills))
        skill, by = found.asks.skills[number - 1], self._roster.name(message.by)
        row = self._rows.book.decide(found.id, Verdict.PICKED, by, skill, self._rows.clock.now())
        return self._outcome(row, Verdict.PICKED, by, skill)

    def answer(self, command: Command, message: Message) -> Answer:
        """What only a person knows, in their words; a number alone is the option that stands behind it."""
        found = self._question(command.target)
        if isinstance(found, Answer):
            return found
        if not isinstance(found.asks, Question):
            return self._no("reply.notquestion" if found.proposal else "reply.ischoice", id=found.id)
        return self._answered(found, found.asks, command.text, message)

    def answer_in_thread(self, message: Message) -> Answer | None:
        """Free words in the thread of an incident that has a question open are its answer; None where none is open there."""
        for one in self._rows.book.pending():
            if one.incident == message.thread and isinstance(one.asks, Question):
                return self._answered(one, one.asks, message.text, message)
        return None

    def _answered(self, found: Approval, asks: Question, text: str, message: Message) -> Answer:
        if refused := self._refused(Verb.ANSWER, message, found) or self._frozen(found):
            return refused
        words = " ".join(clean(text[: 4 * MOST_ANSWERED]).split())[:MOST_ANSWERED]
        if words.isascii() and words.isdecimal() and asks.options:
            number = int(words[:9])
            if not 1 <= number <= len(asks.options):
                return self._no("reply.nosuchchoice", id=found.id, count=len(asks.options))
            words = " ".join(clean(asks.options[number - 1]).split())[:MOST_ANSWERED]
        if not words:
            return self._no("reply.nowords", id=found.id)
        by = self._roster.name(message.by)
        row = self._rows.book.decide(found.id, Verdict.ANSWERED, by, words, self._rows.clock.now())
        return self._outcome(row, Verdict.ANSWERED, by, words)

    def stop(self, command: Command, message: Message) -> Answer:
        """From now on no effect begins there; a scope that means nothing stops everything, because somebody wants it stopped."""
        unclear = command.text
        scope = self._scopes.of(command.target) if not unclear else "all"
        if scope is None:
            unclear, scope = command.target, "all"
        self._rows.gate.stop(scope, self._roster.name(message.by), self._rows.clock.now())
        key = "reply.stopped.unclear" if unclear else "reply.stopped"
        shown = plain(unclear) if unclear else self._views.words.scope(scope)
        return Answer(self._say(key, scope=shown, word=scope_word(scope)).strip(), self._rows.gate.stops())

    def go(self, command: Command, message: Message) -> Answer:
        """Lifts one stop, and takes back what was taken there; of everything only an admin at the machine itself."""
        scope = self._scopes.of(command.target)
        if scope is None:
            return self._no("reply.go.unknown", scope=plain(command.target))
        if scope == "all" and not (message.channel in LOCAL_CHANNELS and self._is_admin(message)):
            return self._no("reply.admin")
        if not self._roster.may(message.channel, message.by, Verb.GO, self._scopes.groups(scope)):
            return self._no("reply.notallowed", verb=Verb.GO, role=Role.APPROVER.word)
        by, now = self._roster.name(message.by), self._rows.clock.now()
        was_stopped = self._rows.gate.go(scope, by, now, message.at)
        left = self._rows.gate.stops()
        if any(one == "all" and who == "file STOP" for one, who, _ in left):
            return self._no("reply.go.file")
        newer = [(who, at) for one, who, at in left if one == scope]
        was_taken, taken = (False, ()) if newer else self._give_back(scope, by, now, message.at)
        for who, at in (*newer, *((one.by, one.since) for one in taken)):
            since = clock(at, self._views.now())
            return self._no("reply.go.newer", scope=self._views.words.scope(scope), by=self._who(who), since=since)
        key = "reply.go" if was_stopped or was_taken else "reply.go.none"
        return Answer(self._say(key, scope=self._views.words.scope(scope)), self._rows.gate.stops())

    def question(self, target: str) -> Approval | Answer:
        """The open question that an id or its unique beginning names, or any one by its full id; else what to say."""
        found = self._question(target)
        if isinstance(found, Approval) or not target:
            return found
        try:
            return self._rows.book.load(target.upper())
        except UnknownError:
            return found

    # ---- what stands in the way -------------------------------------------------------------------------------------------------

    def _question(self, target: str) -> Approval | Answer:
        pending = self._rows.book.pending()
        if not pending and not target:
            return self._no("reply.none")
        match = [one for one in pending if one.id.startswith(target.upper())]
        if len(match) == 1:
            return match[0]
        if match:
            return self._which(tuple(match))
        try:
            row = self._rows.book.load(target.upper())
        except UnknownError:
            rest = self._which(pending).text if pending else self._say("reply.none")
            return self._no("reply.noid", id=plain(target), rest=rest)
        return self._outcome(row, None, "")

    def _refused(self, verb: Verb, message: Message, approval: Approval) -> Answer | None:
        incident = self._rows.log.load(approval.incident)
        if self._roster.may(message.channel, message.by, verb, self._inventory.groups(incident.host)):
            return None
        role = {Verb.APPROVE: Role.APPROVER, Verb.PICK: Role.REQUESTER, Verb.ANSWER: Role.REQUESTER}.get(
            verb, Role.VIEWER
        )
        return self._no("reply.notallowed", verb=verb, role=role.word)

    def _frozen(self, approval: Approval) -> Answer | None:
        incident = self._rows.log.load(approval.incident)
        stops = covering(self._rows.gate.stops(), incident.host, self._inventory.groups(incident.host), incident.id)
        if not stops:
            return None
        scope, by, _ = stops[-1]
        who = self._views.words.people((by,), self._roster.names())
        return self._no("reply.frozen", scope=self._views.words.scope(scope), by=who, word=scope_word(scope))

    def _tie(self, row: Approval, by: str, typed: datetime) -> Answer | None:
        """A no in the very second of somebody's yes beats it, whichever was written first: nothing more begins in that incident."""
        is_tie = row.verdict is Verdict.APPROVED and row.decided is not None and by not in row.by
        if not is_tie or row.decided is None or typed.replace(microsecond=0) > row.decided:
            return None
        self._rows.gate.stop(f"incident:{row.incident}", by, self._rows.clock.now())
        return Answer(self._say("reply.tie", id=row.incident, by=self._who(*row.by)), row, incident=row.incident)

    def _second(self, row: Approval, command: Command, message: Message, by: str) -> Answer:
        """High risk after the first yes. With fewer than two approvers the host's name, typed at this machine, stands for the second."""
        host = self._rows.log.load(row.incident).host
        if are_two(row.by, ()):
            return Answer(self._say("reply.second.asked", id=row.id, by=self._who(*row.by)), row, incident=row.incident)
        if len(self._roster.approvers(self._inventory.groups(host))) > 1 or message.channel not in LOCAL_CHANNELS:
            return Answer(self._say("reply.second", id=row.id, by=self._who(by)), row, incident=row.incident)
        if not command.text:
            return self._no("reply.second.name", id=row.id, host=host)
        if command.text != host:
            return self._no("reply.second.wrong", id=row.id, host=host, typed=plain(command.text))
        typed = typed_name(by, host)
        return self._outcome(
            self._rows.book.decide(row.id, Verdict.APPROVED, typed, "", self._rows.clock.now()), Verdict.APPROVED, by
        )

    def _outcome(self, row: Approval, wanted: Verdict | None, by: str, said: str = "") -> Answer:
        """What the row says now, whoever won."""
        won = row.verdict is wanted and by in row.by
        if won:
            key = f"reply.{row.verdict}"
            facts = {"skill": plain(said), "words": quoted(said, 300)}
            return Answer(self._say(key, id=row.id, by=self._who(by), **facts), row, incident=row.incident)
        if row.verdict is Verdict.EXPIRED:
            return Answer(self._say("reply.expired", id=row.id), row, ok=False)
        verdict = self._say(f"verdict.{row.verdict}")
        return Answer(
            self._say("reply.late", id=row.id, verdict=verdict, by=self._who(*row.by)), row, ok=row.verdict is wanted
        )

    def _which(self, match: tuple[Approval, ...]) -> Answer:
        if not match:
            return self._no("reply.none")
        return self._no("reply.which", list="\n" + "\n".join(map(self._views.approval_line, match)))

    def _who(self, *by: str) -> str:
        return self._views.words.people(by, self._roster.names())

    def _no(self, key: str, **facts: object) -> Answer:
        return Answer(self._say(key, **facts), ok=False)

    def _is_admin(self, message: Message) -> bool:
        return self._roster.highest(message.channel, message.by) is Role.ADMIN
