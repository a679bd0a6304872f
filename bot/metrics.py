"""What /metrics shows: alerts in, commits, and readings taken when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Readings = Callable[[], Mapping[str, float]]
"""Gauges by name (without the prefix), read at scrape time: intake_depth, incidents_open, approvals_pending, stops, outbox_waiting."""


class Metrics(Collector):
    """One registry per server, so that two in one process (tests) do not share counts."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.alerts = Counter(
            "nightshift_alerts_taken", "Alerts made durable, by token", ["source"], registry=self._registry
        )
        self.refused = Counter(
            "nightshift_posts_refused", "Posts that were not taken, by HTTP status", ["status"], registry=self._registry
        )
        self._commits = Histogram(
            "nightshift_intake_commit_seconds", "One transaction of alerts", registry=self._registry
        )

    def committed(self, _alerts: int, seconds: float) -> None:
        """One transaction was written."""
        self._commits.observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """The gauges, read now."""
        for name, value in sorted(self._readings().items()):
            yield GaugeMetricFamily(f"nightshift_{name}", f"Now: {name.replace('_', ' ')}", value=value)
