"""Frames between us and a guest: a length, then JSON; what comes in is checked before anybody sees it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from core.world import Json

FRAME_IN = 1 << 20
FRAME_OUT = 8 << 20
DEPTH = 20
INTEGER = 1 << 63

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class FrameError(ValueError):
    """What no honest guest sends, or we may not send; the message ends the sentence `the guest sent …`."""


def encode(message: dict[str, Any]) -> bytes:
    """One frame; FrameError if it is larger than a guest takes, TypeError or ValueError if it is not JSON."""
    body = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > FRAME_OUT:
        raise FrameError(f"an answer of {len(body)} bytes is over the limit of {FRAME_OUT}")
    return len(body).to_bytes(4, "big") + body


def decode(body: bytes) -> dict[str, Json]:
    """The object in a frame's body: finite numbers, 64-bit integers, bounded depth; FrameError otherwise."""
    try:
        message = _DECODER.decode(body.decode())
    except FrameError:
        raise
    except (ValueError, RecursionError) as error:
        raise FrameError(f"text that is no JSON ({type(error).__name__})") from error
    if not isinstance(message, dict):
        raise FrameError("JSON that is no object")
    _check_depth(message)
    return message


def cleaned(text: str, limit: int) -> str:
    """Text for people and databases: no control characters but tab and newline, nothing that turns its direction, at most `limit` long."""
    return CONTROL.sub("\ufffd", text[:limit])


def clean_json(value: Json) -> Json:
    """The same for every text inside a value that `decode` let through."""
    if isinstance(value, str):
        return cleaned(value, FRAME_IN)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(key, FRAME_IN): clean_json(item) for key, item in value.items()}
    return value


def is_text(value: Json) -> bool:
    """False if there is text in it that no encoding can write (lone surrogates)."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_depth(message: Json) -> None:
    """Without recursion: whoever gets the value may then walk it with recursion."""
    level: list[Json] = [message]
    for _ in range(DEPTH):
        nested = [item for item in level if isinstance(item, (dict, list))]
        if not nested:
            return
        level = [part for item in nested for part in (item.values() if isinstance(item, dict) else item)]
    raise FrameError(f"JSON nested deeper than {DEPTH} levels")


def _integer(text: str) -> int:
    if len(text) > 20 or not -INTEGER <= (number := int(text)) < INTEGER:
        raise FrameError("a number of more than 64 bits")
    return number


def _number(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise FrameError("a number that is not finite")
    return number


def _constant(name: str) -> NoReturn:
    raise FrameError(f"{name}, which is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FrameError("an object that has a name twice")
    return members


_DECODER = json.JSONDecoder(
    parse_int=_integer, parse_float=_number, parse_constant=_constant, object_pairs_hook=_object
)
