"""What a step leaves in the journal: its value, or the error of ours that it raised, as one JSON text."""

from __future__ import annotations

import functools
import inspect
import json
import typing
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from core.errors import InvalidError, NightshiftError
from core.journal_json import from_json, to_json

T = TypeVar("T")


def annotation_of(call: Callable[..., object]) -> object:
    """The return annotation of a step's callee; every callee must have one, because its value is journalled by it."""
    while isinstance(call, functools.partial):
        call = call.func
    target = call if inspect.isroutine(call) else call.__call__  # type: ignore[operator]
    hints = typing.get_type_hints(target)
    if "return" not in hints:
        raise InvalidError(f"{call!r} cannot be a step: it does not say what it returns")
    return hints["return"]


def value_text(call: Callable[..., T], value: T) -> str:
    """A value as it stands in the journal."""
    return json.dumps({"value": to_json(value, annotation_of(call))})


def error_text(error: NightshiftError) -> str:
    """An error of ours as it stands in the journal."""
    kind = type(error)
    body = {name: to_json(getattr(error, name), annotation) for name, annotation in _arguments(kind).items()}
    return json.dumps({"error": kind.__name__, "arguments": body})


def read_value(call: Callable[..., T], text: str) -> T:
    """What a step returned, or raises what it raised, of the same class."""
    body = json.loads(text)
    if "error" in body:
        raise _error(body["error"], body["arguments"])
    return cast("T", from_json(body["value"], annotation_of(call)))


def _error(name: str, arguments: dict[str, Any]) -> NightshiftError:
    for kind in _tree(NightshiftError):
        if kind.__name__ == name:
            hints = _arguments(kind)
            return kind(**{key: from_json(value, hints[key]) for key, value in arguments.items()})
    return NightshiftError(f"{name}: {arguments}")


def _arguments(kind: type[NightshiftError]) -> dict[str, object]:
    """The arguments of its `__init__` and their types; by the contract of `core.errors` they are attributes of the same names."""
    hints = typing.get_type_hints(kind.__init__)
    return {name: hints[name] for name in inspect.signature(kind.__init__).parameters if name in hints}


def _tree(root: type[NightshiftError]) -> Iterator[type[NightshiftError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _tree(kind)
