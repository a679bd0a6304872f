"""A patient for tests that need a real host of their own, made once per module, and what looks into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.clock_system import SystemClock
from adapters.host.kept_child import KeptChildren
from adapters.host.namespace import Holder, NamespaceHost
from adapters.patient.patient import Patient
from adapters.probe.served import MODULE, ServedProbe
from core.errors import UnavailableError


@contextmanager
def running_patient(folder: Path) -> Iterator[Patient]:
    """A patient, or a skipped test with the reason where namespaces are forbidden."""
    patient = Patient(folder / "demo")
    try:
        patient.start()
    except UnavailableError as error:
        pytest.skip(error.message)
    try:
        yield patient
    finally:
        patient.stop()


@contextmanager
def host_of(patient: Patient, *protected: Path) -> Iterator[NamespaceHost]:
    """Hands on it."""
    host = NamespaceHost(*patient.holder, protected)
    try:
        yield host
    finally:
        host.close()


@contextmanager
def probe_of(patient: Patient) -> Iterator[ServedProbe]:
    """Eyes on it."""
    children, steady = KeptChildren(Holder(*patient.holder), MODULE), KeptChildren(Holder(*patient.holder), MODULE)
    try:
        yield ServedProbe(children.ask, SystemClock(), steady.ask)
    finally:
        children.close()
        steady.close()
