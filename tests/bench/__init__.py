"""How fast and how small: every figure of the issues, measured on the real thing. `python -m tests.bench [issue-1]`."""
