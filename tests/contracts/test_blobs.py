"""Contract of port Blobs."""

from __future__ import annotations

import hashlib

import pytest

from core.errors import InvalidError, UnknownError
from tests.stores import Case


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 10, b"x" * (1 << 20)])
def test_bytes_come_back_by_their_hash(case: Case, data: bytes) -> None:
    name = case.store.blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest()
    assert case.store.blobs.put(data) == name
    assert case.store.blobs.get(name) == data


def test_too_many_bytes_are_refused(case: Case) -> None:
    with pytest.raises(InvalidError):
        case.store.blobs.put(b"x" * ((1 << 20) + 1))


def test_what_was_never_put_is_unknown(case: Case) -> None:
    with pytest.raises(UnknownError):
        case.store.blobs.get("ab" * 32)
