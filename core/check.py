"""A check: which signal is measured where, how often, and when it is trouble."""

from __future__ import annotations

from dataclasses import dataclass

from core.alert import Severity, Signal


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the watch. Times in seconds. Bad when the value is over `over` or under `under` for `lasting` seconds.

    It is over once the value is back by `margin` (hysteresis, in the unit of the metric) for two measurements. Failure metrics
    (`process.down`, `http.failed`, …) are 1 while failed and 0 while not, with `over` 0.
    """

    signal: Signal
    host: str
    over: float | None = None
    under: float | None = None
    every: float = 30.0
    lasting: float = 0.0
    margin: float = 0.0
    severity: Severity = Severity.ASK

    @property
    def key(self) -> str:
        """Names the check in stored states."""
        return f"{self.host}|{self.signal}"

    @property
    def limit(self) -> float | None:
        """The threshold, for cards."""
        return self.over if self.over is not None else self.under

    def is_bad(self, value: float) -> bool:
        """True when the value is beyond its threshold."""
        return (self.over is not None and value > self.over) or (self.under is not None and value < self.under)

    def is_clear(self, value: float) -> bool:
        """True when the value is back inside by the margin."""
        over = self.over is not None and value > self.over - self.margin
        under = self.under is not None and value < self.under + self.margin
        return not (over or under)
