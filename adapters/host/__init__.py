"""Hands on a host: safe file walking, argv execution, and the kept child in which both happen, here or elsewhere."""
