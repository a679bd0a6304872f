"""One sandbox for all proofs, a ward for each, and the list of what was proven: `pytest tests/faults --write-proven`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from bot.proven_skills import PROVEN, Proof, proofs_in, proofs_text
from tests.faults.ward import Ward, ward_of
from tests.skills.hands import CATALOG, SKILLS_FOLDER
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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What was marked and passed is a proof of the skill as it is now."""
    given = dict(report.user_properties).get("proves")
    if report.when == "call" and report.passed and isinstance(given, str):
        name, _, fault = given.partition("\n")
        _PROVEN[name] = Proof(CATALOG.get(name).sha256, fault, report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The mark travels with the report."""
    for mark in item.iter_markers("proves"):
        item.user_properties.append(("proves", f"{mark.args[0]}\n{mark.kwargs['fault']}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only what passed in this run is written; what other runs have proven stays, but for skills that are gone."""
    if session.config.getoption("--write-proven") and _PROVEN:
        names = {skill.name for skill in CATALOG.skills()}
        proofs = {**proofs_in(SKILLS_FOLDER), **_PROVEN}
        kept = {name: proof for name, proof in proofs.items() if name in names}
        (SKILLS_FOLDER / PROVEN).write_text(proofs_text(kept))


_PROVEN: dict[str, Proof] = {}
