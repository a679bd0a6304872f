"""Which of the team's runbooks is about a trouble, and the part of it to read: words and pairs of Chinese letters, weighed by rarity."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.runbook import Runbook

_LOOKED_AT = 64_000
"""Characters of one runbook that are looked through."""
_K1, _B = 1.2, 0.6
_HEADING = re.compile(r"(?m)^(?=#{1,6} )")
_WORD = re.compile(r"[a-z0-9]{2,40}|[\u3400-\u9fff]+")
_IN_TITLE = 3
"""How many times as much a word counts in a title, a heading or a file's name."""
_LEAST, _FEWEST = 0.4, 2
"""The part of the words asked, and how many of them, that a section has to know if none of them stands in a heading of it."""
_TELLS_NOTHING = frozenset(
    {"and", "at", "by", "for", "from", "how", "in", "is", "it", "not", "of", "on", "or", "that", "the"}
)
_TELLS_NOTHING |= frozenset({"percent", "runbook", "server", "this", "to", "used", "what", "when", "with"})


@dataclass(frozen=True, slots=True)
class Passage:
    """The section of a runbook that fits best; its text begins with its heading."""

    name: str
    title: str
    text: str
    score: float


def passages(runbooks: Sequence[Runbook], words: str, most: int = 2) -> tuple[Passage, ...]:
    """At most one section of each runbook, best first; none of one that is about something else."""
    asked = frozenset(_parts(words)) - _TELLS_NOTHING
    sections = [(book, text) for book in runbooks for text in _sections(book)]
    documents = [_counted(book, text) for book, text in sections]
    rarity = _rarity(asked, documents)
    usual = sum(map(Counter.total, documents)) / (len(documents) or 1)
    best: dict[str, Passage] = {}
    for (book, text), document in zip(sections, documents, strict=True):
        score = sum(rarity[word] * _gain(document, word, usual) for word in asked)
        if _is_about(asked, document) and (book.name not in best or score > best[book.name].score):
            best[book.name] = Passage(book.name, book.title, text.strip(), score)
    return tuple(sorted(best.values(), key=lambda one: (-one.score, one.name))[:most])


def _sections(book: Runbook) -> list[str]:
    return [part for part in _HEADING.split(book.text[:_LOOKED_AT]) if part.strip()]


def _counted(book: Runbook, text: str) -> Counter[str]:
    """How often each word stands in a section, which knows its runbook's title too."""
    counted = Counter(_parts(text))
    heading = text.partition("\n")[0] if text.startswith("#") else ""
    for word in (*_parts(heading), *_parts(book.title), *_parts(book.name)):
        counted[word] += _IN_TITLE
    return counted


def _is_about(asked: frozenset[str], document: Counter[str]) -> bool:
    """True where a heading says one of the words, or enough of them stand in the section."""
    known = [word for word in asked if document[word]]
    is_headed = any(document[word] >= _IN_TITLE for word in known)
    return is_headed or len(known) >= max(_FEWEST, _LEAST * len(asked))


def _rarity(asked: frozenset[str], documents: Sequence[Counter[str]]) -> dict[str, float]:
    count = {word: sum(1 for document in documents if document[word]) for word in asked}
    return {word: math.log(1 + (len(documents) - have + 0.5) / (have + 0.5)) for word, have in count.items()}


def _gain(document: Counter[str], word: str, usual: float) -> float:
    times = document[word]
    damping = _K1 * (1 - _B + _B * document.total() / (usual or 1.0))
    return times * (_K1 + 1) / (times + damping)


def _parts(text: str) -> list[str]:
    """Words of letters and digits; Chinese, which has no blanks, in overlapping pairs."""
    found = []
    for run in _WORD.findall(text.lower().replace("_", " ")):
        is_chinese = run[0] >= "\u3400"
        found += [run[at : at + 2] for at in range(len(run) - 1)] if is_chinese and len(run) > 1 else [run]
    return found
