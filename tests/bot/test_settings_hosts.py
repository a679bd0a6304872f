"""[hosts.NAME] and [inventory]: every mistake is one sentence, an inventory adds nothing by itself, and what it adds is only observed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.hosts_setup import setup, table_of
from bot.settings import FileSettings, Settings
from bot.settings_files import read_toml
from bot.settings_hosts import HostTable
from core.errors import InvalidError
from core.inventory import Mode
from core.sudoers import Needed
from tests.source_tree import ROOT

SSH = '[hosts.web-1]\nreach = "ssh"\n'
DOCKER = '[hosts.c]\nreach = "docker"\n'


def loaded(home: Path, toml: str) -> Settings:
    (home / "nightshift.toml").write_text(toml, encoding="utf-8")
    return Settings(home=home, file=read_toml(home / "nightshift.toml"))


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (SSH + "port = 0", "hosts.web-1.port cannot be 0 (int); write a port, e.g. 22"),
        (SSH + 'address = "bo@10.0.0.7"', "hosts.web-1.address: 'bo@10.0.0.7' is no name or address"),
        (SSH + 'address = "10.0.0.7; id"', "hosts.web-1.address"),
        (SSH + 'address = "-oProxyCommand=id"', "hosts.web-1.address"),
        (SSH + 'address = "localhost"', "hosts.web-1: localhost is this machine; use [hosts.localhost]"),
        (SSH + 'address = "::1"', "hosts.web-1: ::1 is this machine"),
        (SSH + 'address = "127.0.0.53"', "hosts.web-1: 127.0.0.53 is this machine"),
        (SSH + 'user = "root"', "hosts.web-1.user: whoever only looks needs no rights"),
        (SSH + 'user = "-l"', "hosts.web-1.user: '-l' is no user name over there"),
        (SSH + 'user = ""', "hosts.web-1.user: '' is no user name over there"),
        (SSH + 'user = "nightshift-hand"', "hosts.web-1.hand: is the same as user"),
        (SSH + 'key = "/a"\nhand_key = "/a"', "hosts.web-1.hand_key: is the same file as key"),
        (SSH + 'container = "x"', 'hosts.web-1.container: only a host with reach = "docker" has it'),
        (
            SSH + 'hand = ""\ngroups = ["web"]\n[groups.web]\nmode = "approve"',
            'hosts.web-1.hand: is "", so this host is only looked at',
        ),
        ('[hosts.c]\nreach = "docker"\naddress = "x"', 'hosts.c.address: only a host with reach = "ssh" has it'),
        ('[hosts.c]\nreach = "docker"\ncontainer = "-v"', "hosts.c.container: '-v' is no container's name"),
        (DOCKER + 'look_user = "root"', "hosts.c.look_user: whoever only looks needs no rights"),
        (DOCKER + 'look_user = "0:5"', "hosts.c.look_user: whoever only looks needs no rights"),
        (DOCKER + 'look_user = "5:00"', "hosts.c.look_user: whoever only looks needs no rights"),
        (DOCKER + 'look_user = ""', "hosts.c.look_user: '' is no user in a container"),
        (DOCKER + 'hand_user = "-u root"', "hosts.c.hand_user: '-u root' is no user in a container"),
        (DOCKER + 'hand_user = "65534"', "hosts.c.hand_user: is the same as look_user"),
        (
            DOCKER + 'socket = "tcp://10.0.0.7:2375"',
            "hosts.c.socket: 'tcp://10.0.0.7:2375' is no socket of this machine",
        ),
        (SSH + 'hand_user = "1000"', 'hosts.web-1.hand_user: only a host with reach = "docker" has it'),
        ('[hosts.localhost]\nreach = "ssh"', "hosts.localhost.reach: this machine is always reached"),
        ('[inventory]\ntake = ["web"]', "inventory.take: there is nothing to take from"),
        ('[inventory]\nansible = "hosts"', "inventory.take is missing"),
        ('[inventory]\nansible = "none"\ntake = ["web"]', "cannot read the Ansible inventory"),
        ('[inventory]\nansible = "hosts"\ntake = ["dbs"]', "inventory.take: no inventory names a group or host 'dbs'"),
    ],
)
def test_a_mistake_is_one_sentence_with_what_to_write(tmp_path: Path, toml: str, says: str) -> None:
    (tmp_path / "hosts").write_text("[web]\nweb-1\n")
    with pytest.raises(InvalidError) as refused:
        loaded(tmp_path, toml)
    assert says in refused.value.message
    assert "\n" not in refused.value.message


def test_a_host_over_there_starts_in_observe_until_its_group_says_more(tmp_path: Path) -> None:
    assert loaded(tmp_path, SSH).inventory().mode("web-1") is Mode.OBSERVE
    assert loaded(tmp_path, SSH + 'groups = ["web"]').inventory().mode("web-1") is Mode.OBSERVE
    stated = SSH + 'groups = ["web"]\n[groups.web]\nmode = "auto"'
    assert loaded(tmp_path, stated).inventory().mode("web-1") is Mode.AUTO


TAKES = '[inventory]\nansible = "hosts"\nssh_config = "config"\ntake = ["web", "db-1"]\n[groups.web]\nmode = "auto"\n'
HOSTS = "[web]\nweb-[1:2] ansible_host=10.0.0.7\n[other]\nweb-9\n[web:vars]\nansible_port=2200\n"
CONFIG = "Host db-1\n  HostName 10.0.0.9\nHost db-2 web-1\n  HostName 10.9.9.9\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "hosts").write_text(HOSTS)
    (tmp_path / "config").write_text(CONFIG)
    return tmp_path


def test_only_what_is_named_is_taken_and_it_is_observed_whatever_its_group_may(home: Path) -> None:
    settings = loaded(home, TAKES)
    inventory = settings.inventory()
    assert [one.name for one in inventory.hosts] == ["localhost", "web-1", "web-2", "db-1"]
    assert {inventory.mode(name) for name in ("web-1", "web-2", "db-1")} == {Mode.OBSERVE}
    web, db = settings.file.hosts["web-1"], settings.file.hosts["db-1"]
    assert (web.reach, web.address, web.port, web.groups) == ("ssh", "10.0.0.7", 2200, ("web", "inventory"))
    assert (db.address, db.port, db.groups) == ("10.0.0.9", 22, ("inventory",))


def test_the_file_overrides_an_inventory_and_groups_stated_there_carry_their_mode(home: Path) -> None:
    settings = loaded(home, TAKES + SSH + 'user = "eyes"\ngroups = ["web"]\n[hosts.web-2]\nreach = "none"\n')
    web = settings.file.hosts["web-1"]
    assert (web.user, web.address, web.port, web.groups) == ("eyes", "10.0.0.7", 2200, ("web",))
    assert settings.inventory().mode("web-1") is Mode.AUTO
    assert settings.file.hosts["web-2"] == HostTable(reach="none")


def test_a_host_that_no_table_could_name_is_left_out(home: Path) -> None:
    (home / "hosts").write_text("[web]\nweb-1\nlocalhost\nhere ansible_host=127.0.0.1\n'$(id)'\n")
    assert sorted(loaded(home, TAKES).file.hosts) == ["db-1", "web-1"]


def test_a_printed_table_says_again_what_it_was_made_of(tmp_path: Path) -> None:
    table = HostTable(reach="ssh", address="10.0.0.7", port=2200, hand="", groups=("web",))
    again = loaded(tmp_path, table_of("web-1.example", table)).file.hosts["web-1.example"]
    assert again == table
    assert FileSettings(hosts={"a": again}).hosts["a"] == table


def test_without_a_hand_nothing_is_printed_that_could_change_anything() -> None:
    made = setup(
        "web-1", HostTable(reach="ssh", hand=""), ("ssh-ed25519 AAAA look", ""), Needed((("/bin/x",),), ("/srv",), ())
    )
    assert (made.sudoers, made.rules, made.folders) == ((), (), ())
    assert not [line for line in made.accounts if "nightshift-hand" in line]


def test_a_hand_that_is_root_needs_no_rules_and_its_account_is_not_touched() -> None:
    keys = ("ssh-ed25519 AAAA look", "ssh-ed25519 BBBB hand")
    made = setup("web-1", HostTable(reach="ssh", hand="root"), keys, Needed((("/bin/x",),), (), ()))
    assert (made.sudoers, made.rules) == ((), ())
    assert not [line for line in made.accounts if "useradd" in line and line.endswith("root")]


LOADED = """
import sys
from bot.settings_files import load
from bot.wiring import local_place
local_place(load({"NIGHTSHIFT_HOME": sys.argv[1]}), ()).end()
print(*(name for name in ("asyncssh", "docker", "yaml") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("toml", "loaded"),
    [("", []), (SSH, ["asyncssh"]), ('[hosts.c]\nreach = "docker"', [])],
    ids=["here", "ssh", "docker"],
)
def test_a_vendor_is_loaded_only_where_a_host_needs_it(tmp_path: Path, toml: str, loaded: list[str]) -> None:
    home = tmp_path / "var"
    home.mkdir(mode=0o700)
    (home / "nightshift.toml").write_text(toml)
    command = [sys.executable, "-c", LOADED, str(home)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == loaded
