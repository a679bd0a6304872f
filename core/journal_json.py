"""Nouns to JSON and back by their annotation, for the journal of the durable flow and for rows.

Dataclasses, enums, tuples, frozensets, datetimes and their unions; a union member is told by a tag, so that what comes back is what went in.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Union, cast

from core.errors import InvalidError
from core.world import Json

_PLAIN = (str, int, float, bool)
_TAG = "$"


def to_json(value: object, annotation: object) -> Json:
    """The value as JSON; raises InvalidError for one that its annotation does not cover."""
    return _codec(annotation)[0](value)


def from_json(data: Json, annotation: object) -> Any:
    """The value again, equal to the one that went in."""
    return _codec(annotation)[1](data)


_Codec = tuple[Callable[[Any], Json], Callable[[Any], Any]]


@lru_cache(maxsize=None)
def _codec(annotation: object) -> _Codec:
    origin = typing.get_origin(annotation)
    if annotation is None or annotation is type(None):
        return _none, _none
    if annotation in _PLAIN or annotation in (Any, object) or _is_json(annotation):
        return _same, _same
    if origin is Union or origin is types.UnionType:
        return _union(typing.get_args(annotation))
    if origin in (tuple, list, frozenset):
        return _sequence(cast("type", origin), typing.get_args(annotation))
    if origin is dict:
        return _dict(typing.get_args(annotation)[1])
    if annotation is datetime:
        return datetime.isoformat, datetime.fromisoformat
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return (lambda value: annotation(value).value), annotation
    if dataclasses.is_dataclass(annotation):
        return _dataclass(cast("type", annotation))
    if isinstance(annotation, typing.ForwardRef):
        return _same, _same
    raise InvalidError(f"no value of {annotation!r} can be journalled")


def _same(value: Any) -> Any:
    return value


def _none(value: Any) -> None:
    if value is not None:
        raise InvalidError(f"{type(value).__name__} where nothing was expected")


def _is_json(annotation: object) -> bool:
    return annotation is Json or annotation == Json


def _sequence(kind: type, of: tuple[object, ...]) -> _Codec:
    if kind is tuple and not (len(of) == 2 and of[1] is Ellipsis):
        parts = [_codec(part) for part in of if part != ()]
        return (
            lambda value: [part[0](item) for part, item in zip(parts, value, strict=True)],
            lambda data: tuple(part[1](item) for part, item in zip(parts, data, strict=True)),
        )
    write, read = _codec(of[0])
    ordered: Callable[[Any], Any] = sorted if kind is frozenset else _same
    return (lambda value: [write(item) for item in ordered(value)]), (lambda data: kind(read(item) for item in data))


def _dict(of: object) -> _Codec:
    write, read = _codec(of)
    return (
        lambda value: {str(key): write(item) for key, item in value.items()},
        lambda data: {key: read(item) for key, item in data.items()},
    )


def _dataclass(cls: type) -> _Codec:
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]

    def write(value: Any) -> Json:
        if not isinstance(value, cls):
            raise InvalidError(f"{type(value).__name__} where {cls.__name__} was expected")
        return {name: _codec(hints[name])[0](getattr(value, name)) for name in names}

    def read(data: Any) -> Any:
        return cls(**{name: _codec(hints[name])[1](data[name]) for name in names if name in data})

    return write, read


def _union(members: tuple[object, ...]) -> _Codec:
    known = [(member, _codec(member)) for member in members]
    plain = {member for member in members if member in _PLAIN or member is type(None)}

    def write(value: Any) -> Json:
        if value is None or type(value) in plain:
            return cast("Json", value)
        for number, (member, codec) in enumerate(known):
            if _is_of(value, member):
                return {_TAG: number if not isinstance(member, type) else member.__name__, "value": codec[0](value)}
        raise InvalidError(f"{type(value).__name__} is in no part of {members!r}")

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        for number, (member, codec) in enumerate(known):
            if data[_TAG] == (number if not isinstance(member, type) else member.__name__):
                return codec[1](data["value"])
        raise InvalidError(f"{data[_TAG]!r} is in no part of {members!r}")

    return write, read


def _is_of(value: Any, member: object) -> bool:
    return isinstance(value, cast("type", typing.get_origin(member) or member))
