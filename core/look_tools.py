"""Read-only skills as tools of a model, and what one of its calls means: a look that is checked before it is made."""

from __future__ import annotations
