"""From words to skills: BM25 over character n-grams of every skill's zh and en triggers; refusing is a normal answer."""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from core.calibration import USUAL, Gates
from core.capability import Risk
from core.grams import grams
from core.skill_manifest import Skill, SkillState
from core.trigger import LearnedTrigger
from core.wording import Mood, elsewhere, mood

_K1, _B = 1.2, 0.6
_UNIT = 1000
"""Impacts are whole thousandths: an array of them is small and quick to walk."""
_MOST_POSTINGS = 1000
"""Entries of the index that one query touches; the rarest parts of what was said come first, and they are what tells skills apart."""
_CANDIDATES = 8
_TOO_COMMON = 0.7
"""What so large a part of all skills says tells them apart no more."""
_BY_ONE_TEXT = 0.3
"""How much it counts that one single trigger is like the words, beside what all of a skill's words together explain."""
_FEW = 10
"""In fewer skills nothing is common."""
_AGAINST = 0.6
"""A text that shares so much with one that was said not to mean a skill does not mean it."""
_FITS = 1.1
"""How much more a skill counts that does what somebody orders, or that looks where somebody asks."""
_STRANGE = 0.75
"""What a part counts that no skill has, against the rarest that one has: it is as often a name as another matter."""
_DENSE = 2.0
"""How much a part in Chinese counts against one in Latin letters, of which a word has several times as many."""
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
class _Text:
    """One text and what it consists of."""

    text: str
    parts: tuple[str, ...]
    mass: float = 0.0

    def weighed(self, weights: Mapping[str, float], unknown: float) -> _Text:
        """With the weight of all its parts."""
        return replace(self, mass=sum(_weigh(part, weights, unknown) for part in self.parts))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One skill with the texts that stand for it, and those that were said not to."""

    skill: Skill
    texts: tuple[_Text, ...]
    against: tuple[_Text, ...]
    card: tuple[str, ...]

    def weighed(self, weights: Mapping[str, float], unknown: float) -> _Entry:
        """With the weight of each text."""
        pro, against = (tuple(one.weighed(weights, unknown) for one in them) for them in (self.texts, self.against))
        return replace(self, texts=pro, against=against)


class Router:
    """An index over the skills as they were given. It never changes, so that several threads may ask it at once.

    `by_meaning` gives the likeness of words to each of `texts`, in their order, or nothing while it cannot.
    """

    def __init__(
        self,
        skills: Iterable[Skill],
        learned: Iterable[LearnedTrigger] = (),
        by_meaning: Callable[[str], Sequence[float]] | None = None,
        gates: Gates = USUAL,
    ) -> None:
        self.gates, self._by_meaning = gates, by_meaning
        entries = _entries(skills, learned)
        documents = [_document(entry) for entry in entries]
        self._weights = _weights(documents)
        self._unknown = _STRANGE * math.log(1 + (len(documents) + 0.5) / 0.5)
        self._entries = tuple(one.weighed(self._weights, self._unknown) for one in entries)
        self._elsewhere = tuple(
            tuple(_Text(text, grams(text)).weighed(self._weights, self._unknown) for text in texts)
            for texts in elsewhere(_said(entries))
        )
        documents += [Counter(part for one in texts for part in one.parts) for texts in self._elsewhere]
        self._index = _index(documents, self._weights, self._unknown)
        self.texts = tuple(one.text for entry in self._entries for one in entry.texts)

    def shortlist(self, words: str, most: int = 5) -> tuple[Match, ...]:
        """The best first; those under the floor are left out, so that it is empty where no skill serves the words."""
        asked = {part: self._weight(part) for part in grams(words)}
        explained, wanted = self._by_letters(asked), mood(words)
        found = {
            one: self._match(one, score, asked, wanted) for one, score in explained.items() if one < len(self._entries)
        }
        if self._is_elsewhere(explained, asked, max((match.score for match in found.values()), default=0.0)):
            return ()
        ranks = self._ranks(words, {one: match.score for one, match in found.items()})
        passed = [
            replace(match, rank=ranks[one])
            for one, match in found.items()
            if match.score >= self.gates.floor and not self._is_against(one, asked)
        ]
        return tuple(heapq.nsmallest(most, passed, key=lambda match: (-match.rank, match.skill.name)))

    def is_clear(self, matches: Sequence[Match]) -> bool:
        """True where the first leads so that it may be proposed without asking which."""
        if not matches or matches[0].score < self.gates.clear:
            return False
        return self.margin(matches) >= self.gates.margin

    @staticmethod
    def margin(matches: Sequence[Match]) -> float:
        """By how much the first's score leads the best of the others."""
        return matches[0].score - max((one.score for one in matches[1:]), default=0.0) if matches else 0.0

    def _weight(self, part: str) -> float:
        """What is in no skill says that something else is meant, but for numbers, which are in everything."""
        return _weigh(part, self._weights, self._unknown)

    # ---- by letters ---------------------------------------------------------------------------------------------------------------

    def _by_letters(self, asked: Mapping[str, float]) -> dict[int, float]:
        """How much of the words each of the best candidates explains: found by the rarest parts, then counted over all of them.

        What is in no skill counts against all of them, for it says that something else is meant.
        """
        postings = sorted((self._index[part] for part in asked if part in self._index), key=_size)
        found: dict[int, int] = {}
        left, used = _MOST_POSTINGS, 0
        for ids, impacts in postings:
            left -= len(ids)
            if left < 0 and used:
                break
            used += 1
            for one, impact in zip(ids, impacts, strict=True):
                found[one] = found.get(one, 0) + impact
        whole = sum(asked.values()) * (_K1 + 1) * _UNIT
        best = dict(heapq.nlargest(_CANDIDATES, found.items(), key=itemgetter(1)))
        for ids, impacts in postings[used:]:
            for one in best:
                at = bisect_left(ids, one)
                if at < len(ids) and ids[at] == one:
                    best[one] += impacts[at]
        return {one: got / whole for one, got in best.items()} if whole else {}

    def _match(self, one: int, explained: float, asked: Mapping[str, float], wanted: Mood) -> Match:
        entry = self._entries[one]
        score, text = self._score(entry.texts, explained, asked)
        does = Mood.ASKS if entry.skill.risk is Risk.LOW else Mood.ORDERS
        if wanted is not Mood.STATES:
            score = min(score * _FITS, 1.0) if does is wanted else score / _FITS
        return Match(entry.skill, score, text)

    def _score(self, texts: Sequence[_Text], explained: float, asked: Mapping[str, float]) -> tuple[float, str]:
        likeness, text = self._nearest(texts, asked)
        return (1 - _BY_ONE_TEXT) * explained + _BY_ONE_TEXT * likeness, text

    def _is_elsewhere(self, explained: Mapping[int, float], asked: Mapping[str, float], best: float) -> bool:
        """True where the words are nearer to what no skill here serves than to any of them."""
        first = len(self._entries)
        others = ((self._elsewhere[one - first], score) for one, score in explained.items() if one >= first)
        return any(self._score(texts, score, asked)[0] > best for texts, score in others)

    def _is_against(self, one: int, asked: Mapping[str, float]) -> bool:
        return self._nearest(self._entries[one].against, asked)[0] >= _AGAINST

    def _nearest(self, texts: Sequence[_Text], asked: Mapping[str, float]) -> tuple[float, str]:
        """How like the words the likest of the texts is, 0 to 1 (of the parts that either has, those that both have), and that text."""
        whole, nearest = sum(asked.values()), (0.0, "")
        for one in texts:
            both = sum(map(asked.__getitem__, filter(asked.__contains__, one.parts)))
            likeness = both / (whole + one.mass - both) if both else 0.0
            nearest = max(nearest, (likeness, one.text))
        return nearest

    # ---- by meaning ---------------------------------------------------------------------------------------------------------------

    def _ranks(self, words: str, scores: Mapping[int, float]) -> Mapping[int, float]:
        """Letters and meaning miss different things, so that both are brought to one scale over all skills and added."""
        likeness = self._by_meaning(words) if self._by_meaning is not None and scores else ()
        if not likeness or len(likeness) != len(self.texts):
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
    said: dict[tuple[str, bool], list[str]] = {}
    for one in newest.values():
        said.setdefault((one.skill, one.is_wrong), []).append(one.text)
    memo: dict[str, tuple[str, ...]] = {}

    def texts(*them: str) -> tuple[_Text, ...]:
        return tuple(_Text(text, grams(text, memo)) for text in them)

    return tuple(
        _Entry(
            skill,
            texts(*skill.triggers, *said.get((skill.name, False), ())),
            texts(*said.get((skill.name, True), ())),
            texts(_card(skill))[0].parts,
        )
        for skill in skills
        if skill.state in _SERVES
    )


