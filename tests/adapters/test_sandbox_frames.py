"""Frames: what is JSON goes through unchanged, whatever else comes in is one error and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.frames import FrameError, clean_json, cleaned, decode, encode, is_text

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@given(st.dictionaries(st.text(), VALUES))
def test_what_goes_in_comes_out(message: dict[str, object]) -> None:
    frame = encode(message)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert decode(frame[4:]) == message


@given(st.binary())
def test_any_bytes_are_an_object_or_a_frame_error(body: bytes) -> None:
    try:
        message = decode(body)
    except FrameError:
        return
    assert isinstance(message, dict)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":9223372036854775808}',
        b'{"a":' + b"1" * 5000 + b"}",
        b'{"a":' + b"[" * 21 + b"]" * 21 + b"}",
        b"[" * 100_000,
        b"\xff\xfe",
        b"",
    ],
)
def test_no_hostile_number_depth_or_encoding_gets_in(body: bytes) -> None:
    with pytest.raises(FrameError):
        decode(body)


@given(st.text(st.characters()))
def test_cleaned_text_can_be_stored_and_shown(text: str) -> None:
    plain = cleaned(text, 50)
    assert len(plain) <= 50
    assert "\x00" not in plain
    assert "\x1b" not in plain
    assert plain.encode().decode() == plain


def test_cleaning_reaches_every_text() -> None:
    assert clean_json({"a\x00": ["\x1b", {"b": "\u202e"}, 1]}) == {"a\ufffd": ["\ufffd", {"b": "\ufffd"}, 1]}


def test_lone_surrogates_are_no_text() -> None:
    assert is_text(json.loads('{"a":["ü"]}'))
    assert not is_text(json.loads('{"a":["\\ud800"]}'))
