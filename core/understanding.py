"""What free words ask for, read by rules and the router: question or command, on which host, by which skill. No model is needed for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from core.alert import LOCALHOST
from core.errors import UnknownError
from core.intent import Intent, intent_of, is_more_of_the_same, subject_in, wanted_in, without_courtesy
from core.inventory import Inventory
from core.known_names import Name, found_in
from core.look_tools import may_look
from core.origin import Origin
from core.routing import Match, Router
from core.skill_manifest import Skill, SkillState
from core.talk import Aside, Ask, Learn, Meaning, Option, Said, Small, Which, Wish

MOST_OPTIONS = 6
MOST_LIKE = 3
LEAST_TO_LOOK, NEAR = 0.22, 0.1
"""Reading is harmless: a question is looked into from so little likeness on, by what is so near to the best, side by side."""
_RUNNABLE = frozenset({SkillState.OWNED, SkillState.TRIAL})


_HERE = re.compile(
    r"\b(?:this|the local) (?:machine|host|server|box)\b|\bhere\b|本机|这台(?:机器|主机|服务器)?|本地", re.IGNORECASE
)
_ALL = re.compile(
    r"\b(?:all|every|each|any) (?:the |of the |my |our )?(?:hosts?|machines?|servers?|boxes)\b"
    r"|\beverywhere\b|\bwhich (?:hosts?|machines?|servers?)\b"
    r"|所有(?:主机|机器|服务器|节点)|(?:每台|各台|哪台)(?:主机|机器|服务器)?|全部(?:主机|机器|服务器)|哪些(?:主机|机器|服务器)",
    re.IGNORECASE,
)
_WHERE = re.compile(
    rf"(?:\b(?:on|at|from|of|in)\s+|在\s*)?(?:{_HERE.pattern}|{_ALL.pattern})(?:\s*[上的里])*", re.IGNORECASE
)
_STRANGER = re.compile(
    r"(?:\b(?:on|at|from)\s+(?:the\s+)?|\b(?:host|server|machine|node)\s+|主机\s*|服务器\s*|机器\s*|节点\s*)"
    r"(?P<en>[A-Za-z][A-Za-z0-9_.]*[-0-9][A-Za-z0-9_.-]*)"
    r"|(?<![A-Za-z0-9_.-])(?P<zh>[A-Za-z][A-Za-z0-9_.]*[-0-9][A-Za-z0-9_.-]*)\s*上"
    r"|(?:把|将|在)\s*(?P<of>[A-Za-z][A-Za-z0-9_.]*-?[0-9]+)\s*的",
    re.IGNORECASE,
)
"""What by its place in a sentence, and by a digit or a dash in it, can only be a host."""


class Understanding:
    """Reads words against the skills there are and the hosts that are known."""

    def __init__(
        self, router: Callable[[], Router], inventory: Inventory, state_on: Callable[[Skill, str], SkillState]
    ) -> None:
        self._router, self._inventory, self._state_on = router, inventory, state_on

    def small(self, said: Said) -> Meaning | None:
        """What needs neither skill nor model: a greeting, a yes that is none, what was said against something, a wish to learn."""
        intent = intent_of(said.words)
        if intent is Intent.LEARN:
            return Learn(wanted_in(said.words))
        if intent is Intent.ABOUT and said.about is not None:
            return Small(Aside.ABOUT)
        asides = {
            Intent.HELLO: Aside.HELLO,
            Intent.THANKS: Aside.THANKS,
            Intent.YES: Aside.NO_YES,
            Intent.AGAINST: Aside.AGAINST,
        }
        return Small(asides[intent]) if intent in asides else None

    def chosen(self, said: Said, option: Option) -> Meaning:
        """What was picked from several: a look, or a wish."""
        match = next((one for one in self._router().shortlist(said.words, 10) if one.skill.name == option.skill), None)
        is_look = match is not None and self._may_look(match.skill, (option.host,))
        return Ask((option,)) if is_look else Wish(option.skill, option.host)

    def meaning(self, said: Said) -> Meaning:
        """A question, a wish, or several things that it could be. Raises UnknownError for a host that nobody knows."""
        hosts = self.hosts(said)
        intent = intent_of(said.words)
        if intent is Intent.ABOUT:
            return Small(Aside.ABOUT)
        matches = self.matches(said, hosts)
        looks = tuple(one for one in matches if self._may_look(one.skill, hosts))
        others = tuple(one for one in matches if one not in looks)
        if intent is Intent.QUESTION:
            return self._question(said, looks, others, hosts)
        if intent is Intent.COMMAND:
            return self._command(others, hosts) if others else self._question(said, looks, (), hosts)
        return self._by_kind(said, matches, looks, hosts)

    def hosts(self, said: Said) -> tuple[str, ...]:
        """Those that the words name, else those of their group, of the thread, of the turn before, else all that may be looked at."""
        reached = tuple(entry.name for entry in self._inventory.hosts if entry.is_reached and entry.name in said.looks)
        if said.chosen is not None and said.chosen.host:
            return (said.chosen.host,)
        if named := self.named(said.words):
            return named
        self._require_known(said.words)
        if _ALL.search(said.words):
            return reached
        if in_group := self._in_group(said.words, reached):
            return in_group
        if said.about is not None:
            return (said.about.host,)
        if len(reached) > 1 and said.before and said.before[-1].host in reached:
            return (said.before[-1].host,)
        return reached

    def named(self, words: str) -> tuple[str, ...]:
        """Hosts that literally stand in the words, whoever may look at them."""
        called = self._called()
        found = {
            called[name.text] for name in found_in(words.lower(), (Name(one, Origin.INVENTORY, "") for one in called))
        }
        if _HERE.search(words):
            found.add(LOCALHOST)
        return tuple(entry.name for entry in self._inventory.hosts if entry.name in found)

    def matches(self, said: Said, hosts: tuple[str, ...]) -> tuple[Match, ...]:
        """Skills that the words could mean; where they name none, as in `and on web-2?`, what the turn before was about."""
        words = self.without_hosts(said.words)
        found = self._by_words(words)
        if not found and said.before and is_more_of_the_same(words):
            known = {
                one.skill.name: one for one in self._router().shortlist(self.without_hosts(said.before[-1].words), 10)
            }
            found = tuple(known[name] for name in said.before[-1].skills if name in known)
        return tuple(one for one in found if any(self._state_on(one.skill, host) in _RUNNABLE for host in hosts))

    def _by_words(self, words: str) -> tuple[Match, ...]:
        """As they stand; where that is not clear, with the name of a service taken for what it is."""
        router, subject = self._router(), subject_in(words)
        found = router.shortlist(words, 10)
        if found and subject and not router.is_clear(found):
            general = self._in_general(words, subject)
            return general if general and router.is_clear(general) else found
        return found

    def _in_general(self, words: str, subject: str) -> tuple[Match, ...]:
        """For words with the name of a service taken for what it is."""
        return self._router().shortlist(words.replace(subject, "the service" if words.isascii() else "服务"), 10)

    # ---- what kind ----------------------------------------------------------------------------------------------------------------

    def _question(
        self, said: Said, looks: tuple[Match, ...], others: tuple[Match, ...], hosts: tuple[str, ...]
    ) -> Meaning:
        if near := self._nearest(said, looks, hosts):
            return self._ask(near[:1] if said.chosen is not None else near, said, hosts)
        if not looks and others and self._router().is_clear(others) and others[0].skill.lookers:
            return self._ask(others[0].skill.lookers, said, hosts)
        return self._which(looks, hosts)

    def _nearest(self, said: Said, looks: tuple[Match, ...], hosts: tuple[str, ...]) -> tuple[str, ...]:
        """The looks that answer a question best, those for any service among them where it names one."""
        words = self.without_hosts(said.words)
        subject = subject_in(words)
        general = self._in_general(words, subject) if subject else ()
        every = sorted(
            (*looks, *(one for one in general if self._may_look(one.skill, hosts))), key=lambda one: -one.score
        )
        best = every[0].score if every else 0.0
        near = (one.skill.name for one in every if one.score >= max(LEAST_TO_LOOK, best - NEAR))
        return tuple(dict.fromkeys(near))[:MOST_LIKE]

    def _command(self, others: tuple[Match, ...], hosts: tuple[str, ...]) -> Meaning:
        is_clear = self._router().is_clear(others)
        if len(hosts) != 1:
            return self._which(others[:1] if is_clear else others, hosts)
        return Wish(others[0].skill.name if is_clear else "", hosts[0])

    def _by_kind(
        self, said: Said, matches: tuple[Match, ...], looks: tuple[Match, ...], hosts: tuple[str, ...]
    ) -> Meaning:
        """Words that neither ask nor order, as `nginx is down on web-2`: looking is what they are taken for."""
        if not matches or not self._router().is_clear(matches):
            is_about_machines = bool(self.named(said.words)) or said.about is not None
            return self._which(matches if is_about_machines else (), hosts)
        best = matches[0]
        names = (best.skill.name,) if best in looks else best.skill.lookers
        return self._ask(names, said, hosts) if names else self._which(matches[:1], hosts)

    def _ask(self, names: tuple[str, ...], said: Said, hosts: tuple[str, ...]) -> Meaning:
        if not hosts or (len(hosts) > 1 and not _ALL.search(said.words) and not self.named(said.words)):
            return Which(tuple(Option(names[0], host) for host in hosts[:MOST_OPTIONS]))
        return Ask(tuple(Option(name, host) for name in names for host in hosts))

    def _which(self, matches: tuple[Match, ...], hosts: tuple[str, ...]) -> Meaning:
        """One question for all that is open: which skill, and on which host."""
        near = tuple(one.skill.name for one in matches[:MOST_LIKE])
        options = tuple(
            Option(one.skill.name, host, one.skill.summary) for one in matches[:MOST_LIKE] for host in hosts
        )
        return Which(options[:MOST_OPTIONS]) if options else Small(Aside.LOST, near=near)

    def _may_look(self, skill: Skill, hosts: tuple[str, ...]) -> bool:
        return any(may_look(skill, self._state_on(skill, host)) for host in hosts)

    # ---- hosts --------------------------------------------------------------------------------------------------------------------

    def _called(self) -> dict[str, str]:
        """Every host by its name in small letters, and by the first part of it where no other one has the same."""
        names = [entry.name for entry in self._inventory.hosts]
        short = Counter(name.lower().partition(".")[0] for name in names)
        alone = {one: name for name in names if short[one := name.lower().partition(".")[0]] == 1}
        return alone | {name.lower(): name for name in names}

    def _require_known(self, words: str) -> None:
        """`on web-9` is no word for the only machine there is."""
        for match in _STRANGER.finditer(words):
            name = (match["en"] or match["zh"] or match["of"]).rstrip(".-")
            if self._inventory.entry(name) is None:
                raise UnknownError("host", name, tuple(entry.name for entry in self._inventory.hosts))

    def _in_group(self, words: str, reached: tuple[str, ...]) -> tuple[str, ...]:
        groups = {group for host in reached for group in self._inventory.groups(host) if group not in reached}
        named = {one.text for one in found_in(words, (Name(group, Origin.INVENTORY, "") for group in groups))}
        return tuple(host for host in reached if named & set(self._inventory.groups(host)))

    def without_hosts(self, words: str) -> str:
        """The words without what says where: a router compares what is to be done."""
        for host in self.named(words):
            where = rf"(?:\b(?:on|at|from|of)\s+|在\s*)?(?<![A-Za-z0-9]){re.escape(host)}(?![A-Za-z0-9])(?:\s*[上的])*"
            words = re.sub(where, " ", words, flags=re.IGNORECASE)
        words = _WHERE.sub(" ", words)
        return " ".join(without_courtesy(words).split())
