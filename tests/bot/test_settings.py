"""Settings: defaults work alone, examples are complete, and every mistake is one sentence with file, key and what to write."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from adapters.probe.local import LocalProbe
from bot import settings as models
from bot.settings import MEASURED, EnvSettings, FileSettings, Settings
from bot.settings_files import load, read_env, read_toml
from bot.settings_table import seconds
from core.alert import LOCALHOST
from core.errors import InvalidError
from core.inventory import Mode
from tests.fakes.clock import FakeClock
from tests.source_tree import ROOT

EXAMPLE = ROOT / "nightshift.example.toml"
ENV_EXAMPLE = ROOT / ".env.example"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def loaded(home: Path, toml: str = "", env: str = "", environ: dict[str, str] | None = None) -> Settings:
    (home / "nightshift.toml").write_text(toml, encoding="utf-8")
    (home / ".env").write_text(env, encoding="utf-8")
    return load({"NIGHTSHIFT_HOME": str(home)} | (environ or {}))


def test_with_nothing_configured_this_machine_is_watched_and_asked_about(home: Path) -> None:
    settings = load({"NIGHTSHIFT_HOME": str(home)})
    assert [entry.name for entry in settings.inventory().hosts] == [LOCALHOST]
    assert settings.inventory().mode(LOCALHOST) is Mode.APPROVE
    assert settings.checks() is None
    assert settings.database_url == f"sqlite:///{home}/nightshift.db"


def test_no_checks_at_all_can_be_said(home: Path) -> None:
    assert loaded(home, "checks = []").checks() == ()


def test_a_check_becomes_one_for_each_host_with_its_times(home: Path) -> None:
    toml = '[[checks]]\nsignal = "process.down:nginx"\nevery = "10s"\nfor = "2m"\nseverity = 1'
    (check,) = loaded(home, toml).checks() or ()
    assert (check.host, str(check.signal), check.every, check.lasting, check.over, int(check.severity)) == (
        LOCALHOST,
        "process.down:nginx",
        10.0,
        120.0,
        0.0,
        1,
    )


def test_the_ceiling_holds_over_the_groups(home: Path) -> None:
    toml = 'mode = "observe"\n[hosts.localhost]\ngroups = ["web"]\n[groups.web]\nmode = "auto"'
    assert loaded(home, toml).inventory().mode(LOCALHOST) is Mode.OBSERVE


def test_people_have_all_their_accounts(home: Path) -> None:
    toml = '[people.li]\nroles = ["approver"]\nos = 1000\nslack = "U1"\nwecom = "lisi"'
    (person,) = loaded(home, toml).inventory().people
    assert person.accounts == ("os:1000", "slack:U1", "wecom:lisi")


@pytest.mark.parametrize(("text", "value"), [("30s", 30), ("2m", 120), ("4h", 14400), ("1d", 86400)])
def test_durations_are_written_with_their_unit(text: str, value: float) -> None:
    assert seconds(text) == value


CHECK = '[[checks]]\nsignal = "memory.used_percent"\n'


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('mod = "observe"', ("unknown key 'mod'", "did you mean 'mode'")),
        ('mode = "x"', ("mode cannot be 'x'", '"observe"')),
        ("mode = 1", ("mode cannot be 1 (int)", '"observe"')),
        ('[server]\nport = "8470"', ("server.port", "a port, e.g. 8470")),
        ("[server]\nport = 99999", ("server.port", "a port")),
        ("[server]\nport = true", ("server.port", "a port")),
        ("x = [", ("broken TOML", "line 1")),
        ('a = 1\nb = "', ("broken TOML", "line 2")),
        ("a = 1\na = 2", ("broken TOML", "line 2")),
        ('[[checks]]\nsignal = "disk.used:/"\nover = 1', ("checks[0].signal", "disk.used_percent")),
        ('[[checks]]\nsignal = "nonsense"\nover = 1', ("checks[0].signal", "kind.metric")),
        ("[[checks]]\nover = 1", ("checks[0].signal is missing", "disk.used_percent:/")),
        (CHECK, ("needs a threshold", "over = NUMBER")),
        (CHECK + "over = 1\nunder = 2", ("both over and under",)),
        (CHECK + 'over = "x"', ("checks[0].over cannot be 'x'", "a number")),
        (CHECK + "over = nan", ("checks[0].over", "a number")),
        (CHECK + 'over = 1\nevery = "30"', ("checks[0].every", '"30s"')),
        (CHECK + "over = 1\nevery = 30", ("checks[0].every", '"30s"')),
        (CHECK + 'over = 1\nevery = "0s"', ("checks[0].every",)),
        (CHECK + "over = 1\nseverity = 4", ("checks[0].severity", "1, 2 or 3")),
        (CHECK + 'over = 1\nhosts = ["web-1"]', ("host 'web-1'", "not in [hosts]", "localhost")),
        (CHECK + "over = 1\n" + CHECK + "over = 2", ("listed twice",)),
        ('[hosts.web-1]\nreach = "telnet"', ("hosts.web-1.reach", "'telnet' is not possible", '"ssh"', '"local"')),
        ('[hosts.web-1]\nreach = "local"', ("hosts.web-1", "localhost")),
        ('[hosts.localhost]\nreach = "none"', ("hosts.localhost.reach", "always reached")),
        ('[hosts.web-1]\nreach = "none"\ntalks_to = ["db-1"]', ("hosts.web-1.talks_to", "'db-1'", "not in [hosts]")),
        ('[hosts.web-1]\nreach = "none"\ntalks_to = ["web-1"]', ("hosts.web-1.talks_to", "does not talk to itself")),
        (
            '[hosts.web-1]\nreach = "none"\n' + CHECK + 'over = 1\nhosts = ["web-1"]',
            ("checks", "'web-1'", 'reach = "none"'),
        ),
        ('[hosts."a;rm -rf /"]', ("not a host name",)),
        ('[hosts."$(id)"]', ("not a host name",)),
        ('[hosts.localhost]\ngroups = ["a b"]', ("hosts.localhost.groups", "no group name")),
        ('[groups.web]\nmode = "auto"', ("groups.web", "no host is in it")),
        ('[people.li]\nroles = ["boss"]\nos = 1', ("people.li.roles[0] cannot be 'boss'", "approver")),
        ('[people.li]\nroles = ["viewer"]', ("people.li", "no account")),
        ('[people.policy]\nroles = ["approver"]\nos = 1', ("people.'policy'", "no name of a person")),
        ('[people."os:1"]\nroles = ["approver"]\nos = 1', ("people.'os:1'", "no name of a person")),
        ('[people."li typed db-1"]\nroles = ["approver"]\nos = 1', ("no name of a person",)),
        ('[people.li]\nroles = ["viewer"]\nos = 1\ngroups = ["web"]', ("people.li.groups", "'web'")),
        (
            '[people.a]\nroles = ["viewer"]\nos = 1\n[people.b]\nroles = ["viewer"]\nos = 1',
            ("people.b", "os:1", "people.a"),
        ),
        ('[tokens.x]\nsha256 = "secret"', ("tokens.x.sha256", "sha256sum")),
        ("[tokens.x]", ("tokens.x.sha256 is missing",)),
        (f'[tokens.x]\nsha256 = "{"0" * 64}"\n[tokens.y]\nsha256 = "{"0" * 64}"', ("same sha256",)),
        ("hosts = []", ("hosts cannot be []", "[hosts.NAME]")),
        ("checks = 3", ("checks cannot be 3", "[[checks]]")),
    ],
)
def test_a_mistake_is_one_sentence_that_names_file_key_and_what_to_write(
    home: Path, toml: str, says: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidError) as refused:
        loaded(home, toml)
    sentence = refused.value.message
    assert "\n" not in sentence
    assert sentence.startswith(str(home / "nightshift.toml"))
    assert [part for part in says if part not in sentence] == []


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ("DATABASE_ULR=sqlite:///x", ("unknown key 'DATABASE_ULR'", "DATABASE_URL")),
        ("DATABASE_URL=mysql://x", ("DATABASE_URL", "postgresql://")),
        ("NIGHTSHIFT_ALERT_TOKEN=short", ("NIGHTSHIFT_ALERT_TOKEN", "16")),
        ("\n\nwhat is this", ("line 3", "KEY=value")),
    ],
)
def test_a_mistake_in_env_is_one_sentence_too(home: Path, env: str, says: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError) as refused:
        loaded(home, env=env)
    assert [part for part in says if part not in refused.value.message] == []
    assert str(home / ".env") in refused.value.message


def test_the_environment_wins_over_env(home: Path) -> None:
    settings = loaded(home, env="DATABASE_URL=sqlite:////a.db", environ={"DATABASE_URL": "sqlite:////b.db"})
    assert settings.database_url == "sqlite:////b.db"


def test_secrets_are_not_shown(home: Path) -> None:
    settings = loaded(home, env="DATABASE_URL=postgresql://u:hunter2@h/d\nNIGHTSHIFT_ALERT_TOKEN=0123456789abcdef")
    assert "hunter2" not in repr(settings)
    assert "0123456789abcdef" not in repr(settings)


def test_a_file_that_is_no_text_is_refused(home: Path) -> None:
    (home / "nightshift.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidError, match="UTF-8"):
        read_toml(home / "nightshift.toml")


def test_the_data_folder_is_made_private(tmp_path: Path) -> None:
    home = tmp_path / "a" / "var"
    load({"NIGHTSHIFT_HOME": str(home)})
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_readable_data_folder_is_closed_and_a_writable_one_refused(home: Path) -> None:
    home.chmod(0o755)
    load({"NIGHTSHIFT_HOME": str(home)})
    assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o777)
    with pytest.raises(InvalidError, match="chmod 700"):
        load({"NIGHTSHIFT_HOME": str(home)})


def test_a_data_folder_that_is_a_file_or_cannot_be_made_is_refused(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(InvalidError, match="NIGHTSHIFT_HOME"):
        load({"NIGHTSHIFT_HOME": str(home / "file")})
    with pytest.raises(InvalidError, match="NIGHTSHIFT_HOME"):
        load({"NIGHTSHIFT_HOME": "/proc/nightshift"})


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_a_data_folder_of_somebody_else_is_refused(home: Path) -> None:
    os.chown(home, 12345, 12345)
    with pytest.raises(InvalidError, match="12345"):
        load({"NIGHTSHIFT_HOME": str(home)})


# ---- the example files --------------------------------------------------------------------------------------------------------------


def keys_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_example_env_lists_every_secret_with_a_line_of_why() -> None:
    lines = ENV_EXAMPLE.read_text(encoding="utf-8").splitlines()
    given = {line.partition("=")[0]: lines[number - 1] for number, line in enumerate(lines) if line and line[0] != "#"}
    assert set(given) == keys_of(EnvSettings)
    assert all(why.startswith("# ") for why in given.values())
    read_env(ENV_EXAMPLE, {})


def tables(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [one for field in model.model_fields.values() for one in re.findall(r"\w+Table", repr(field.annotation))]
    return [getattr(models, name) for name in dict.fromkeys(inner)]


def test_the_example_toml_lists_every_setting_and_is_itself_valid(home: Path) -> None:
    settings = read_toml(EXAMPLE)
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert set(data) == keys_of(FileSettings)
    text = EXAMPLE.read_text(encoding="utf-8")
    wanted = {key for table in tables(FileSettings) for key in keys_of(table)}
    assert [key for key in sorted(wanted) if not re.search(rf"(?m)^({key} = |\[\[\w+\.{key}\]\])", text)] == []
    assert settings.people["li"].groups == ("web",)
    assert home.exists()


def test_the_example_toml_says_why_at_the_first_mention_of_every_key() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    first: dict[str, str] = {}
    above = ""
    for line in lines:
        key = re.match(r"(\w+) = ", line)
        first.setdefault(key[1] if key else "", above)
        above = line if line.startswith("#") or key else ""
    del first[""]
    assert [key for key, why in first.items() if not why] == []


def test_what_can_be_checked_is_what_the_probes_measure() -> None:
    assert set(LocalProbe(FakeClock()).signals) == set(MEASURED)


def test_a_host_that_is_known_by_name_only_is_in_its_groups_and_only_observed(home: Path) -> None:
    toml = '[hosts.web-1]\nreach = "none"\ngroups = ["web"]\ntalks_to = ["localhost"]\n[groups.web]\nmode = "auto"'
    inventory = loaded(home, toml).inventory()
    assert inventory.groups("web-1") == ("web",)
    assert inventory.mode("web-1") is Mode.OBSERVE
    assert not inventory.is_reached("web-1")
    assert inventory.dependents("localhost") == {"web-1"}
