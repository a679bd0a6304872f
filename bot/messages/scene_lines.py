"""What surrounds a trouble, on a card: what changed before, who is logged in, which rules asked."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from bot.messages import en_scene
from bot.messages.units import MOST_READ, clock, plain
from bot.messages.words import Words
from core.scene import HostEvent, Login, Scene
from core.surroundings import BY_ME

MOST_NAMED = 2

_PART = re.compile(r"\\\{(\w+)\\\}")
_NUMBERS = frozenset({"count", "done", "limit", "minutes"})
_OPEN = frozenset({"why", "said"})
"""Facts that are whole sentences; any other ends where the next sentence begins."""


def scene_lines(words: Words, scene: Scene | None, now: datetime, most: int = MOST_NAMED) -> list[str]:
    """Nothing before anybody looked; then always what changed, and people where there are some or nobody can tell."""
    if scene is None:
        return []
    return [changed_line(words, scene, now, most), *_people(words, scene, most)]


def changed_line(words: Words, scene: Scene, now: datetime, most: int = MOST_NAMED) -> str:
    """What people said first, then what was seen, the newest first; the others are counted."""
    said = sorted(scene.changes, key=lambda event: event.kind != "mark")
    items = [_event(words, event, now) for event in said[:most]]
    if len(said) > most:
        items.append(f"+{len(said) - most}")
    if "changes: " in scene.blind:
        items.append(words.say("scene.unseen"))
    return words.say("scene.changed", list=words.say("list.then").join(items) or words.say("scene.nothing"))


def restraint_lines(words: Words, whys: tuple[str, ...], most: int = 3) -> list[str]:
    """Which further rules asked, in the reader's language as far as the sentences are ours."""
    then = words.say("list.then")
    return [words.say("scene.because", why=then.join(sentence(words, why) for why in whys[:most]))] if whys else []


def sentence(words: Words, text: str, limit: int = 120) -> str:
    """A sentence of core in the reader's language; what is between our own words in it came from elsewhere and is made harmless."""
    whole = _translated(words, text)
    if whole is None and "; " in text:
        parts = [_translated(words, part) or plain(part, limit) for part in text[:MOST_READ].split("; ")]
        return words.say("list.then").join(parts)
    return whole or plain(text, limit)


def _translated(words: Words, text: str) -> str | None:
    for key, pattern in _sentences():
        match = pattern.fullmatch(text)
        if match:
            facts = {name: plain(value, 80) for name, value in match.groupdict().items()}
            if key == "restraint.denied":
                facts["why"] = sentence(words, match["why"])
            return words.say(key, **facts | {name: words.ending(facts[name]) for name in facts if name == "ending"})
    return words.table.get(f"reason.{text}")


@cache
def _sentences() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The English sentences of rules, which are those of core, as patterns."""
    ours = [(key, text) for key, text in en_scene.WORDS.items() if key.startswith("restraint.")]
    return tuple((key, re.compile(_PART.sub(_group, re.escape(text)))) for key, text in ours)


def _group(part: re.Match[str]) -> str:
    name = part[1]
    shape = r"\d{1,6}" if name in _NUMBERS else r".{1,2000}" if name in _OPEN else r"[^;]{1,200}?"
    return f"(?P<{name}>{shape})"


def _people(words: Words, scene: Scene, most: int) -> list[str]:
    if "logins: " in scene.blind:
        return [words.say("scene.logins", list=words.say("scene.unseen"))]
    if not scene.logins:
        return []
    names = [_login(words, login) for login in scene.logins[:most]]
    hidden = [f"+{len(scene.logins) - most}"] if len(scene.logins) > most else []
    return [words.say("scene.logins", list=words.say("list.then").join([*names, *hidden]))]


def _login(words: Words, login: Login) -> str:
    user, terminal = plain(login.user, 24) or "?", plain(login.terminal, 16)
    if login.idle is None:
        return words.say("scene.login", user=user, terminal=terminal)
    return words.say("scene.login.idle", user=user, terminal=terminal, idle=words.lasted(login.idle))


def _event(words: Words, event: HostEvent, now: datetime) -> str:
    what, at = plain(_short(event), 40), clock(event.at, now)
    if event.by == BY_ME or event.by.startswith(f"{BY_ME}, "):
        return words.say("scene.mine", what=what, at=at)
    if event.by:
        return words.say("scene.by", what=what, by=plain(event.by, 24), at=at)
    return words.say("scene.event", what=what, at=at)


def _short(event: HostEvent) -> str:
    """The name of a file without its folders; the words of a mark and packages as they are."""
    if not event.what.startswith("/"):
        return event.what
    folder, _, name = event.what.rstrip("/").rpartition("/")
    return (name or folder) + ("/" if event.what.endswith("/") else "")
