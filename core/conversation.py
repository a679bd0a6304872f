"""STORY 5: a person asks or tasks us in free words: a look and an answer, a proposal like any other, or a request to learn."""

from __future__ import annotations
