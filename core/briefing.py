"""What the brain is told of an incident: the trouble, what was tried, what might help, what the team wrote; all within a bound."""

from __future__ import annotations
