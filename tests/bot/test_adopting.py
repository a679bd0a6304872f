"""A team's own script: what may stand in [actions], what `skills adopt` writes, and what both refuse."""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path

import pytest

from bot.action_catalog import ActionCatalog
from bot.adopting import Wish, lines_for, look_at, name_for, wish_of, write_lines
from bot.settings_files import read_toml
from core.action import Action, files_named
from core.capability import Risk
from core.errors import InvalidError
from core.grant import Grant, risk_of
from core.skill_manifest import SkillState
from tests.fakes.catalog import FakeCatalog

SCRIPT = "#!/bin/bash\necho \x1b[31mhi\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "nightshift.toml").write_text('# ours\nlanguage = "zh"  # kept\n')
    return tmp_path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "roll.sh"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


def toml(lines: str, tmp_path: Path) -> Path:
    path = tmp_path / "nightshift.toml"
    path.write_text(f"[actions.roll-back]\n{lines}\n")
    return path


def test_four_lines_are_an_action(tmp_path: Path) -> None:
    lines = 'command = ["/opt/x.sh", "api"]\nrisk = "medium"\ncures = ["http.failed"]\nundo = ["/opt/y.sh"]'
    table = read_toml(toml(lines, tmp_path)).actions["roll-back"].action("roll-back")
    assert (table.command, table.risk, table.undo) == (("/opt/x.sh", "api"), Risk.MEDIUM, ("/opt/y.sh",))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('command = ["/bin/bash", "-c", "x"]\nrisk = "high"', "runs any code"),
        ('command = ["/usr/bin/python3.11", "/opt/x.py"]\nrisk = "high"', "runs any code"),
        ('command = ["/usr/bin/perl5.36", "/opt/x"]\nrisk = "high"', "runs any code"),
        ('command = ["/usr/bin/env", "/opt/x"]\nrisk = "high"', "runs any code"),
        ('command = ["/usr/bin/apt-get", "install"]\nrisk = "high"', "package tool"),
        ('command = ["/usr/bin/ssh", "web-1"]\nrisk = "high"', "another machine"),
        ('command = ["/bin/rm", "/srv/x"]\nrisk = "high"', "fs verbs"),
        ('command = ["/bin/kill", "1"]\nrisk = "high"', "process.signal"),
        ('command = ["/usr/local/bin/nightshift", "go"]\nrisk = "high"', "Nightshift"),
        ('command = ["/opt/nightshift.sh"]\nrisk = "high"', "never done"),
        ('command = ["/tmp/x.sh"]\nrisk = "high"', "anybody"),
        ('command = ["x.sh"]\nrisk = "high"', "absolute"),
        ('command = ["/opt/../tmp/x.sh"]\nrisk = "high"', "plain command line"),
        ('command = []\nrisk = "high"', "absolute"),
        ('command = "/opt/x.sh api"\nrisk = "high"', "a list of words"),
        ('command = ["/opt/x.sh", "{host}"]\nrisk = "high"', "literal"),
        ('command = ["/opt/x.sh", "a b"]\nrisk = "high"', "literal"),
        ('command = ["/opt/x.sh", "a;adopted"]\nrisk = "high"', "literal"),
        ('command = ["/opt/x.sh", "\\u202e"]\nrisk = "high"', "visible characters"),
        ('command = ["/opt/x.sh", "\\"\\"\\""]\nrisk = "high"', "argument"),
        ('command = ["/opt/x.sh", "a\\nb"]\nrisk = "high"', "visible characters"),
        ('command = ["/opt/x.sh", "/etc/shadow"]\nrisk = "high"', "secret"),
        ('command = ["/opt/x.sh"]\nrisk = "low"', "medium"),
        ('command = ["/opt/x.sh"]\nrisk = "high"\ncures = ["made.up"]', "no probe"),
        ('command = ["/opt/x.sh"]\nrisk = "high"\nhosts = ["web-9"]', "not in [hosts]"),
        ('command = ["/opt/x.sh"]\nrisk = "high"\nundo = ["/bin/sh", "-c", "x"]', "runs any code"),
        ('command = ["/opt/x.sh"]\nrisk = "high"\nsha256 = { "/opt/x.sh" = "no" }', "64 hex"),
        ('command = ["/opt/x.sh"]\nrisk = "high"\nshell = true', "unknown key"),
    ],
)
def test_what_no_night_could_honour_is_one_sentence(lines: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidError) as caught:
        read_toml(toml(lines, tmp_path))
    assert why in caught.value.message
    assert "\n" not in caught.value.message


def test_the_option_in_a_grant_opens_nothing_by_itself() -> None:
    grant = Grant.parse("exec:/opt/x.sh api;adopted")
    assert risk_of(grant) is Risk.HIGH
    assert not grant.covers(grant.verb, {"argv": ["/opt/x.sh", "api"]})


def test_it_writes_lines_that_are_read_again_and_leaves_the_rest(home: Path, script: Path) -> None:
    wish = Wish("roll-back", ("/opt/x.sh", str(script)), "medium", ("http.failed",))
    write_lines(home, wish.name, lines_for(wish))
    text = (home / "nightshift.toml").read_text()
    assert text.startswith('# ours\nlanguage = "zh"  # kept\n\n[actions.roll-back]\n')
    hashed = tomllib.loads(text)["actions"]["roll-back"]["sha256"]
    assert hashed == {str(script): hashlib.sha256(SCRIPT.encode()).hexdigest()}


@pytest.mark.parametrize("name", ["x]\n[hosts.evil", "roll back", "Roll", "a.b", 'x"', ""])
def test_a_name_never_writes_a_table_of_its_own(name: str) -> None:
    with pytest.raises(InvalidError, match="no name of an action"):
        lines_for(Wish(name, ("/opt/x.sh",), "medium"))


