"""Texts that try to command: the corpus, the doors that it comes in by, and the walls."""
