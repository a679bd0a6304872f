"""Other people's inventories: what they name is found, and nothing in them is run, filled in, decrypted or followed out of its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import inventory_ansible, inventory_ssh_config
from core.errors import InvalidError
from core.inventory import Listed, Listing

Read = Callable[..., Listing]


@pytest.fixture
def ansible(tmp_path: Path) -> Read:
    def read(text: str, name: str = "hosts.ini") -> Listing:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return inventory_ansible.listed(tmp_path / name)

    return read


@pytest.fixture
def ssh_config(tmp_path: Path) -> Read:
    def read(text: str, **others: str) -> Listing:
        for name, content in {"config": text, **others}.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        return inventory_ssh_config.listed(tmp_path / "config")

    return read


def named(listing: Listing) -> dict[str, tuple[str, int, tuple[str, ...]]]:
    return {one.name: (one.address, one.port, one.groups) for one in listing.hosts}


INI = """
# ours
solo ansible_port=2200 ansible_user=root

[web]
web[01:03] ansible_host=10.0.0.1   # three of them

[db]
db-1:2222 ansible_host="10.0.0.9"
db-2 ansible_become=yes

[prod:children]
web
db

[prod:vars]
ansible_port=2201

[db:vars]
ansible_port=2202
"""


def test_an_ini_inventory_has_hosts_ranges_groups_of_groups_and_their_variables_nearest_last(ansible: Read) -> None:
    assert named(ansible(INI)) == {
        "solo": ("", 2200, ()),
        "web01": ("10.0.0.1", 2201, ("prod", "web")),
        "web02": ("10.0.0.1", 2201, ("prod", "web")),
        "web03": ("10.0.0.1", 2201, ("prod", "web")),
        "db-1": ("10.0.0.9", 2222, ("db", "prod")),
        "db-2": ("", 2202, ("db", "prod")),
    }


YAML = """
all:
  vars: {ansible_port: 2200}
  children:
    web:
      hosts:
        web-[1:2]: {ansible_host: 10.0.0.1}
        web-3: {ansible_host: !vault "$ANSIBLE_VAULT;1.1;AES256"}
        web-4: {ansible_host: "{{ lookup('pipe', 'touch /tmp/owned') }}"}
        web-5: {ansible_connection: local}
        web-6: {ansible_ssh_common_args: -o ProxyCommand=x}
    db: {hosts: {db-1: }}
"""


def test_a_yaml_inventory_is_text_only_and_says_what_it_leaves_out_and_why(ansible: Read) -> None:
    listing = ansible(YAML, "hosts.yml")
    assert named(listing) == {
        "web-1": ("10.0.0.1", 2200, ("web",)),
        "web-2": ("10.0.0.1", 2200, ("web",)),
        "db-1": ("", 2200, ("db",)),
    }
    assert dict(listing.notes) == {
        "web-3": "its address is a template or a secret; write it into [hosts.web-3]",
        "web-4": "its address is a template or a secret; write it into [hosts.web-4]",
        "web-5": "is reached by ansible_connection = local, not by SSH",
        "web-6": "has ansible_ssh_common_args; it must be reached without",
    }


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("plugin: amazon.aws.aws_ec2", "hosts.yml", "dynamic inventory"),
        ("[web", "hosts.ini", "line 1: is no section"),
        ("a b=1 c", "hosts.ini", "line 1: a word after the host is no variable"),
        ('a b="1', "hosts.ini", "line 1"),
        ("web[1:999999999]", "hosts.ini", "more than 5000 hosts"),
        ("web[1:x]", "hosts.ini", "is no range"),
        ("- a\n- b", "hosts.yml", "no table"),
        ("a: [", "hosts.yml", "is no YAML"),
        ("all: " + "{children: {a: " * 40 + "{}" + "}}" * 40, "hosts.yml", "deeper than 32"),
        ("[" * 5000, "hosts.yml", "is no YAML"),
        ("a: &a {children: {b: &b {children: {c: {}}}, d: *b}}\ne: *a\n" + "x" * 300_000, "hosts.yml", "256 KiB"),
    ],
)
def test_what_is_no_static_inventory_is_refused_in_one_sentence(ansible: Read, text: str, name: str, says: str) -> None:
    with pytest.raises(InvalidError) as refused:
        ansible(text, name)
    assert says in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "root:$6$hunter2:19000:0:99999:7:::",
        "bo hunter2",
        "[hunter2",
        '"hunter2',
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2 hunter2=\n-----END",
        "all: *hunter2",
        'all: {vars: {ansible_password: "hunter2',
        "all: {vars: {ansible_password: 'hunter2\n'x'",
        "!!python/name:hunter2.x {}",
        "a: @hunter2",
    ],
)
@pytest.mark.parametrize("name", ["hosts.ini", "hosts.yml"])
def test_what_is_no_inventory_is_refused_without_being_quoted(ansible: Read, text: str, name: str) -> None:
    said = ""
    try:
        ansible(f"{text}\n", name)
    except InvalidError as error:
        said = error.message
    assert "hunter2" not in said


def test_one_anchor_under_a_thousand_names_ends(ansible: Read) -> None:
    layers = "".join(
        f"l{n}: &l{n} {{children: {{{', '.join(f'g{n}x{i}: *l{n - 1}' for i in range(9))}}}}}\n" for n in range(1, 9)
    )
    with pytest.raises(InvalidError, match="more than"):
        ansible("l0: &l0 {hosts: {a: }}\n" + layers, "hosts.yml")


def test_a_program_a_folder_and_what_is_not_there_are_no_inventory(tmp_path: Path) -> None:
    program = tmp_path / "inventory.py"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for path, says in ((program, "is a program"), (tmp_path, "directory"), (tmp_path / "none", "No such file")):
        with pytest.raises(InvalidError, match=says):
            inventory_ansible.listed(path)
    assert not (tmp_path / "ran").exists()


def test_variables_beside_an_inventory_are_not_read_and_that_is_said(ansible: Read, tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    assert ansible("a").notes == (("", f"host_vars beside {tmp_path}/hosts.ini is not read"),)


CONFIG = """
Include more
Host web-1 web-2
  HostName %h.example.com
  Port = 2222
