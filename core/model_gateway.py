"""The one way to the brain: what leaves is redacted, counted, bounded in time and money, tried again within reason, and kept."""

from __future__ import annotations
