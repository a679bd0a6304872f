"""One sandbox for all proofs, and a ward for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from tests.faults.ward import Ward, ward_of
from tests.skills.patient import Patient


@pytest.fixture(scope="session")
def sandbox() -> Iterator[BubblewrapSandbox]:
    made = BubblewrapSandbox(warm=1)
    yield made
    made.close()


@pytest.fixture
def ward(sandbox: BubblewrapSandbox) -> Iterator[Ward]:
    patient = Patient()
    try:
        patient.furnish()
        with ward_of(patient, sandbox) as made:
            yield made
    finally:
        patient.close()
