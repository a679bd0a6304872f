"""The policy is its checked-in table, `policy_table.txt`, row by row, and strict in every column.

After a reviewed change of the rules, write the table again and read its diff like code:

    python -c "from tests.core.test_policy import table; print(table(), end='')" > tests/core/policy_table.txt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approval import Answer
from core.capability import Risk
from core.inventory import Mode
from core.policy import Asker, Case, decide, line_of, stricter
from core.skill_manifest import SkillState

TABLE = Path(__file__).with_name("policy_table.txt")

STRICTEST_LAST: dict[str, tuple[Any, ...]] = {
    "mode": tuple(sorted(Mode, reverse=True)),
    "risk": tuple(Risk),
    "state": (SkillState.OWNED, SkillState.TRIAL, SkillState.DRAFT),
    "asker": (Asker.ORDER, Asker.RECALL, Asker.PROBE, Asker.CLAIM),
    "has_text_origin": (False, True),
    "is_dry_run": (True, False),
}

THE_SAME = (
    ("state", (SkillState.DRAFT, SkillState.CHANGED, SkillState.QUARANTINED, SkillState.RETIRED)),
    ("asker", (Asker.PROBE, Asker.MODEL, Asker.CLOCK)),
)


def cases() -> Iterator[Case]:
    for row in product(Mode, Risk, SkillState, Asker, (False, True), (False, True)):
        yield Case(*row)


def row(case: Case) -> str:
    origin = "text" if case.has_text_origin else "known"
    run = "dry run" if case.is_dry_run else "run"
    columns = (case.mode.word, case.risk.word, case.state, case.asker, origin, run)
    return " | ".join(f"{column:<11}" for column in columns) + f" | {decide(case)}\n"


def table() -> str:
    return "".join(map(row, cases()))


ANY_CASE = st.sampled_from(tuple(cases()))


def test_every_row_is_as_it_was_reviewed() -> None:
    assert table() == TABLE.read_text()


def test_the_table_has_a_row_for_everything() -> None:
    assert len(TABLE.read_text().splitlines()) == 3 * 4 * 6 * 7 * 2 * 2


@pytest.mark.parametrize("column", STRICTEST_LAST)
def test_a_stricter_column_never_gives_a_looser_answer(column: str) -> None:
    values = STRICTEST_LAST[column]
    for case in cases():
        answers = [decide(replace(case, **{column: value})) for value in values]
        assert answers == sorted(answers, key=list(Answer).index), f"{column}: {case}"


@pytest.mark.parametrize(("column", "values"), THE_SAME)
def test_what_the_table_does_not_tell_apart_answers_the_same(column: str, values: tuple[Any, ...]) -> None:
    for case in cases():
        plain = replace(case, is_dry_run=False)
        assert len({decide(replace(plain, **{column: value})) for value in values}) == 1


@pytest.mark.parametrize(
    ("mode", "risk", "state", "asker", "answer"),
    [
        (Mode.OBSERVE, Risk.LOW, SkillState.OWNED, Asker.CLAIM, Answer.GO),
        (Mode.AUTO, Risk.LOW, SkillState.TRIAL, Asker.PERSON, Answer.ASK1),
        (Mode.OBSERVE, Risk.MEDIUM, SkillState.OWNED, Asker.ORDER, Answer.DENY),
        (Mode.APPROVE, Risk.MEDIUM, SkillState.OWNED, Asker.ORDER, Answer.GO),
        (Mode.APPROVE, Risk.MEDIUM, SkillState.OWNED, Asker.RECALL, Answer.ASK1),
        (Mode.AUTO, Risk.MEDIUM, SkillState.OWNED, Asker.RECALL, Answer.GO),
        (Mode.AUTO, Risk.MEDIUM, SkillState.OWNED, Asker.PERSON, Answer.ASK1),
        (Mode.AUTO, Risk.MEDIUM, SkillState.TRIAL, Asker.ORDER, Answer.ASK1),
        (Mode.AUTO, Risk.HIGH, SkillState.OWNED, Asker.ORDER, Answer.ASK2),
        (Mode.AUTO, Risk.HIGH, SkillState.OWNED, Asker.CLAIM, Answer.DENY),
        (Mode.AUTO, Risk.NEVER, SkillState.OWNED, Asker.PERSON, Answer.DENY),
    ],
)
def test_the_lines_of_trust_hold(mode: Mode, risk: Risk, state: SkillState, asker: Asker, answer: Answer) -> None:
    assert decide(Case(mode, risk, state, asker, has_text_origin=False)) is answer


@pytest.mark.parametrize(
    ("risk", "answer"), [(Risk.LOW, Answer.ASK1), (Risk.MEDIUM, Answer.ASK1), (Risk.HIGH, Answer.DENY)]
)
def test_a_value_from_text_is_confirmed_or_denied(risk: Risk, answer: Answer) -> None:
    assert decide(Case(Mode.AUTO, risk, SkillState.OWNED, Asker.ORDER, has_text_origin=True)) is answer


def test_only_an_approvers_dry_run_of_a_look_runs_what_may_not_run() -> None:
    forbidden = [case for case in cases() if case.state not in (SkillState.OWNED, SkillState.TRIAL)]
    open_rows = [case for case in forbidden if decide(case) is not Answer.DENY]
    assert open_rows
    assert all(case.is_dry_run and case.risk is Risk.LOW and case.asker is Asker.PERSON for case in open_rows)


@given(
    ANY_CASE,
    st.sampled_from(["mode", "risk", "state", "asker", "has_text_origin", "is_dry_run"]),
    st.one_of(
        st.none(),
        st.integers(-2, 5),
        st.text(max_size=8),
        st.floats(),
        st.sampled_from(["owned", "person", "auto", "low"]),
    ),
)
def test_an_unknown_value_is_denied(case: Case, column: str, value: Any) -> None:
    wrong = replace(case, **{column: value})
    assert decide(wrong) is Answer.DENY
    assert line_of(wrong).endswith("-> deny")


@given(st.sampled_from(Answer), st.sampled_from(Answer))
def test_a_further_rule_only_moves_an_answer_to_the_right(first: Answer, second: Answer) -> None:
    order = list(Answer)
    assert order.index(stricter(first, second)) == max(order.index(first), order.index(second))
    assert stricter(first, second) is stricter(second, first)


@given(ANY_CASE)
def test_the_line_says_the_answer_and_its_columns(case: Case) -> None:
    line = line_of(case)
    assert line.startswith(f"{case.mode.word} | {case.risk.word} | {case.state} | {case.asker}")
    assert line.endswith(f"-> {decide(case)}")
    assert ("value from text" in line) is case.has_text_origin
