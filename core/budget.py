"""What may be spent on models: per run of a story, per incident, per day; pure arithmetic over what was spent."""

from __future__ import annotations