Host db-1 !db-2 db-*
  HostName 10.0.0.1
  User root
  IdentityFile ~/.ssh/root
Host db-1
  HostName 10.0.0.2
Host far
  ProxyCommand none
  Port 23
Host *
  Port 24
"""


def test_of_an_ssh_configuration_the_first_that_holds_counts(ssh_config: Read) -> None:
    assert ssh_config(CONFIG, more="Host web-1\n  Port 2200\n").hosts == (
        Listed("web-1", "web-1.example.com", 2200),
        Listed("web-2", "web-2.example.com", 2222),
        Listed("db-1", "10.0.0.1", 24),
        Listed("far", "", 23),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Host a\n  ProxyCommand touch {ran}", "has ProxyCommand; it must be reached without"),
        ("Host a\n  ProxyJump bastion", "has ProxyJump; it must be reached without"),
        ("Host a\n  LocalCommand touch {ran}", "has LocalCommand; it must be reached without"),
        ("Host a\n  KnownHostsCommand touch {ran}", "has KnownHostsCommand; it must be reached without"),
        ("Host a\nHost *\n  ProxyCommand touch {ran}", "has ProxyCommand; it must be reached without"),
        ('Host a\nMatch exec "touch {ran}"\n  Port 1', "Match exec may set its port; write it into [hosts.a]"),
        (
            "Host a\nMatch originalhost a user bo\n  HostName b",
            "Match user may set its hostname; write it into [hosts.a]",
        ),
        ("Host a\n  HostName %h.$(touch {ran})", "its HostName 'a.$(touch' is a template; write it into [hosts.a]"),
        ("Host a\n  Port 99999", "'99999' is no port"),
    ],
)
def test_what_would_have_to_be_run_is_left_out_and_said(ssh_config: Read, tmp_path: Path, text: str, why: str) -> None:
    listing = ssh_config(text.replace("{ran}", str(tmp_path / "ran")))
    assert (listing.hosts, dict(listing.notes)) == ((), {"a": why})
    assert not (tmp_path / "ran").exists()


def test_match_all_and_match_of_a_name_are_known_without_a_run(ssh_config: Read) -> None:
    text = "Host a b\nMatch originalhost a\n  Port 2200\nMatch all\n  Port 2300\n"
    assert ssh_config(text).hosts == (Listed("a", "", 2200), Listed("b", "", 2300))


@pytest.mark.parametrize("include", ["/etc/hosts", "../outside", "~/../../etc/hosts", "link", "**"])
def test_an_include_leads_nowhere_out_of_the_folder(ssh_config: Read, tmp_path: Path, include: str) -> None:
    (tmp_path.parent / "outside").write_text("Host stolen\n")
    (tmp_path / "link").symlink_to(tmp_path.parent / "outside")
    listing = ssh_config(f"Include {include}\nHost a\n")
    assert listing.hosts == (Listed("a"),)
    ((name, why),) = listing.notes
    assert name == ""
    assert "is not read" in why


def test_a_configuration_that_includes_itself_ends(ssh_config: Read) -> None:
    with pytest.raises(InvalidError, match="deeper than"):
        ssh_config("Include config\n")


PIECES = """Host |Match |Include |HostName |Port |ProxyCommand |*|?|!|a|[web]|[a:children]|:|=| |- |{|}|[|]|&x |*x |'|"|1|~|%h|é|exec |
!!python/object/apply:os.system |!vault |{{ x }}|all:|hosts: |children: |ansible_host=|web[1:3]|  """
WORDS = st.sampled_from([*PIECES.replace("\n", "").split("|"), "\n", "\n  ", "\0", "\\"])
TEXTS = st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=200)


@pytest.mark.parametrize("name", ["hosts.ini", "hosts.yml", "config"])
@given(text=TEXTS)
@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_there_is_a_listing_or_one_sentence(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", errors="replace")
    read = {"config": inventory_ssh_config.listed}.get(name, inventory_ansible.listed)
    try:
        listing = read(path)
    except InvalidError as error:
        listing, said = Listing(), error.message
    else:
        said = ""
    assert "\n" not in said
    assert all(1 <= one.port <= 65535 for one in listing.hosts)
    assert len(listing.hosts) <= 5000
