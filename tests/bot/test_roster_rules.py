"""A roster of none, of one and of two: each rule works, is replaced and said so, or is refused at start in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.roster_rules import replaced
from bot.settings import Settings
from bot.settings_files import read_toml
from core.errors import InvalidError

LI = '[people.li]\nroles = ["approver"]\nos = 2001\n'
BO = '[people.bo]\nroles = ["{}"]\nos = 2002\n'
WEB = '[hosts.localhost]\ngroups = ["web"]\n'
NAMED = '[hosts.db-1]\nreach = "none"\ngroups = ["db"]\n[groups.db]\nmode = "approve"\n'


def settings(home: Path, text: str) -> Settings:
    (home / "nightshift.toml").write_text(text, encoding="utf-8")
    return Settings(home=home, file=read_toml(home / "nightshift.toml"))


def not_in_force(home: Path, text: str) -> tuple[str, ...]:
    return tuple(key for key, _ in replaced(settings(home, text).inventory()))


@pytest.mark.parametrize(
    ("roster", "expected"),
    [
        ("", ("roster.nobody", "roster.one")),
        (LI, ("roster.one",)),
        (LI + BO.format("responder"), ("roster.one",)),
        (LI + BO.format("approver"), ()),
        (LI + BO.format("admin"), ()),
        (NAMED, ("roster.nobody", "roster.one")),
        ('mode = "observe"\n', ("roster.nobody",)),
        ('mode = "observe"\n' + BO.format("viewer"), ()),
    ],
)
def test_what_one_person_replaces_is_said(tmp_path: Path, roster: str, expected: tuple[str, ...]) -> None:
    assert not_in_force(tmp_path, roster) == expected


@pytest.mark.parametrize(
    "roster",
    [
        BO.format("viewer"),
        BO.format("responder"),
        BO.format("requester"),
        WEB + NAMED + LI + 'groups = ["db"]\n',
        WEB + '[groups.web]\nmode = "auto"\n' + BO.format("requester"),
    ],
)
def test_a_question_that_nobody_listed_could_answer_is_refused_at_start(tmp_path: Path, roster: str) -> None:
    with pytest.raises(InvalidError, match=r"nobody in \[people\] may approve there") as caught:
        settings(tmp_path, roster)
    assert "\n" not in caught.value.message
    assert "host localhost" in caught.value.message


@pytest.mark.parametrize(
    "roster",
    [
        WEB + LI + 'groups = ["web"]\n',
        WEB + '[groups.web]\nmode = "observe"\n' + BO.format("viewer"),
        NAMED + LI,
    ],
)
def test_nobody_is_needed_where_nobody_is_asked(tmp_path: Path, roster: str) -> None:
    settings(tmp_path, roster)
