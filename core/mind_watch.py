"""Whether brain and cerebellum answer: a breaker for each, and what is said once when one is gone and once when it is back."""

from __future__ import annotations
