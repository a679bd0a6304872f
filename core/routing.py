"""From words to skills: BM25 over character n-grams of every skill's zh and en triggers; refusing is a normal answer."""

from __future__ import annotations
