"""The cerebellum's questions and what its votes mean: one label of a shortlist, one span per parameter."""

from __future__ import annotations
