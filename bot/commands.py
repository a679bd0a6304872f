"""The grammar: what a person types, in any channel, as a command noun; and the least role of each command."""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """What a person may do, least first; each role includes those below it."""

    VIEWER = 0
    RESPONDER = 1
    REQUESTER = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The word in settings."""
        return self.name.lower()


class Verb(StrEnum):
    """Every command there is; UNKNOWN is text that is none."""

    APPROVE = "approve"
    REJECT = "reject"
    PICK = "pick"
    STOP = "stop"
    GO = "go"
    TAKE = "take"
    WHY = "why"
    PLAN = "plan"
    DRY_RUN = "dry run"
    STATUS = "status"
    INCIDENTS = "incidents"
    APPROVALS = "approvals"
    MEMORY = "memory"
    RUN = "run"
    UNDO = "undo"
    ALERT = "alert"
    HELP = "help"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `target` is an id, scope, skill, signal or number as typed; `text` a reason, a confirmation or unknown words."""

    verb: Verb
    target: str = ""
    text: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str:
        """The value given for a name, '' if none."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the grammar. `is_safer`: it takes authority away, so it is understood generously; all others are taken literally.

    `words` may stand with a space before what follows; `glyphs` (Chinese) also without one.
    """

    verb: Verb
    role: Role
    words: tuple[str, ...]
    glyphs: tuple[str, ...]
    usage: str
    is_safer: bool = False


RULES = (
    Rule(
        Verb.STOP,
        Role.VIEWER,
        ("stop", "halt", "freeze"),
        ("停止", "停一下", "停下", "停"),
        "stop [host|group|incident]",
        is_safer=True,
    ),
    Rule(Verb.TAKE, Role.VIEWER, ("take", "mine"), ("我来处理", "接手", "我来"), "take ID", is_safer=True),
    Rule(
        Verb.REJECT,
        Role.VIEWER,
        ("reject", "no", "deny"),
        ("拒绝", "不同意", "不行", "否"),
        "reject ID [why]",
        is_safer=True,
    ),
    Rule(Verb.APPROVE, Role.APPROVER, ("approve", "yes"), ("同意", "批准"), "approve ID"),
    Rule(Verb.PICK, Role.REQUESTER, ("pick", "choose"), ("选择", "选"), "pick ID N"),
    Rule(Verb.GO, Role.APPROVER, ("go", "resume"), ("继续", "恢复"), "go [host|group|incident]"),
    Rule(
        Verb.DRY_RUN,
        Role.RESPONDER,
        ("dry run", "dry-run", "dryrun"),
        ("试运行", "演练"),
        "dry run ID | SKILL host=H …",
    ),
    Rule(Verb.PLAN, Role.VIEWER, ("plan",), ("计划",), "plan ID"),
    Rule(Verb.WHY, Role.VIEWER, ("why",), ("为什么", "为何"), "why ID"),
    Rule(Verb.STATUS, Role.VIEWER, ("status",), ("状态",), "status"),
    Rule(Verb.INCIDENTS, Role.VIEWER, ("incidents", "incident"), ("事件", "故障"), "incidents [ID]"),
    Rule(Verb.APPROVALS, Role.VIEWER, ("approvals",), ("审批", "待批"), "approvals"),
    Rule(Verb.MEMORY, Role.VIEWER, ("memory search", "memory", "remember"), ("记忆", "回忆"), "memory WORDS"),
    Rule(Verb.RUN, Role.REQUESTER, ("run skill", "run"), ("运行", "执行"), "run SKILL host=H key=value …"),
    Rule(Verb.UNDO, Role.REQUESTER, ("undo",), ("撤销", "撤消"), "undo N"),
    Rule(Verb.ALERT, Role.RESPONDER, ("alert",), ("告警", "报警"), "alert SIGNAL host=H [value=V]"),
    Rule(Verb.HELP, Role.VIEWER, ("help", "?", "h"), ("帮助", "？"), "help"),
)
"""The order counts: what takes authority away is looked for first."""

LEAST_ROLE: dict[Verb, Role] = {rule.verb: rule.role for rule in RULES} | {Verb.UNKNOWN: Role.VIEWER}

MOST_TYPED = 2000
"""Characters of one message that are looked at; the rest of a longer one is not a command."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_OPTION = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_SCOPE = re.compile(r"[A-Za-z0-9:._-]{1,270}")
_END_MARKS = " \t!.。！,，;；~"


def parse(typed: str) -> Command:
    """Any text as a command; never raises. Text that is none is UNKNOWN with the nearest command as target."""
    text = _plain(typed)
    for rule in RULES:
        rest = _after(rule, text)
        if rest is None:
            continue
        return _BUILDERS.get(rule.verb, _one_id)(rule.verb, rest)
    if _is_cry_for_stop(text):
        return Command(Verb.STOP)
    return _unknown(text)


def nearest(text: str) -> str:
    """The usage of the command that the first word looks most like; '' when nothing does."""
    words = {word: rule.usage for rule in RULES for word in rule.words}
    first = text.split(" ", 1)[0].lower()
    found = difflib.get_close_matches(first, list(words), n=1, cutoff=0.76)
    return words[found[0]] if found else ""


def _plain(typed: str) -> str:
    """One line of ordinary characters: full-width letters of an input method become ASCII, invisible ones go."""
    text = unicodedata.normalize("NFKC", typed[:MOST_TYPED])
    text = "".join(" " if c.isspace() and c != "\n" else c for c in text if c == "\n" or c.isspace() or c.isprintable())
    return text.strip().removeprefix("/").strip()


def _after(rule: Rule, text: str) -> str | None:
    """What follows the rule's word, None when the text does not begin with it. 停机了 (the machine is down) is no 停."""
    low = text.lower()
    for word in rule.words:
        if low.rstrip(_END_MARKS) == word or low.startswith(word + " "):
            return text[len(word) :].strip(" ") if low.startswith(word + " ") else ""
    for glyph in rule.glyphs:
        rest = text.removeprefix(glyph)
        if rest != text and (
            not rest.strip(_END_MARKS) or rest[0] in " :#" or (rest[0].isascii() and rest[0].isalnum())
        ):
            return rest.strip(" :")
    return None


