"""What is read before every effect follows the file at once, and nothing acts on a file that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.commands import parse
from bot.live_settings import LiveSettings
from bot.roster import Roster
from bot.verbs import Role, Verb
from core.inventory import Inventory, Mode

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


BO = '[people.bo]\nroles = ["approver"]\nslack = "U2"\n'
ROLES = BO + '[people.anna]\nroles = ["{}"]\nslack = "U1"\n'


@pytest.mark.parametrize(
    ("now", "may"),
    [
        (ROLES.format("admin"), {"go": True, "rules drop": True, "mute": True, "stop": True, "status": True}),
        (ROLES.format("viewer"), {"go": False, "rules drop": False, "mute": False, "stop": True, "status": True}),
        (BO, {"go": False, "rules drop": False, "mute": False, "stop": True, "status": True}),
        ("mode = ", {"go": False, "rules drop": False, "mute": True, "stop": True, "status": True}),
    ],
)
def test_a_role_that_was_taken_away_is_gone_before_a_restart(tmp_path: Path, now: str, may: dict[str, bool]) -> None:
    written(tmp_path, ROLES.format("approver"))
    live = LiveSettings(tmp_path)
    at_start = live.inventory()
    assert at_start is not None
    roster = Roster(at_start, 1000, live.inventory)
    written(tmp_path, now)
    words = {"go": parse("go localhost"), "rules drop": parse("rules drop R1"), "mute": parse("mute localhost 2h")}
    words |= {"stop": parse("stop"), "status": parse("status")}
    assert {word: roster.may("slack", "slack:U1", one, None) for word, one in words.items()} == may
    highest = roster.highest("slack", "slack:U1")
    assert highest is not None
    assert highest <= Role.APPROVER


def test_what_was_added_to_a_role_counts_after_a_restart(tmp_path: Path) -> None:
    written(tmp_path, ROLES.format("viewer"))
    live = LiveSettings(tmp_path)
    roster = Roster(live.inventory() or Inventory(()), 1000, live.inventory)
    written(tmp_path, ROLES.format("admin"))
    assert not roster.may("slack", "slack:U1", Verb.GO, None)
