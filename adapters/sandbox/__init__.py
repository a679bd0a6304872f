"""Sandboxes: where the code of a skill runs without touching anything (port `Sandbox`)."""
