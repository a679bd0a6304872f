"""Fake Hosts: see `tests/fakes/host.py`, where the machines it names are."""

from tests.fakes.host import FakeHosts

__all__ = ["FakeHosts"]
