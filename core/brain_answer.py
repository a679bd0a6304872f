"""The typed answers of the brain: their schema, how one is read, and the sentence that asks for a better one."""

from __future__ import annotations
