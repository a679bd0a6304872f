"""Values to JSON and back by their annotation, exactly: what a step of a story leaves in the journal, and what rows hold.

None, str, int, float, bool, enums, aware datetimes, tuples, lists, frozensets, dicts with text keys, frozen dataclasses, Json, and unions
of these. A member of a union that JSON does not tell apart is tagged with its name. Whatever else comes is refused with InvalidError.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import math
import types
import typing
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Any, ForwardRef, NoReturn, Union, cast

from core import errors
from core.errors import InvalidError, NightshiftError
from core.world import Json

_TAG, _VALUE = "$", "value"
_DEEPEST = 64

Write = Callable[[Any], Json]
Read = Callable[[Any], Any]
Codec = tuple[Write, Read]


def to_json(value: object, annotation: object) -> Json:
    """The value as JSON; raises InvalidError for one that is not of its annotation."""
    return _codec(annotation)[0](value)


def from_json(data: Json, annotation: object) -> Any:
    """The value again, equal to the one that went in and of the same types; raises InvalidError for any other data."""
    return _codec(annotation)[1](data)


def result_type(call: Callable[..., object]) -> object:
    """The return annotation of a function, method, partial or callable object; raises InvalidError where there is none."""
    while isinstance(call, functools.partial):
        call = call.func
    function = call if inspect.isroutine(call) else type(call).__call__
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError) as error:
        raise InvalidError(f"the annotations of {call!r} cannot be resolved: {error}") from error
    if "return" not in hints:
        raise InvalidError(f"{call!r} does not say what it returns")
    return hints["return"]


def error_to_json(error: NightshiftError) -> Json:
    """One of our errors as class name and arguments; raises InvalidError for a class that is not in `core.errors`."""
    kind = type(error)
    if getattr(errors, kind.__name__, None) is not kind:
        raise InvalidError(f"{kind.__name__} is not one of the errors in core.errors")
    body = {name: to_json(getattr(error, name), annotation) for name, annotation in _error_arguments(kind).items()}
    return {"error": kind.__name__, "arguments": body}


def error_from_json(data: Json) -> NightshiftError:
    """The error again, of the same class and with the same arguments; raises InvalidError."""
    name = data.get("error") if isinstance(data, dict) else None
    kind = getattr(errors, name, None) if isinstance(name, str) else None
    if not isinstance(kind, type) or not issubclass(kind, NightshiftError):
        raise InvalidError(f"{name!r} is not the name of one of our errors")
    body, wanted = cast("dict[str, Json]", data).get("arguments"), _error_arguments(kind)
    if not isinstance(body, dict) or set(body) != set(wanted):
        raise InvalidError(f"{name} takes {', '.join(wanted)}")
    return kind(**{argument: from_json(body[argument], annotation) for argument, annotation in wanted.items()})


def _error_arguments(kind: type[NightshiftError]) -> dict[str, object]:
    """By the contract of `core.errors` they are attributes of the same names."""
    hints = typing.get_type_hints(kind.__init__)
    return {name: hints[name] for name in inspect.signature(kind.__init__).parameters if name != "self"}


# ---- one codec per annotation -------------------------------------------------------------------------------------------------------


@functools.cache
def _codec(annotation: object) -> Codec:
    if _is_json(annotation):
        return _json, _json
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, members = typing.get_origin(annotation), typing.get_args(annotation)
    build = _BUILDERS.get(origin)
    if build is not None and (members or origin is tuple):
        return build(members)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _dataclass(annotation)
    raise InvalidError(f"no value of {annotation!r} can be journalled")


def _refuse(value: object, wanted: object) -> NoReturn:
    name = wanted.__name__ if isinstance(wanted, type) else str(wanted)
    raise InvalidError(f"{type(value).__name__} where {name} is journalled: {str(value)[:60]!r}")


def _is_json(annotation: object) -> bool:
    """The alias `Json` is a text, which resolves to a union that names itself once more inside."""
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__ in ("Json", Json)
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return any(_is_json(inner) for member in typing.get_args(annotation) for inner in typing.get_args(member))
    return annotation == Json


def _json(value: Any, depth: int = 0) -> Any:
    if value is None or type(value) in (str, bool, int):
        return value
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is list and depth < _DEEPEST:
        return [_json(item, depth + 1) for item in value]
    if type(value) is dict and depth < _DEEPEST and all(type(key) is str for key in value):
        return {key: _json(item, depth + 1) for key, item in value.items()}
    return _refuse(value, "Json")


def _exact(kind: type) -> Codec:
    def check(value: Any) -> Any:
        return value if type(value) is kind else _refuse(value, kind)

    return check, check


def _text(value: object) -> str:
    """An enum member that is a text too becomes the plain text, which is what is read again."""
    if not isinstance(value, str):
        _refuse(value, str)
    return str(value)


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        _refuse(value, float)
    return float(value)


def _write_time(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        _refuse(value, "an aware datetime")
    return value.isoformat()


def _read_time(data: Any) -> datetime:
    try:
        read = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        _refuse(data, datetime)
    return read if read.tzinfo is not None else _refuse(data, "an aware datetime")


_PLAIN: dict[object, Codec] = {
    None: _exact(types.NoneType),
    types.NoneType: _exact(types.NoneType),
    str: (_text, _exact(str)[1]),
    bool: _exact(bool),
    int: _exact(int),
    float: (_number, _number),
    datetime: (_write_time, _read_time),
}


def _tuple(members: tuple[object, ...]) -> Codec:
    if len(members) == 2 and members[1] is Ellipsis:
        return _collection(tuple, members[0])
    codecs = [_codec(member) for member in members]

    def write(value: Any) -> Json:
        if type(value) is not tuple or len(value) != len(codecs):
            _refuse(value, f"a tuple of {len(codecs)}")
        return [codec[0](item) for codec, item in zip(codecs, value, strict=True)]

    def read(data: Any) -> Any:
        if type(data) is not list or len(data) != len(codecs):
            _refuse(data, f"a tuple of {len(codecs)}")
        return tuple(codec[1](item) for codec, item in zip(codecs, data, strict=True))

    return write, read


def _collection(kind: type, of: object) -> Codec:
    item_write, item_read = _codec(of)
    make = cast("Callable[[Iterable[Any]], Any]", kind)

    def write(value: Any) -> Json:
        if type(value) is not kind:
            _refuse(value, kind)
        items = [item_write(item) for item in cast("Iterable[Any]", value)]
        return sorted(items, key=json.dumps) if kind is frozenset else items

    def read(data: Any) -> Any:
        return make(item_read(item) for item in data) if type(data) is list else _refuse(data, kind)

    return write, read


def _mapping(members: tuple[object, ...]) -> Codec:
    if members[0] is not str:
        raise InvalidError("only a dict with text keys can be journalled")

    def convert(each: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def whole(value: Any) -> Any:
            if type(value) is not dict or not all(type(key) is str for key in value):
                _refuse(value, "dict[str, …]")
            return {key: each(item) for key, item in value.items()}

        return whole

    write, read = _codec(members[1])
    return convert(write), convert(read)


def _enum(kind: type[Enum]) -> Codec:
    by_value = {(type(member.value), member.value): member for member in kind}

    def read(data: Any) -> Any:
        member = by_value.get((type(data), data)) if type(data) in (str, int) else None
        return member if member is not None else _refuse(data, kind)

    return (lambda value: value.value if type(value) is kind else _refuse(value, kind)), read


def _dataclass(kind: type) -> Codec:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if not kind.__dataclass_params__.frozen or not all(field.init for field in fields.values()):  # type: ignore[attr-defined]
        raise InvalidError(f"{kind.__name__} is not frozen, so that it cannot be journalled")
    hints = typing.get_type_hints(kind)
    required = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def write(value: Any) -> Json:
        if type(value) is not kind:
            _refuse(value, kind)
        return {name: _codec(hints[name])[0](getattr(value, name)) for name in fields}

    def read(data: Any) -> Any:
        """A field that has a default may be missing: the row was written before the field was made."""
        if type(data) is not dict or not required <= data.keys() <= fields.keys():
            _refuse(data, kind)
        return kind(**{name: _codec(hints[name])[1](item) for name, item in data.items()})

    return write, read


def _union(members: tuple[object, ...]) -> Codec:
    others = tuple(member for member in members if member is not types.NoneType)
    write, read = _codec(others[0]) if len(others) == 1 else _tagged(others)
    if len(others) == len(members):
        return write, read
    return (lambda value: None if value is None else write(value)), (lambda data: None if data is None else read(data))


def _tagged(members: tuple[object, ...]) -> Codec:
    codecs = {_name(member): _codec(member) for member in members}
    plain = {member: _codec(member) for member in members if member in (str, int, float, bool)}
    names = {typing.get_origin(member) or member: _name(member) for member in members}
    if len(codecs) != len(members) or len(names) != len(members):
        raise InvalidError(f"members of {members!r} could not be told apart")

    def write(value: Any) -> Json:
        kind = type(value)
        if kind in plain:
            return plain[kind][0](value)
        return {_TAG: names[kind], _VALUE: codecs[names[kind]][0](value)} if kind in names else _refuse(value, members)

    def read(data: Any) -> Any:
        if type(data) in plain:
            return plain[type(data)][1](data)
        is_tagged = type(data) is dict and data.keys() == {_TAG, _VALUE} and data[_TAG] in list(codecs)
        return codecs[data[_TAG]][1](data[_VALUE]) if is_tagged else _refuse(data, members)

    return write, read


def _name(member: object) -> str:
    return member.__name__ if isinstance(member, type) and not typing.get_args(member) else str(member)


_BUILDERS: dict[object, Callable[[tuple[object, ...]], Codec]] = {
    Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    list: lambda members: _collection(list, members[0]),
    frozenset: lambda members: _collection(frozenset, members[0]),
    dict: _mapping,
}
