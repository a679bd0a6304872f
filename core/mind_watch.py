"""Whether brain and cerebellum answer: a breaker for each, and what is said once when one is gone and once when it is back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from core.breaker import Breaker
from core.model import Mind
from core.ports import Clock, Ticks

READ_AGAIN_AFTER = timedelta(seconds=30)

_KEY = "mind|"


@dataclass(frozen=True, slots=True)
class MindNews:
    """That a mind is gone or back, the `outage`-th time since this installation began; `why` in the words of who asked it."""

    mind: Mind
    is_gone: bool
    why: str
    outage: int

    @property
    def key(self) -> str:
        """The same news has the same key, so that it is said once, also by two replicas or after a kill."""
        return f"{_KEY}{self.mind}|{self.outage}|{'gone' if self.is_gone else 'back'}"


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said last of one mind, as it is kept."""

    outage: int = 0
    is_gone: bool = False


class MindWatch:
    """Asked before each call and told after it, from any thread. A mind that is not configured is not gone: there is none."""

    def __init__(self, minds: Iterable[Mind], ticks: Ticks, clock: Clock, tell: Callable[[MindNews], None]) -> None:
        self._minds, self._ticks, self._clock, self._tell = frozenset(minds), ticks, clock, tell
        self._breakers = dict.fromkeys(Mind, Breaker())
        self._whys = dict.fromkeys(Mind, "")
        self._said: dict[Mind, _Said] | None = None
        self._read = clock.now()
        self._lock = threading.RLock()

    def why_not(self, mind: Mind) -> str:
        """Why this mind is not to be asked now, '' where it may be."""
        if mind not in self._minds:
            return f"no {mind} is configured"
        with self._lock:
            is_open = self._breakers[mind].lets_through(self._clock.now())
            return "" if is_open else self._whys[mind] or f"the {mind} is just being tried"

    def begin(self, mind: Mind) -> str:
        """As `why_not`; where it may be asked, this caller is the one that asks: while one tries whether it is back, others do not."""
        with self._lock:
            why = self.why_not(mind)
            if not why:
                self._breakers[mind] = self._breakers[mind].begun(self._clock.now())
            return why

    def failed(self, mind: Mind, why: str, is_lasting: bool = False, tries: int = 1) -> None:  # noqa: FBT001, FBT002 - a word of the call
        """It gave no answer, after so many tries, and the night goes on without it; said once, however many calls fail."""
        with self._lock:
            now = self._clock.now()
            self._breakers[mind] = self._breakers[mind].failed(now, tries, is_lasting=is_lasting)
            self._whys[mind] = why
            self._say(mind, why, is_gone=True)

    def answered(self, mind: Mind) -> None:
        """It gave an answer; where it was said to be gone, that it is back is said once."""
        with self._lock:
            self._breakers[mind], self._whys[mind] = Breaker(), ""
            self._say(mind, "", is_gone=False)

    def gone(self) -> dict[Mind, str]:
        """The minds that were said to be gone, each with why; '' where that was before this process."""
        with self._lock:
            known = self._known()
            return {mind: self._whys[mind] for mind in Mind if known[mind].is_gone}

    def _say(self, mind: Mind, why: str, *, is_gone: bool) -> None:
        """The card first, then the mark: who dies between them says it again under the same key, which is once."""
        if self._known()[mind].is_gone == is_gone:
            return
        self._said = {one: _said(self._ticks.states().get(_KEY + one, "")) for one in Mind}
        said = self._said[mind]
        if said.is_gone == is_gone:
            return
        after = _Said(said.outage + is_gone, is_gone)
        self._tell(MindNews(mind, is_gone, why, after.outage))
        self._ticks.save({_KEY + mind: json.dumps({"outage": after.outage, "is_gone": is_gone})})
        self._said[mind] = after

    def _known(self) -> dict[Mind, _Said]:
        """Read again now and then, because another replica may have said something meanwhile."""
        now = self._clock.now()
        if self._said is None or not timedelta() <= now - self._read < READ_AGAIN_AFTER:
            states = self._ticks.states()
            self._said, self._read = {mind: _said(states.get(_KEY + mind, "")) for mind in Mind}, now
        return self._said


def _said(text: str) -> _Said:
    """What cannot be read was not written by us; then it is said once more."""
    try:
        table = json.loads(text)
        return _Said(int(table["outage"]), bool(table["is_gone"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return _Said()