def _said(entries: Sequence[_Entry]) -> str:
    """All that the skills say of themselves."""
    return "\n".join(text for one in entries for text in (_card(one.skill), *(said.text for said in one.texts)))


def _card(skill: Skill) -> str:
    """What stands for a skill beside its triggers: the words of its name, of its summary and of the signals that it is about."""
    signals = (signal.replace(".", " ").replace("_", " ") for signal in (*skill.cures, *skill.looks_at))
    return " ".join((skill.name.replace("_", " "), skill.summary, *signals))


def _document(entry: _Entry) -> Counter[str]:
    """How often each part stands in a skill's words: once in each trigger, and once in all else."""
    document = Counter(entry.card)
    for text in entry.texts:
        document.update(text.parts)
    return document


def _weights(documents: Sequence[Counter[str]]) -> dict[str, float]:
    """How much each part tells: the fewer skills have it, the more."""
    count: Counter[str] = Counter()
    for document in documents:
        count.update(document.keys())
    everything = len(documents)
    common = max(_TOO_COMMON * everything, _FEW)
    return {
        part: (1.0 if part.isascii() else _DENSE) * math.log(1 + (everything - have + 0.5) / (have + 0.5))
        if have <= common
        else 0.0
        for part, have in count.items()
    }


def _weigh(part: str, weights: Mapping[str, float], unknown: float) -> float:
    known = weights.get(part)
    if known is not None:
        return known
    return 0.0 if part.isdigit() else unknown if part.isascii() else _DENSE * unknown


def _index(documents: Sequence[Counter[str]], weights: Mapping[str, float], unknown: float) -> dict[str, _Posting]:
    lengths = [document.total() for document in documents]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    index: dict[str, _Posting] = {}
    for one, document in enumerate(documents):
        damping = _K1 * (1 - _B + _B * lengths[one] / usual)
        for part, times in document.items():
            weight = _weigh(part, weights, unknown)
            if not weight:
                continue
            posting = index.get(part)
            if posting is None:
                posting = index[part] = (array("i"), array("i"))
            posting[0].append(one)
            posting[1].append(int(_UNIT * weight * times * (_K1 + 1) / (times + damping)))
    return index


def _size(posting: _Posting) -> int:
    return len(posting[0])


def _spread(values: Sequence[float], over: int) -> tuple[float, float]:
    """Mean and standard deviation; what is not among the values counts as nothing."""
    mean = sum(values) / over
    square = sum((value - mean) ** 2 for value in values) + (over - len(values)) * mean * mean
    return mean, math.sqrt(square / over) or 1.0
