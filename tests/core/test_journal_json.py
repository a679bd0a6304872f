"""Every noun comes back from the journal equal and of the same types; what cannot be carried is refused."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import types
import typing
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import (
    alert,
    approval,
    capability,
    card,
    check,
    episode,
    errors,
    incident,
    inventory,
    origin,
    proposal,
    report,
    skill_manifest,
    world,
)
from core.approval import Answer, Approval
from core.errors import BusyError, InvalidError, NightshiftError, UnknownError
from core.incident import Incident, Outcome
from core.journal_json import error_from_json, error_to_json, from_json, result_type, to_json
from core.origin import Origin
from core.world import Json

MODULES = (
    alert,
    approval,
    capability,
    card,
    check,
    episode,
    incident,
    inventory,
    origin,
    proposal,
    report,
    skill_manifest,
    world,
)
WITH_BYTES = {"FileContent"}
NOUNS = tuple(
    noun
    for module in MODULES
    for name, noun in sorted(vars(module).items())
    if isinstance(noun, type)
    and dataclasses.is_dataclass(noun)
    and noun.__module__ == module.__name__
    and name not in WITH_BYTES
)
ERRORS = tuple(
    kind for _, kind in sorted(vars(errors).items()) if inspect.isclass(kind) and issubclass(kind, NightshiftError)
)

TEXT = st.text(max_size=6)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
TIME = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), FLOAT, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXT, inner, max_size=2)),
    max_leaves=4,
)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(),
    float: FLOAT,
    bool: st.booleans(),
    datetime: TIME,
    types.NoneType: st.none(),
}


def is_json(annotation: object) -> bool:
    return "ForwardRef" in str(annotation)


@functools.cache
def values(annotation: object) -> st.SearchStrategy[Any]:
    """Values of an annotation."""
    makers = (_plain, _json, _enum, _noun, _union, _tuple)
    return next(made for maker in makers if (made := maker(annotation)) is not None)


def _plain(annotation: object) -> st.SearchStrategy[Any] | None:
    return PLAIN.get(annotation)


def _json(annotation: object) -> st.SearchStrategy[Any] | None:
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return JSON if is_union and is_json(annotation) else None


def _enum(annotation: object) -> st.SearchStrategy[Any] | None:
    return st.sampled_from(annotation) if isinstance(annotation, type) and issubclass(annotation, Enum) else None


def _noun(annotation: object) -> st.SearchStrategy[Any] | None:
    if not dataclasses.is_dataclass(annotation):
        return None
    hints = typing.get_type_hints(annotation)
    fields = {field.name: values(hints[field.name]) for field in dataclasses.fields(annotation)}
    return st.builds(typing.cast("type", annotation), **fields)


def _union(annotation: object) -> st.SearchStrategy[Any] | None:
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return st.one_of(*map(values, typing.get_args(annotation))) if is_union else None


def _tuple(annotation: object) -> st.SearchStrategy[Any] | None:
    members = typing.get_args(annotation)
    if members[-1] is Ellipsis:
        return st.lists(values(members[0]), max_size=2).map(tuple)
    return st.tuples(*map(values, members))


def same(first: object, second: object) -> bool:
    """Equal, and of the same types all the way down; an aware time may come back in another zone."""
    if dataclasses.is_dataclass(first):
        return type(first) is type(second) and all(
            same(getattr(first, f.name), getattr(second, f.name)) for f in dataclasses.fields(first)
        )
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
@given(data=st.data())
def test_every_noun_comes_back(noun: type, data: st.DataObject) -> None:
    value = data.draw(values(noun))
    stored = json.dumps(to_json(value, noun))
    assert same(from_json(json.loads(stored), noun), value)


def test_the_nouns_of_the_story_are_among_them() -> None:
    names = {noun.__name__ for noun in NOUNS}
    assert names >= {
        "Incident",
        "Attempt",
        "Approval",
        "Proposal",
        "Report",
        "Episode",
        "Outcome",
        "Skill",
        "Alert",
        "Value",
        "Undo",
        "Card",
    }


# ---- annotations --------------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Left:
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Right:
    n: int
    note: str = ""


@dataclasses.dataclass
class Melting:
    n: int


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (None, None),
        (int | None, None),
        (Left | Right, Left(1)),
        (Left | Right | None, Right(1)),
        (tuple[Left | Right, ...], (Right(2), Left(1))),
        (frozenset[str], frozenset({"b", "a"})),
        (frozenset[Left], frozenset({Left(2), Left(1)})),
        (dict[str, Left], {"a": Left(1)}),
        (list[tuple[str, int]], [("a", 1)]),
        (tuple[()], ()),
        (str | int | float | bool | tuple[str, ...], ("a", "b")),
        (str | int | float | bool | tuple[str, ...], 1.0),
        (str | int | float | bool | tuple[str, ...], True),
        (tuple[str, int, Origin], ("a", 1, Origin.TEXT)),
        (dict[str, dict[str, float]], {"a": {"b": 1.5}}),
    ],
)
def test_what_is_told_apart_comes_back_as_what_it_was(annotation: object, value: object) -> None:
    back = from_json(json.loads(json.dumps(to_json(value, annotation))), annotation)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, True),
        (int, 1.0),
        (int, "1"),
        (bool, 1),
        (str, None),
        (float, float("nan")),
        (float, float("inf")),
        (float, "1"),
        (datetime, datetime(2026, 1, 1)),  # noqa: DTZ001 - the point
        (tuple[int, ...], [1]),
        (tuple[int, int], (1,)),
        (list[int], (1,)),
        (frozenset[int], {1}),
        (dict[str, int], {1: 1}),
        (Left, Right(1)),
        (Left | Right, None),
        (Left | Right, 3),
        (Answer, "go"),
        (Origin, Answer.GO),
        (Melting, Melting(1)),
        (bytes, b"x"),
        (object, "x"),
        (Any, "x"),
        (set[int], {1}),
        (dict[int, int], {1: 1}),
        (typing.TypeVar("T"), 1),
        (int | Melting, 1),
        (tuple[int, int] | tuple[int, ...], (1, 2)),
        (Json, (1, 2)),
        (Json, {1: 2}),
        (Json, float("nan")),
        (Json, b"x"),
    ],
)
def test_what_cannot_be_carried_is_refused(annotation: object, value: object) -> None:
    with pytest.raises(InvalidError):
        to_json(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (Left, {}),
        (Left, {"n": 1, "m": 2}),
        (Left, {"n": "1"}),
        (Left, [1]),
        (Left, None),
        (Left | Right, {"$": "Melting", "value": {"n": 1}}),
        (Left | Right, {"n": 1}),
        (Left | Right, {"$": ["Left"], "value": {"n": 1}}),
        (Left | Right, None),
        (Answer, "maybe"),
        (Answer, 1),
        (capability.Risk, True),
        (capability.Risk, 9),
        (datetime, "yesterday"),
        (datetime, "2026-01-01T00:00:00"),
        (datetime, 5),
        (tuple[int, int], [1]),
        (frozenset[int], 1),
        (dict[str, int], [1]),
        (int, None),
        (float, True),
    ],
)
def test_other_data_is_refused(annotation: object, data: Any) -> None:
    with pytest.raises(InvalidError):
        from_json(data, annotation)


def test_a_row_from_before_a_field_was_made_gets_its_default() -> None:
    assert from_json({"n": 1}, Right) == Right(1, "")


def test_a_text_that_is_an_enum_is_journalled_as_the_plain_text() -> None:
    back = from_json(to_json(Answer.GO, str), str)
    assert back == "go"
    assert type(back) is str


def test_json_that_is_too_deep_is_refused() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(InvalidError):
        to_json(deep, Json)


# ---- callables and errors -----------------------------------------------------------------------------------------------------------


class Desk:
    def ask(self, incident: Incident) -> Approval | None:
        raise NotImplementedError

    def __call__(self) -> tuple[tuple[str, Json], ...]:
        raise NotImplementedError


def unsaid(n: int):  # type: ignore[no-untyped-def]
    return n


def test_the_type_of_a_result_is_found_on_everything_that_can_be_called() -> None:
    desk = Desk()
    assert result_type(desk.ask) == Approval | None
    assert result_type(functools.partial(desk.ask)) == Approval | None
    facts = (("a", [1, {"b": None}]),)
    assert from_json(to_json(facts, result_type(desk)), result_type(desk)) == facts


def test_a_call_that_does_not_say_what_it_returns_is_refused() -> None:
    with pytest.raises(InvalidError, match="does not say what it returns"):
        result_type(unsaid)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_error_of_ours_comes_back_as_itself(kind: type[NightshiftError], data: st.DataObject) -> None:
    hints = typing.get_type_hints(kind.__init__)
    names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
    error = kind(**{name: data.draw(values(hints[name])) for name in names})
    back = error_from_json(json.loads(json.dumps(error_to_json(error))))
    assert type(back) is kind
    assert str(back) == str(error)
    assert [getattr(back, name) for name in names] == [getattr(error, name) for name in names]


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        [],
        {},
        {"error": "Exception", "arguments": {}},
        {"error": "Iterator", "arguments": {}},
        {"error": "BusyError", "arguments": {}},
        {"error": "BusyError", "arguments": {"resource": 3}},
        {"error": "BusyError", "arguments": {"resource": "x", "y": 1}},
        {"error": ["x"]},
    ],
)
def test_what_is_no_error_of_ours_is_refused(data: Any) -> None:
    with pytest.raises(InvalidError):
        error_from_json(data)


class ForeignError(NightshiftError):
    pass


def test_an_error_from_elsewhere_is_not_journalled() -> None:
    with pytest.raises(InvalidError):
        error_to_json(ForeignError("x"))


def test_facts_of_known_errors_survive() -> None:
    back = error_from_json(error_to_json(UnknownError("skill", "x", ("a", "b"))))
    assert isinstance(back, UnknownError)
    assert back.known == ("a", "b")
    assert isinstance(error_from_json(error_to_json(BusyError("host:a"))), BusyError)


def test_an_outcome_with_facts_of_every_kind_survives() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    outcome = Outcome("r", True, "s", (("a", None), ("b", [1, "x", {"c": 1.5}])), 1, 0, now, now)
    assert from_json(json.loads(json.dumps(to_json(outcome, Outcome))), Outcome) == outcome
