"""The grammar: what a person types, in any channel, as a command noun. What lets Nightshift do more is taken literally or not at all."""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from bot.durations import split_duration
from bot.rule_words import sounds_like_rule
from bot.verbs import LEAST_ROLE, LOOSER, RULES, TEXTS, Command, Part, Role, Rule, Verb, rule_of
from core.intent import Intent, intent_of

__all__ = ["LEAST_ROLE", "RULES", "Command", "Role", "Rule", "Verb", "free_words", "nearest", "parse"]

MOST_TYPED = 2000
"""Characters of one message that are looked at; the rest of a longer one is not a command."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_OPTION = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_SCOPE = re.compile(r"[A-Za-z0-9:._-]{1,270}")
_OBJECT = re.compile(r"[^\s=]{1,270}")
_END_MARKS = " \t!.。！,，;；~"


def parse(typed: str) -> Command:
    """Any text as a command; never raises. Text that is none is UNKNOWN with the nearest command as target."""
    text = _plain(typed)
    command = _by_rule(text) or _by_sentence(text)
    if command is not None:
        return _unmixed(command, text)
    if _is_cry_for_stop(text):
        return Command(Verb.STOP)
    return _unknown(text)


def _by_rule(text: str) -> Command | None:
    for rule in RULES:
        rest = _after(rule, text)
        if rest is not None:
            return _BUILDERS.get(rule.verb, _one_id)(rule.verb, rest)
    return None


def _by_sentence(text: str) -> Command | None:
    """What people say in a sentence of its own: `don't wake me ID`, a rule that begins with never, `取消静音 web-1`."""
    if found := _LET_ME_SLEEP.fullmatch(text):
        return Command(Verb.ORDERS, found[1] or found[2], part="new")
    if (_TOLD.match(text) or sounds_like_rule(text)) and "\n" not in text:
        return Command(Verb.RULE, "", text)
    if found := _ENDING.match(text):
        command = _by_rule(text[found.end() :])
        if command is not None and command.verb in _PAUSES and command.target:
            return replace(command, text="", part="off", lasts=None)
    return None


def _unmixed(command: Command, text: str) -> Command:
    """The safer order wins: what lets Nightshift do more, beside a word that takes authority away, is nothing."""
    if (command.verb, command.part) not in LOOSER:
        return command
    words = text.split()[1:]
    return _wrong(command.verb, " ".join(words)) if any(map(_says_safer, words)) else command


def nearest(text: str) -> str:
    """The usage of the command that the first word looks most like; '' when nothing does."""
    words = {word: rule.usage for rule in RULES for word in rule.words}
    first = text.split(" ", 1)[0].lower()
    found = difflib.get_close_matches(first, list(words), n=1, cutoff=0.76)
    return words[found[0]] if found else ""


def free_words(typed: str) -> str:
    """The words of a message that is talk and no command; '' for a command, and for what was nearly one, whose usage helps more."""
    command, text = parse(typed), _plain(typed)
    if command.verb is Verb.ASK:
        return command.text
    is_talk = command.verb is Verb.UNKNOWN and not command.part and bool(text) and not _is_nearly_a_command(text)
    return text if is_talk else ""


def _is_nearly_a_command(text: str) -> bool:
    """True where the first word is a command's, or looks like one, and what follows is no sentence about machines."""
    meant = next((rule.verb for rule in RULES if _after(rule, text) is not None), None)
    if meant is not None:
        return meant not in _TALKATIVE or len(text.split()) < 3 or "=" in text
    intent = intent_of(text)
    return bool(nearest(text)) and intent is not Intent.ABOUT and (" " not in text or intent is Intent.REMARK)


def _plain(typed: str) -> str:
    """One line of ordinary characters: full-width letters of an input method become ASCII, invisible ones go."""
    text = unicodedata.normalize("NFKC", typed[:MOST_TYPED])
    text = text.replace("’", "'")
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


def _wrong(verb: Verb, text: str, part: str = "") -> Command:
    """Known word, unusable rest: the answer is how to write it, never a guess; `part` says what is wrong where that is known."""
    return Command(Verb.UNKNOWN, rule_of(verb).usage, f"{verb} {text}".strip()[:200], part=part)


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
    return Command(verb, words[0], words[1] if len(words) > 1 else "")


