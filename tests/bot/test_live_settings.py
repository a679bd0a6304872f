"""What is read before every effect follows the file at once, and nothing acts on a file that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.live_settings import LiveSettings
from core.inventory import Mode

ME = f"os:{os.geteuid()}"
ANNA = '[people.anna]\nroles = ["approver"]\nslack = "U1"\n'


def written(home: Path, text: str) -> None:
    (home / "draft").write_text(text, encoding="utf-8")
    (home / "draft").replace(home / "nightshift.toml")


def test_a_mode_in_the_file_holds_from_then_on(tmp_path: Path) -> None:
    live = LiveSettings(tmp_path)
    assert live.mode("localhost") is Mode.APPROVE
    written(tmp_path, 'mode = "observe"\n')
    assert live.mode("localhost") is Mode.OBSERVE
    written(tmp_path, "")
    assert live.mode("localhost") is Mode.APPROVE
    assert live.mode("web-9") is Mode.OBSERVE


def test_a_role_in_the_file_holds_from_then_on(tmp_path: Path) -> None:
    written(tmp_path, ANNA)
    live = LiveSettings(tmp_path)
    assert [live.may_approve(name, "localhost") for name in ("anna", ME, "eve", "os:4242")] == [
        True,
        True,
        False,
        False,
    ]
    written(tmp_path, ANNA.replace("approver", "viewer"))
    assert not live.may_approve("anna", "localhost")
    written(tmp_path, "")
    assert not live.may_approve("anna", "localhost")


@pytest.mark.parametrize("text", ["mode = ", "mode = 'on'", "\x00", "[people.x]\nroles = []"])
def test_nothing_acts_on_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    written(tmp_path, text)
    live = LiveSettings(tmp_path)
    assert live.mode("localhost") is Mode.OBSERVE
    assert not live.may_approve(ME, "localhost")
