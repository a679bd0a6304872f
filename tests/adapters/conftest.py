"""Fixtures for adapter tests: a PostgreSQL server for those that ask for one."""

from tests.adapters.postgres import postgres

__all__ = ["postgres"]
