"""How often one person's words may be thought about by a model: so often within a while, then rules alone answer."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

MOST, WITHIN = 20, timedelta(minutes=5)
"""Free words of one person; more is a machine, or a person who should not use up what the night needs."""
MOST_PEOPLE = 1000


class Pace:
    """Counts in this process alone; what a day may cost is bounded by rows."""

    def __init__(self, most: int = MOST, within: timedelta = WITHIN) -> None:
        self._most, self._within = most, within
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def lets(self, who: str, now: datetime) -> bool:
        """True, and counted, where it is not too often; a clock that was set back starts anew."""
        with self._lock:
            times = self._times.setdefault(who, deque())
            self._times.move_to_end(who)
            while len(self._times) > MOST_PEOPLE:
                self._times.popitem(last=False)
            while times and not timedelta() <= now - times[0] < self._within:
                times.popleft()
            if len(times) >= self._most:
                return False
            times.append(now)
            return True
