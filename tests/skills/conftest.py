"""What tests of skills share: one sandbox for all, and a patient for each test that breaks something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from tests.skills.hands import Hands
from tests.skills.patient import Patient


@pytest.fixture(scope="session")
def sandbox() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(warm=1)
    yield made
    made.close()


@pytest.fixture
def patient() -> Iterator[Patient]:
    made = Patient()
    try:
        made.furnish()
        yield made
    finally:
        made.close()


@pytest.fixture
def hands(patient: Patient, sandbox: BubblewrapSandbox) -> Hands:
    return Hands(patient.host, sandbox)
