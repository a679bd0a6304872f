"""From words to skills: BM25 over character n-grams of every skill's zh and en triggers; refusing is a normal answer."""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.calibration import USUAL, Gates
from core.grams import grams
from core.mind_ports import SemanticIndex
from core.skill_manifest import Skill, SkillState
from core.trigger import LearnedTrigger

_K1, _B = 1.2, 0.6
_UNIT = 1000
"""Impacts are whole thousandths: an array of them is small and quick to walk."""
_MOST_POSTINGS = 4000
"""Entries of the index that one query touches; the rarest parts of what was said come first, and they are what tells skills apart."""
_CANDIDATES = 12
_AGAINST = 0.6
"""A text that shares so much with one that was said not to mean a skill does not mean it."""
_SERVES = frozenset({SkillState.OWNED, SkillState.TRIAL})


@dataclass(frozen=True, slots=True)
class Match:
    """A skill that words could mean. `score`: how much of them its own words explain, 0 to 1; `text`: the trigger that is nearest.

    `rank` is what they are ordered by: the score, or where meaning was compared too, standard deviations over all skills.
    """

    skill: Skill
    score: float
    text: str
    rank: float = 0.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One skill with the texts that stand for it, and those that were said not to."""

    skill: Skill
    texts: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def card(self) -> str:
        """What is indexed besides the triggers: the words of its name, of its summary and of the signals that it is about."""
        skill = self.skill
        signals = (signal.replace(".", " ").replace("_", " ") for signal in (*skill.cures, *skill.looks_at))
        return " ".join((skill.name.replace("_", " "), skill.summary, *signals))


class Router:
    """An index over the skills as they were given. It never changes, so that several threads may ask it at once."""

    def __init__(
        self,
        skills: Iterable[Skill],
        learned: Iterable[LearnedTrigger] = (),
        semantic: SemanticIndex | None = None,
        gates: Gates = USUAL,
    ) -> None:
        self.gates, self._semantic = gates, semantic
        self._entries = _entries(skills, learned)
        memo: dict[str, tuple[str, ...]] = {}
        documents = [_document(entry, memo) for entry in self._entries]
        self._weights = _weights(documents)
        self._unknown = math.log(1 + (len(documents) + 0.5) / 0.5)
        self._index = _index(documents, self._weights)
        if semantic is not None:
            semantic.learn(tuple(text for entry in self._entries for text in entry.texts))

    def shortlist(self, words: str, most: int = 5) -> tuple[Match, ...]:
        """The best first; those under the floor are left out, so that it is empty where no skill serves the words."""
        asked = grams(words)
        whole = self._mass(asked)
        if not whole:
            return ()
        scores = {one: score / whole for one, score in self._by_letters(asked).items()}
        passed = [
            one for one, score in scores.items() if score >= self.gates.floor and not self._is_against(one, asked)
        ]
        ranks = self._ranks(words, scores)
        best = heapq.nsmallest(most, passed, key=lambda one: (-ranks[one], self._entries[one].skill.name))
        return tuple(self._match(one, scores[one], ranks[one], asked) for one in best)

    def is_clear(self, matches: Sequence[Match]) -> bool:
        """True where the first leads so that it may be proposed without asking which."""
        if not matches or matches[0].score < self.gates.clear:
            return False
        return self.margin(matches) >= self.gates.margin

    @staticmethod
    def margin(matches: Sequence[Match]) -> float:
        """By how much the first's score leads the best of the others."""
        return matches[0].score - max((one.score for one in matches[1:]), default=0.0) if matches else 0.0

    # ---- by letters ---------------------------------------------------------------------------------------------------------------

    def _mass(self, asked: Sequence[str]) -> float:
        """The most that anything could score: what is in no skill counts too, for it says that something else is meant."""
        return sum(self._weights.get(part, self._unknown) for part in asked) * (_K1 + 1) * _UNIT

    def _by_letters(self, asked: Sequence[str]) -> dict[int, int]:
        """The score of the best candidates: found by the rarest parts, then counted over all of them."""
        postings = sorted((self._index[part] for part in asked if part in self._index), key=lambda one: len(one[0]))
        found: dict[int, int] = {}
        left, used = _MOST_POSTINGS, 0
        for ids, impacts in postings:
            left -= len(ids)
            if left < 0 and used:
                break
            used += 1
            for one, impact in zip(ids, impacts, strict=True):
                found[one] = found.get(one, 0) + impact
        best = heapq.nlargest(_CANDIDATES, found.items(), key=lambda item: item[1])
        return {one: score + sum(_impact(posting, one) for posting in postings[used:]) for one, score in best}

    def _nearest(self, texts: Sequence[str], asked: Sequence[str]) -> tuple[float, str]:
        """How like the words the likest of the texts is, 0 to 1, and that text."""
        mine = frozenset(asked)
        return max(((self._likeness(mine, frozenset(grams(text))), text) for text in texts), default=(0.0, ""))

    def _likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        both = sum(self._weights.get(part, self._unknown) for part in one & other)
        either = sum(self._weights.get(part, self._unknown) for part in one | other)
        return both / either if either else 0.0

    def _is_against(self, one: int, asked: Sequence[str]) -> bool:
        against = self._entries[one].against
        return bool(against) and self._nearest(against, asked)[0] >= _AGAINST

    def _match(self, one: int, score: float, rank: float, asked: Sequence[str]) -> Match:
        entry = self._entries[one]
        return Match(entry.skill, score, self._nearest(entry.texts, asked)[1], rank)

    # ---- by meaning ---------------------------------------------------------------------------------------------------------------

    def _ranks(self, words: str, scores: Mapping[int, float]) -> Mapping[int, float]:
        """Letters and meaning miss different things, so that both are brought to one scale over all skills and added."""
        likeness = self._semantic.scores(words) if self._semantic is not None and scores else ()
        if not likeness:
            return scores
        by_meaning = self._best_of_each(likeness)
        mean, spread = _spread(by_meaning, len(by_meaning))
        letters_mean, letters_spread = _spread(tuple(scores.values()), len(by_meaning))
        return {
            one: (score - letters_mean) / letters_spread + (by_meaning[one] - mean) / spread
            for one, score in scores.items()
        }

    def _best_of_each(self, likeness: Sequence[float]) -> list[float]:
        best, at = [], 0
        for entry in self._entries:
            best.append(max(likeness[at : at + len(entry.texts)], default=0.0))
            at += len(entry.texts)
        return best


