"""What is set of waking people: each mistake is one sentence, and no secret of an address is ever in one."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.settings_files import load
from core.drill import DrillTime
from core.errors import InvalidError
from core.on_call import Schedule

PEOPLE = """
[people.li]
roles = ["approver"]
os = 1000
pager = ["env:LI_PAGER", "env:LI_MAIL"]
[people.bo]
roles = ["admin"]
os = 1001
[people.eve]
roles = ["viewer"]
os = 1002
"""
ONCALL = '[oncall]\nrotation = ["li", "bo"]\nstarts = "2026-01-05T09:00"\nevery = "1w"\nzone = "Asia/Shanghai"\n'
SECRET = "ntfys://ntfy.sh/tk-9f8e7d6c"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def loaded(home: Path, toml: str, env: str = "", **environ: str) -> Settings:
    (home / "nightshift.toml").write_text(toml, encoding="utf-8")
    (home / ".env").write_text(env, encoding="utf-8")
    return load({"NIGHTSHIFT_HOME": str(home)} | environ)


def test_addresses_come_from_env_and_the_environment_wins(home: Path) -> None:
    settings = loaded(home, PEOPLE, f"LI_PAGER={SECRET}\nLI_MAIL=mailto://a\n", LI_MAIL="mailto://b")
    assert settings.pagers() == {"li": (("LI_PAGER", SECRET), ("LI_MAIL", "mailto://b"))}
    assert SECRET not in repr(settings)


def test_what_is_named_and_not_set_wakes_nobody_and_stops_nothing(home: Path) -> None:
    settings = loaded(home, PEOPLE)
    assert (settings.pagers(), settings.heartbeat_url) == ({}, "")
    assert loaded(home, '[heartbeat]\nurl = "env:BEAT"', "BEAT=https://x.example/1").heartbeat_url.endswith("/1")


def test_a_name_that_nothing_refers_to_is_still_a_mistake(home: Path) -> None:
    with pytest.raises(InvalidError, match="unknown key 'LI_PAGR'"):
        loaded(home, PEOPLE, f"LI_PAGR={SECRET}\n")


@pytest.mark.parametrize(
    "toml",
    [f'[people.li]\nroles = []\nos = 1\npager = ["{SECRET}"]', f'[heartbeat]\nurl = "{SECRET}"'],
    ids=["pager", "heartbeat"],
)
def test_an_address_in_the_file_that_is_shown_around_is_refused_without_repeating_it(home: Path, toml: str) -> None:
    with pytest.raises(InvalidError, match='write "env:NAME"') as caught:
        loaded(home, toml)
    assert "tk-9f8e7d6c" not in str(caught.value)


def test_without_a_rotation_approvers_are_woken_in_the_order_of_the_file(home: Path) -> None:
    assert loaded(home, PEOPLE).schedule() == Schedule(("li", "bo"), days=0)


def test_the_schedule_is_read_by_the_clock_on_the_wall(home: Path) -> None:
    override = '[[oncall.overrides]]\nperson = "eve"\nfrom = "2026-02-16T09:00"\nto = "2026-02-18T09:00"\n'
    schedule = loaded(home, PEOPLE + ONCALL + override).schedule()
    assert schedule.at(datetime(2026, 1, 5, 1, 0, tzinfo=UTC)) == "li"
    assert schedule.at(datetime(2026, 1, 12, 1, 0, tzinfo=UTC)) == "bo"
    assert schedule.at(datetime(2026, 2, 16, 1, 0, tzinfo=UTC)) == "eve"
    assert schedule.at(datetime(2026, 2, 18, 1, 0, tzinfo=UTC)) == "li"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("rotation = []", "rotation"),
        ('rotation = ["zoe"]', "oncall.rotation: nobody is called 'zoe'"),
        ('rotation = ["li"]\nevery = "36h"', "'36h' is no rhythm"),
        ('rotation = ["li"]\nevery = "0d"', "'0d' is no rhythm"),
        ('rotation = ["li"]\nstarts = "monday"', "'monday' is no local time"),
        ('rotation = ["li"]\nstarts = "2026-01-05T09:00Z"', "is no local time"),
        ('rotation = ["li"]\nzone = "Asia/Nowhere"', "is no time zone"),
        (
            'rotation = ["li"]\n[[oncall.overrides]]\nperson = "zoe"\nfrom = "2026-01-05"\nto = "2026-01-06"',
            "oncall.overrides: nobody is called 'zoe'",
        ),
        (
            'rotation = ["li"]\n[[oncall.overrides]]\nperson = "bo"\nfrom = "2026-01-06"\nto = "2026-01-05"',
            "the override of bo ends before it begins",
        ),
        (
            'rotation = ["li"]\n'
            '[[oncall.overrides]]\nperson = "bo"\nfrom = "2026-01-05"\nto = "2026-01-07"\n'
            '[[oncall.overrides]]\nperson = "li"\nfrom = "2026-01-06"\nto = "2026-01-08"',
            "the overrides of bo and li overlap",
        ),
    ],
)
def test_a_schedule_that_nobody_could_follow_is_one_sentence(home: Path, lines: str, sentence: str) -> None:
    with pytest.raises(InvalidError, match=sentence):
        loaded(home, f"{PEOPLE}[oncall]\n{lines}")


@pytest.mark.parametrize(
    "toml", ['[pager]\nnext_after = "1s"', '[pager]\nlink = "javascript:x"', '[drill]\nat = "someday"']
)
def test_other_mistakes_are_refused_too(home: Path, toml: str) -> None:
    with pytest.raises(InvalidError):
        loaded(home, toml)


def test_the_drill_is_on_wednesday_at_eleven_unless_it_is_off_or_moved(home: Path) -> None:
    assert loaded(home, "").file.drill.moment == DrillTime(2, time(11, 0))
    assert loaded(home, '[drill]\nat = "fri 15:30"').file.drill.moment == DrillTime(4, time(15, 30))
    assert loaded(home, '[drill]\nat = "off"').file.drill.moment is None
