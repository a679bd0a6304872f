"""Documents that a skill's facts describe, read strictly: nothing in them is believed, and all of it is bounded.

facts["document"] = {"title": text, "sections": [
    {"heading": text, "text": text},
    {"heading": text, "table": {"columns": [text, …], "rows": [[text or number, …], …]}},
    {"heading": text, "series": {"unit": text, "lines": {name: [[seconds since 1970, number], …]}}},
]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidError
from core.world import Json

FACT = "document"
"""The fact that is a document."""

_SECTIONS, _ROWS, _COLUMNS, _LINES, _POINTS = 30, 1000, 40, 8, 2000
_LONGEST = {"title": 200, "heading": 200, "text": 20_000, "cell": 500, "name": 80, "unit": 40}
_FIRST_YEAR, _LAST_YEAR = 0.0, 4_102_444_800.0


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: moments in seconds since 1970, and values."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is plotted. `marks` are moments with a word each, such as where a repair began and ended."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with one thing below it."""

    heading: str
    text: str = ""
    table: Table | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is made a file of."""

    title: str
    sections: tuple[Section, ...]


def document_of(fact: Json) -> Document:
    """The document in a fact; raises InvalidError that names what is wrong."""
    whole = _table(fact, "it", {"title", "sections"})
    sections = _list(whole["sections"], "sections", _SECTIONS)
    return Document(_text(whole["title"], "title"), tuple(map(_section, sections)))


def _section(raw: Json) -> Section:
    given = _mapping(raw, "a section")
    heading, kinds = _text(given.get("heading"), "heading"), sorted(set(given) - {"heading"})
    if kinds == ["text"]:
        return Section(heading, text=_text(given["text"], "text"))
    if kinds == ["table"]:
        return Section(heading, table=_rows(given["table"]))
    if kinds == ["series"]:
        return Section(heading, picture=_series(heading, given["series"]))
    raise InvalidError(f"document: section {heading!r} has exactly one of text, table and series")


def _rows(raw: Json) -> Table:
    given = _table(raw, "a table", {"columns", "rows"})
    columns = tuple(_text(one, "cell") for one in _list(given["columns"], "columns", _COLUMNS))
    rows = tuple(tuple(map(_cell, _list(row, "a row", _COLUMNS))) for row in _list(given["rows"], "rows", _ROWS))
    if not columns or any(len(row) != len(columns) for row in rows):
        raise InvalidError("document: every row of a table has as many cells as it has columns")
    return Table(columns, rows)


def _series(heading: str, raw: Json) -> Picture:
    given = _table(raw, "a series", {"unit", "lines"})
    lines = _mapping(given["lines"], "lines")
    if not 0 < len(lines) <= _LINES:
        raise InvalidError(f"document: a series has 1 to {_LINES} lines")
    return Picture(heading, _text(given["unit"], "unit"), tuple(_line(name, points) for name, points in lines.items()))


def _line(name: str, raw: Json) -> Line:
    points = []
    for point in _list(raw, "points", _POINTS):
        moment, value = (
            map(_number, _list(point, "a point", 2)) if isinstance(point, list) and len(point) == 2 else (-1, 0)
        )
        if not _FIRST_YEAR <= moment <= _LAST_YEAR:
            raise InvalidError("document: a point is [seconds since 1970, number]")
        points.append((moment, value))
    return Line(_text(name, "name"), tuple(sorted(points)))


def _cell(value: Json) -> str:
    if isinstance(value, str):
        return _text(value, "cell")
    return "" if value is None else f"{_number(value):.15g}"


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidError("document: a number is a finite number")
    return float(value)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST[what]:
        raise InvalidError(f"document: {what} is a text of at most {_LONGEST[what]} characters")
    return value


def _list(value: Json, what: str, most: int) -> list[Json]:
    if not isinstance(value, list) or len(value) > most:
        raise InvalidError(f"document: {what} is a list of at most {most}")
    return value


def _mapping(value: Json, what: str) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise InvalidError(f"document: {what} is an object")
    return value


def _table(value: Json, what: str, keys: set[str]) -> Mapping[str, Json]:
    given = _mapping(value, what)
    if set(given) != keys:
        raise InvalidError(f"document: {what} has {' and '.join(sorted(keys))}, and nothing else")
    return given