_Posting = tuple["array[int]", "array[int]"]


def _entries(skills: Iterable[Skill], learned: Iterable[LearnedTrigger]) -> tuple[_Entry, ...]:
    newest = {(one.skill, one.text): one for one in sorted(learned, key=lambda one: one.at)}
    pro: dict[str, list[str]] = {}
    against: dict[str, list[str]] = {}
    for one in newest.values():
        (against if one.is_wrong else pro).setdefault(one.skill, []).append(one.text)
    return tuple(
        _Entry(skill, (*skill.triggers, *pro.get(skill.name, ()), skill.summary), tuple(against.get(skill.name, ())))
        for skill in skills
        if skill.state in _SERVES
    )


def _document(entry: _Entry, memo: dict[str, tuple[str, ...]]) -> Counter[str]:
    """How often each part stands in a skill's words: once in each trigger, and once in all else."""
    document = Counter(grams(entry.card, memo))
    for text in entry.texts[:-1]:
        document.update(grams(text, memo))
    return document


def _weights(documents: Sequence[Counter[str]]) -> dict[str, float]:
    """How much each part tells: the fewer skills have it, the more."""
    count: Counter[str] = Counter()
    for document in documents:
        count.update(document.keys())
    everything = len(documents)
    return {part: math.log(1 + (everything - have + 0.5) / (have + 0.5)) for part, have in count.items()}


def _index(documents: Sequence[Counter[str]], weights: Mapping[str, float]) -> dict[str, _Posting]:
    lengths = [document.total() for document in documents]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    index: dict[str, _Posting] = {}
    for one, document in enumerate(documents):
        damping = _K1 * (1 - _B + _B * lengths[one] / usual)
        for part, times in document.items():
            posting = index.get(part)
            if posting is None:
                posting = index[part] = (array("i"), array("i"))
            posting[0].append(one)
            posting[1].append(int(_UNIT * weights[part] * times * (_K1 + 1) / (times + damping)))
    return index


def _impact(posting: _Posting, one: int) -> int:
    ids, impacts = posting
    at = bisect_left(ids, one)
    return impacts[at] if at < len(ids) and ids[at] == one else 0


def _spread(values: Sequence[float], over: int) -> tuple[float, float]:
    """Mean and standard deviation; what is not among the values counts as nothing."""
    mean = sum(values) / over
    square = sum((value - mean) ** 2 for value in values) + (over - len(values)) * mean * mean
    return mean, math.sqrt(square / over) or 1.0
