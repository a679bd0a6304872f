"""Contract of port Seal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.key_file import open_key
from core.ports import Seal
from tests.fakes.seal import FakeSeal


def fake(folder: Path, name: str) -> Seal:
    """Under a key by its name."""
    del folder
    return FakeSeal(name)


def key_file(folder: Path, name: str) -> Seal:
    """Under a key file by its name."""
    return open_key({"NIGHTSHIFT_KEY_FILE": str(folder / name)}, folder / "var")


MAKERS = pytest.mark.parametrize("make", [fake, key_file], ids=["fake", "file"])


@MAKERS
def test_a_mark_verifies_its_own_body_only(tmp_path: Path, make: Callable[[Path, str], Seal]) -> None:
    seal = make(tmp_path, "key")
    mark = seal.sign(b"body")
    assert seal.verifies(b"body", mark)
    assert not seal.verifies(b"bodY", mark)
    assert not seal.verifies(b"body", mark[:-1])
    assert not seal.verifies(b"body", "")
    assert not seal.verifies(b"body", "夜\ud800")


@MAKERS
def test_the_same_key_signs_the_same_after_a_restart(tmp_path: Path, make: Callable[[Path, str], Seal]) -> None:
    assert make(tmp_path, "key").sign(b"body") == make(tmp_path, "key").sign(b"body")


@MAKERS
def test_another_key_is_another_seal(tmp_path: Path, make: Callable[[Path, str], Seal]) -> None:
    assert not make(tmp_path, "other").verifies(b"body", make(tmp_path, "key").sign(b"body"))
