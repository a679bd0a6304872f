"""A circuit breaker: after some failures in a row nothing is asked for a while, then one call tries."""

from __future__ import annotations