def _says_safer(word: str) -> bool:
    """True for a word that takes authority away: in one message with an approval, there is no approval."""
    low = word.lower().strip(_END_MARKS)
    return low == "observe" or any(low in rule.words or word.startswith(rule.glyphs) for rule in RULES if rule.is_safer)


def _reject(verb: Verb, rest: str) -> Command:
    target, _, why = rest.partition(" ")
    return Command(verb, target, why.strip()) if _ID.fullmatch(target) else Command(verb, "", rest)


def _id_and_why(verb: Verb, rest: str) -> Command:
    target, _, why = rest.lstrip("#").partition(" ")
    return Command(verb, target, why.strip()[:300]) if _ID.fullmatch(target) else _wrong(verb, rest)


def _pick(verb: Verb, rest: str) -> Command:
    words = rest.split()
    if len(words) == 1 and _NUMBER.fullmatch(words[0]):
        return Command(verb, "", words[0])
    if len(words) == 2 and _ID.fullmatch(words[0]) and _NUMBER.fullmatch(words[1]):
        return Command(verb, words[0], words[1])
    return _wrong(verb, rest)


def _answer(verb: Verb, rest: str) -> Command:
    """`answer ID words`, or words alone where no id stands before them: which question is meant is then asked back, or plain."""
    target, _, words = rest.lstrip("#").partition(" ")
    if not rest:
        return _wrong(verb, rest)
    return Command(verb, target, words.strip()) if _ID.fullmatch(target) else Command(verb, "", rest)


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


def _asked(verb: Verb, rest: str) -> Command:
    """Free words; `ask stop everything` is a stop all the same, because the safer order wins."""
    after = _after(rule_of(Verb.STOP), rest)
    if after is None and not _is_cry_for_stop(rest):
        return _words(verb, rest)
    return _stop(Verb.STOP, after or "")


def _pause(verb: Verb, rest: str) -> Command:
    """`mute WHAT 2h`, `maintenance WHAT 2h why`, `snooze ID off`; no time means the word's usual one."""
    rule, (target, _, tail) = rule_of(verb), rest.partition(" ")
    if "\n" in rest or not target:
        return _wrong(verb, rest) if rest or verb is not Verb.SNOOZE else Command(verb, lasts=rule.lasts)
    if part := _part(rule, tail):
        return Command(verb, target.lstrip("#"), part=part.word)
    if verb is Verb.SNOOZE and _is_duration(rest):
        target, tail = "", rest
    return _for_a_while(rule, rest, target.lstrip("#"), tail.strip())


def _is_duration(text: str) -> bool:
    """True for a length and nothing else; an id may begin with digits too."""
    found = split_duration(text)
    return found is not None and found[0] is not None and not found[1]


def _for_a_while(rule: Rule, rest: str, target: str, tail: str) -> Command:
    found = split_duration(tail)
    if found is None:
        lasts, why = rule.lasts, tail
    elif found[0] is None:
        return _wrong(rule.verb, rest, "duration")
    else:
        lasts, why = found
    if (target and not _OBJECT.fullmatch(target)) or (why and rule.verb is not Verb.MAINTENANCE):
        return _wrong(rule.verb, rest)
    return Command(rule.verb, target, why[:300], lasts=lasts)


def _part(rule: Rule, word: str) -> Part | None:
    low = word.lower()
    return next((part for part in rule.parts if low == part.word or low in part.others), None)


def _take(verb: Verb, rest: str) -> Command:
    target, _, tail = rest.lstrip("#").partition(" ")
    part = _part(rule_of(verb), tail.strip(_END_MARKS))
    if (tail and part is None) or (target and not _SCOPE.fullmatch(target.rstrip(_END_MARKS))):
        return _wrong(verb, rest)
    return Command(verb, target.rstrip(_END_MARKS), part=part.word if part else "")


def _listed(verb: Verb, rest: str) -> Command:
    """`orders`, `orders revoke ID`, `orders confirm ID NAME`: nothing more than that."""
    words = rest.split(" ")
    part = _part(rule_of(verb), words[0])
    most = 3 if verb is Verb.ORDERS and part is not None and part.word == "confirm" else 2
    if not rest:
        return Command(verb)
    if part is None or "\n" in rest or not 2 <= len(words) <= most or not _ID.fullmatch(words[1].lstrip("#")):
        return _wrong(verb, rest)
    return Command(verb, words[1].lstrip("#"), words[2] if len(words) > 2 else "", part=part.word)