def _is_cry_for_stop(text: str) -> bool:
    """True for a short shout such as `please stop!` that is no sentence about stopping and takes nothing back."""
    words = [word.strip("!?.,").lower() for word in text.split()]
    is_short = 0 < len(words) <= 3 and "?" not in text
    takes_back = any(word in {"not", "dont", "don't", "never", "didn't", "why", "did"} for word in words)
    return is_short and not takes_back and "stop" in words


def _unknown(text: str) -> Command:
    return Command(Verb.UNKNOWN, nearest(text), text[:200])


def _wrong(verb: Verb, text: str) -> Command:
    """Known word, unusable rest: the answer is how to write it, never a guess."""
    usage = next(rule.usage for rule in RULES if rule.verb is verb)
    return Command(Verb.UNKNOWN, usage, f"{verb} {text}".strip()[:200])


def _nothing_more(verb: Verb, rest: str) -> Command:
    return Command(verb) if not rest.strip(_END_MARKS) else _wrong(verb, rest)


def _one_id(verb: Verb, rest: str) -> Command:
    """At most one id and nothing else; a message of several lines is never a command with authority."""
    return Command(verb, rest.lstrip("#")) if not rest or _ID.fullmatch(rest.lstrip("#")) else _wrong(verb, rest)


def _approve(verb: Verb, rest: str) -> Command:
    """`approve ID`, or `approve ID NAME` where the object's name must be typed. Anything further makes it no approval."""
    words = rest.split(" ")
    if not rest or "\n" in rest or len(words) > 2 or not _ID.fullmatch(words[0]):
        return _wrong(verb, rest)
    if any(_says_safer(word) for word in words):
        return _wrong(verb, rest)
    return Command(verb, words[0], words[1] if len(words) > 1 else "")


def _says_safer(word: str) -> bool:
    """True for a word that takes authority away: in one message with an approval, there is no approval."""
    return any(
        word.lower().strip(_END_MARKS) in rule.words or word.startswith(rule.glyphs) for rule in RULES if rule.is_safer
    )


def _reject(verb: Verb, rest: str) -> Command:
    target, _, why = rest.partition(" ")
    return Command(verb, target, why.strip()) if _ID.fullmatch(target) else Command(verb, "", rest)


def _pick(verb: Verb, rest: str) -> Command:
    words = rest.split()
    if len(words) == 1 and _NUMBER.fullmatch(words[0]):
        return Command(verb, "", words[0])
    if len(words) == 2 and _ID.fullmatch(words[0]) and _NUMBER.fullmatch(words[1]):
        return Command(verb, words[0], words[1])
    return _wrong(verb, rest)


def _stop(verb: Verb, rest: str) -> Command:
    scope = rest.strip(_END_MARKS)
    return Command(verb, scope) if not scope or _SCOPE.fullmatch(scope) else Command(verb, "", rest)


def _go(verb: Verb, rest: str) -> Command:
    return Command(verb, rest) if not rest or _SCOPE.fullmatch(rest) else _wrong(verb, rest)


def _undo(verb: Verb, rest: str) -> Command:
    number = rest.lstrip("#")
    return Command(verb, number) if _NUMBER.fullmatch(number) else _wrong(verb, rest)


def _words(verb: Verb, rest: str) -> Command:
    return Command(verb, "", rest) if rest else _wrong(verb, rest)


def _with_options(verb: Verb, rest: str) -> Command:
    """One name, then key=value pairs; quotes keep spaces together as in a shell, and nothing is ever given to one."""
    try:
        words = shlex.split(rest)
    except ValueError:
        return _wrong(verb, rest)
    if not words or "=" in words[0] or "\n" in rest:
        return _wrong(verb, rest)
    pairs = [word.partition("=") for word in words[1:]]
    names = [name for name, _, _ in pairs]
    if any(not _OPTION.fullmatch(name) or not equals for name, equals, _ in pairs) or len(set(names)) < len(names):
        return _wrong(verb, rest)
    return Command(verb, words[0], "", tuple((name, value) for name, _, value in pairs))


def _help(verb: Verb, _: str) -> Command:
    return Command(verb)


_BUILDERS: dict[Verb, Callable[[Verb, str], Command]] = {
    Verb.APPROVE: _approve,
    Verb.REJECT: _reject,
    Verb.PICK: _pick,
    Verb.STOP: _stop,
    Verb.GO: _go,
    Verb.UNDO: _undo,
    Verb.MEMORY: _words,
    Verb.RUN: _with_options,
    Verb.DRY_RUN: _with_options,
    Verb.ALERT: _with_options,
    Verb.STATUS: _nothing_more,
    Verb.APPROVALS: _nothing_more,
    Verb.HELP: _help,
}
