"""Words of hosts, alerts, pages and people for a model: cleaned, capped, and fenced so that they can be told from ours."""

from __future__ import annotations