def _mode(verb: Verb, rest: str) -> Command:
    """`mode`, `mode SCOPE MODE`; `mode observe` alone is everywhere, because it is the safer one."""
    words = rest.split(" ")
    part = _part(rule_of(verb), words[-1])
    if not rest:
        return Command(verb)
    if len(words) == 1 and part is not None and part.is_safer:
        return Command(verb, "all", part=part.word)
    if part is None or len(words) != 2 or not _SCOPE.fullmatch(words[0]):
        return _wrong(verb, rest)
    return Command(verb, words[0], part=part.word)


def _note(verb: Verb, rest: str) -> Command:
    """Words as they are; a `host=H` at the end is where it was."""
    words, _, last = rest.rpartition(" ")
    host = last.removeprefix("host=")
    if last == host or not _SCOPE.fullmatch(host):
        return _words(verb, rest)
    return Command(verb, "", words, (("host", host),)) if words.strip() else _wrong(verb, rest)


def _told(verb: Verb, rest: str) -> Command:
    return _words(verb, rest) if "\n" not in rest else _wrong(verb, rest)


def _why(verb: Verb, rest: str) -> Command:
    """`why ID`, and `why ID texts` for what models saw and said."""
    words = rest.split()
    text = TEXTS if len(words) == 2 and words[1].lower() == TEXTS else ""
    return (
        Command(verb, words[0].lstrip("#"), text)
        if text and _ID.fullmatch(words[0].lstrip("#"))
        else _one_id(verb, rest)
    )


def _exactly_one_id(verb: Verb, rest: str) -> Command:
    return Command(verb, rest) if _ID.fullmatch(rest) else _wrong(verb, rest)


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


_LET_ME_SLEEP = re.compile(
    r"(?:next time,? ?)?(?:don't|dont|do not) wake me(?: (?:for|about))? #?([A-Za-z0-9_-]{1,64})"
    r"|下次别叫(?:醒)?我[ :]*#?([A-Za-z0-9_-]{1,64})",
    re.IGNORECASE,
)
_TOLD = re.compile(r"(?:never(?! ?mind)|ignore) \S|(?:永远不要|不要再|忽略) ?\S", re.IGNORECASE)
_ENDING = re.compile(r"(?:取消|结束) ?|(?:end|cancel) ", re.IGNORECASE)
_PAUSES = frozenset(rule.verb for rule in RULES if any(part.word == "off" for part in rule.parts))

_TALKATIVE = frozenset(
    {
        Verb.WHY,
        Verb.STATUS,
        Verb.INCIDENTS,
        Verb.PLAN,
        Verb.ALERT,
        Verb.RUN,
        Verb.RESOLVE,
        Verb.TAKE,
        Verb.DIGEST,
        Verb.APPROVALS,
    }
)
"""Words that sentences begin with too: `why is the disk full`, `close the idle sessions`, `take a look at nginx`."""

_BUILDERS: dict[Verb, Callable[[Verb, str], Command]] = {
    Verb.APPROVE: _approve,
    Verb.REJECT: _reject,
    Verb.WRONG: _id_and_why,
    Verb.TAKE: _take,
    Verb.SNOOZE: _pause,
    Verb.MUTE: _pause,
    Verb.MAINTENANCE: _pause,
    Verb.ORDERS: _listed,
    Verb.RULES: _listed,
    Verb.RULE: _told,
    Verb.MODE: _mode,
    Verb.NOTE: _note,
    Verb.DIGEST: _nothing_more,
    Verb.ADMIT: _exactly_one_id,
    Verb.WHY: _why,
    Verb.PICK: _pick,
    Verb.ANSWER: _answer,
    Verb.STOP: _stop,
    Verb.GO: _go,
    Verb.UNDO: _undo,
    Verb.MEMORY: _words,
    Verb.ASK: _asked,
    Verb.RUN: _with_options,
    Verb.DRY_RUN: _with_options,
    Verb.ALERT: _with_options,
    Verb.STATUS: _nothing_more,
    Verb.APPROVALS: _nothing_more,
    Verb.HELP: _help,
}
