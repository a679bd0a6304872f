"""Gates fitted on a team's own decisions: never wider than the usual ones, and closed where nothing can be trusted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.calibration import LEAST_SAMPLES, MOST_WRONG, USUAL, Gates, Sample, gates_for

SHARE = st.floats(0, 1)
SAMPLES = st.lists(st.builds(Sample, SHARE, SHARE, st.booleans()), max_size=120)


def passed(samples: list[Sample], gates: Gates) -> list[bool]:
    """Whether each that is clear under these gates was right."""
    return [one.was_right for one in samples if one.score >= gates.clear and one.margin >= gates.margin]


@given(SAMPLES)
def test_the_gates_are_never_wider_than_the_usual_ones(samples: list[Sample]) -> None:
    gates = gates_for(samples)
    assert gates.floor == USUAL.floor
    assert gates.clear >= USUAL.clear
    assert gates.margin >= USUAL.margin


@given(SAMPLES)
def test_of_what_is_clear_at_most_one_in_twenty_was_wrong(samples: list[Sample]) -> None:
    said = passed(samples, gates_for(samples))
    assert len(samples) < LEAST_SAMPLES or said.count(False) <= MOST_WRONG * len(said)


@given(SAMPLES)
def test_the_order_in_which_people_decided_does_not_matter(samples: list[Sample]) -> None:
    assert gates_for(samples) == gates_for(samples[::-1])


def test_few_decisions_change_nothing() -> None:
    assert gates_for([Sample(0.9, 0.5, was_right=False)] * (LEAST_SAMPLES - 1)) == USUAL


def test_a_team_that_always_agreed_keeps_the_usual_gates() -> None:
    assert gates_for([Sample(0.4 + at / 100, 0.2, was_right=True) for at in range(40)]) == USUAL


def test_where_low_scores_were_wrong_the_gate_rises_above_them() -> None:
    samples = [Sample(0.40, 0.1, was_right=False)] * 20 + [Sample(0.70, 0.1, was_right=True)] * 20
    assert 0.40 < gates_for(samples).clear <= 0.70


def test_where_small_leads_were_wrong_a_larger_one_is_wanted() -> None:
    samples = [Sample(0.6, 0.05, was_right=False)] * 20 + [Sample(0.6, 0.3, was_right=True)] * 20
    assert 0.05 < gates_for(samples).margin <= 0.3


def test_where_nothing_fits_nothing_is_clear() -> None:
    gates = gates_for([Sample(at / 40, 0.5, was_right=False) for at in range(40)])
    assert passed([Sample(1.0, 1.0, was_right=True)], gates) == []
