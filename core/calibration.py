"""Which scores of the router may be trusted, learned from what people approved, picked and refused here."""

from __future__ import annotations
