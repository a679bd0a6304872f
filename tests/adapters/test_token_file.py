"""The first alert token: made once, private, and refused when it is not."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.token_file import NAME, first_token
from core.errors import InvalidError


def test_it_is_made_once_long_and_private(tmp_path: Path) -> None:
    token = first_token(tmp_path)
    assert len(token) >= 32
    assert first_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_two_first_starts_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(first_token, [tmp_path] * 16))
    assert len(tokens) == 1


def test_one_that_others_could_read_is_refused(tmp_path: Path) -> None:
    first_token(tmp_path)
    (tmp_path / NAME).chmod(0o644)
    with pytest.raises(InvalidError, match="remove it"):
        first_token(tmp_path)


def test_a_link_and_a_short_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x" * 40)
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidError):
        first_token(tmp_path)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).write_text("short")
    (tmp_path / NAME).chmod(0o600)
    with pytest.raises(InvalidError, match="short"):
        first_token(tmp_path)