@pytest.mark.parametrize("word", ['a"]', "a\nrisk = 1", "\x7f", "{x}", "a;b", "\\", "/opt/\U0001f600"])
def test_a_word_that_is_not_literal_leaves_the_file_as_it_was(home: Path, word: str) -> None:
    before = (home / "nightshift.toml").read_bytes()
    with pytest.raises((InvalidError, tomllib.TOMLDecodeError)):
        write_lines(home, "roll-back", lines_for(Wish("roll-back", ("/opt/x.sh", word), "medium")))
    assert (home / "nightshift.toml").read_bytes() == before


def test_every_file_that_a_command_names_is_bound_however_it_is_named() -> None:
    words = "api --file=/opt/a.yml -f/opt/b config=/opt/c @/opt/d etc/e.yml key=etc/f /opt/g:/opt/h http://web/x / a//b ../x"
    named = ("/opt/x.sh", "/opt/a.yml", "/opt/b", "/opt/c", "/opt/d", "/etc/e.yml", "/etc/f", "/opt/g", "/opt/h")
    assert files_named(("/opt/x.sh", *words.split())) == named


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_script_of_somebody_who_is_not_root_is_not_adopted_for_root(script: Path) -> None:
    os.chown(script, 1234, 1234)
    with pytest.raises(InvalidError, match="could exchange it"):
        look_at(str(script))


def test_a_name_is_given_once(home: Path) -> None:
    wish = Wish("roll-back", ("/opt/x.sh",), "medium")
    write_lines(home, wish.name, lines_for(wish))
    before = (home / "nightshift.toml").read_bytes()
    with pytest.raises(InvalidError, match="there already"):
        write_lines(home, wish.name, lines_for(wish))
    assert (home / "nightshift.toml").read_bytes() == before


def test_lines_that_the_settings_refuse_are_not_written(home: Path) -> None:
    before = (home / "nightshift.toml").read_bytes()
    with pytest.raises(InvalidError, match="runs any code"):
        write_lines(home, "sh", lines_for(Wish("shell", ("/bin/sh", "-c"), "high")))
    assert (home / "nightshift.toml").read_bytes() == before
    assert [path.name for path in home.iterdir()] == ["nightshift.toml"]


def test_what_is_shown_of_a_script_cannot_paint_on_a_terminal(script: Path) -> None:
    found = look_at(str(script))
    assert found.lines[0] == "#!/bin/bash"
    assert "\x1b" not in "".join(found.lines)
    assert found.sha256 == hashlib.sha256(SCRIPT.encode()).hexdigest()


@pytest.mark.parametrize(
    ("data", "mode", "why"),
    [
        (b"\x7fELF", 0o755, "no script"),
        (b"#!/bin/sh\n", 0o644, "cannot be run"),
        (b"#!/bin/sh\n", 0o777, "others can change"),
        (b"#!" + b"x" * (1 << 20), 0o755, "larger"),
    ],
)
def test_what_cannot_be_adopted_says_why(data: bytes, mode: int, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x.sh"
    path.write_bytes(data)
    path.chmod(mode)
    with pytest.raises(InvalidError, match=why):
        look_at(str(path))


def test_a_link_is_no_script(script: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(script)
    with pytest.raises(InvalidError, match="link"):
        look_at(str(tmp_path / "link"))


def test_without_a_person_the_danger_must_be_said(script: Path) -> None:
    with pytest.raises(InvalidError, match="--risk"):
        wish_of(look_at(str(script)), Wish("", (), ""), None)
    assert name_for("/opt/Roll_back API.sh") == "roll-back-api"


def test_a_person_is_asked_for_what_the_options_leave_open(script: Path) -> None:
    answers = {"adopt.risk": "high", "adopt.cures": "http.failed", "adopt.undo": ""}
    wish = wish_of(look_at(str(script)), Wish("", ("api",), ""), answers.__getitem__)
    assert wish == Wish(wish.name, (str(script), "api"), "high", ("http.failed",))


def test_a_script_that_changed_here_is_a_changed_skill_until_it_is_admitted(script: Path) -> None:
    sha256 = hashlib.sha256(SCRIPT.encode()).hexdigest()
    action = Action("roll-back", ("/opt/x.sh", str(script)), Risk.MEDIUM, files=((str(script), sha256),))
    catalog = ActionCatalog(FakeCatalog(), (action,))
    before = catalog.get("roll_back")
    assert (before.state, catalog.action(before)) == (SkillState.TRIAL, action)
    script.write_text("#!/bin/bash\necho other\n")
    after = catalog.get("roll_back")
    assert after.state is SkillState.CHANGED
    assert after.sha256 != before.sha256


def test_what_was_never_adopted_waits_for_a_card() -> None:
    catalog = ActionCatalog(FakeCatalog(), (Action("roll-back", ("/opt/x.sh",), Risk.MEDIUM),))
    assert catalog.get("roll_back").state is SkillState.CHANGED


def test_a_skill_with_the_same_words_is_no_action() -> None:
    catalog = ActionCatalog(FakeCatalog(), (Action("roll-back", ("/opt/x.sh",), Risk.MEDIUM),))
    made = catalog.get("roll_back")
    assert ActionCatalog(FakeCatalog(made), ()).action(made) is None


def test_an_action_is_found_by_the_name_that_its_line_has() -> None:
    catalog = ActionCatalog(FakeCatalog(), (Action("roll-back", ("/opt/x.sh",), Risk.MEDIUM),))
    assert catalog.get("roll-back") == catalog.get("roll_back")
