"""What the hand may do over there: exact lines that sudo itself accepts, and no name that could widen one."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wiring import SKILLS, open_catalog_at
from core.argv_pattern import Placeholder
from core.capability import Risk
from core.errors import InvalidError
from core.service_control import Supervised, service_lines
from core.skill_manifest import Skill
from core.sudoers import (
    Argv,
    allowed_in,
    defaults_of,
    gives_terminal,
    is_allowed,
    line_of,
    needed,
    orders_wherever,
    too_wide,
    wants_sudo,
)
from core.vetted_shapes import VETTED, Shape

HAND = "nightshift-hand"


@pytest.fixture(scope="module")
def skills() -> tuple[Skill, ...]:
    return tuple(one for one in open_catalog_at(SKILLS).skills() if not one.is_looker)


def with_grants(skill: Skill, *grants: str) -> Skill:
    return replace(skill, name="made_up", capabilities=grants)


def accepts(*lines: str) -> bool:
    """What visudo says."""
    run = subprocess.run(
        ["visudo", "-cqf", "-"], input="\n".join((*lines, "")), text=True, capture_output=True, check=False
    )
    return run.returncode == 0


@pytest.mark.needs("visudo")
def test_everything_that_our_skills_need_is_accepted_by_visudo_and_goes_through_sudo(skills: tuple[Skill, ...]) -> None:
    wanted = needed(skills, ("shop", "postgresql@15-main", "app:worker"), orders_wherever)
    lines = [line_of(HAND, argv) for argv in wanted.commands]
    assert accepts(*lines)
    assert all(map(wants_sudo, wanted.commands))
    assert f"{HAND} ALL=(root) NOPASSWD: /usr/bin/systemctl restart -- postgresql@15-main.service" in lines
    assert f"{HAND} ALL=(root) NOPASSWD: /etc/init.d/app\\:worker start" in lines
    assert not [line for line in lines if "*" in line or "?" in line or "!" in line]


@pytest.mark.needs("visudo")
def test_every_supervisor_s_own_orders_can_be_allowed_and_its_questions_where_only_root_may_ask(
    skills: tuple[Skill, ...],
) -> None:
    found = {
        "supervisord": Supervised("supervisord", "shop", "/usr/bin/supervisorctl", "/etc/supervisor/supervisord.conf"),
        "runit": Supervised("runit", "shop", "/usr/bin/sv", "/etc/service/shop"),
        "openrc": Supervised("openrc", "shop", "/sbin/rc-service"),
    }
    skill = with_grants(skills[0], "service.restart:{service}", "service.status:{service}")
    for one in found.values():
        commands = needed((skill,), ("shop",), lambda verb, _, one=one: service_lines(one, (verb,))).commands  # type: ignore[misc]
        assert accepts(*(line_of(HAND, argv) for argv in commands))
        assert service_lines(one, ("restart",))[0] in commands
    asked = service_lines(found["supervisord"], ("status",))[0]
    commands = needed((skill,), ("shop",), lambda verb, _: service_lines(found["supervisord"], (verb,))).commands
    assert asked in commands
    assert wants_sudo(asked)


def test_what_only_the_run_knows_is_left_to_the_operator_and_a_folder_of_the_system_never_opened(
    skills: tuple[Skill, ...],
) -> None:
    skill = with_grants(
        skills[0],
        "fs.delete:/srv/cache/*",
        "fs.write:/etc/resolv.conf",
        "fs.delete:{path}",
        "exec:/usr/sbin/ip link set dev {device:iface} up",
        "process.signal:{pid};TERM",
        "exec:/usr/bin/df -Pk {path}",
    )
    wanted = needed((skill,), (), orders_wherever)
    assert (wanted.commands, wanted.folders) == ((), ("/srv/cache",))
    assert [text for _, text in wanted.left] == [
        "fs.write:/etc/resolv.conf",
        "fs.delete:{path}",
        "exec:/usr/sbin/ip link set dev {device:iface} up",
        "process.signal:{pid};TERM",
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ("systemctl", "restart", "x"),
        ("/usr/bin/systemctl", "restart", "a b"),
        ("/usr/bin/systemctl", "restart", "*"),
        ("/usr/bin/systemctl", "restart", "a?"),
        ("/usr/bin/systemctl", "restart", "[a-z]"),
        ("/usr/bin/systemctl", "restart", "!x"),
        ("/usr/bin/systemctl", "restart", "^.*$"),
        ("/usr/bin/systemctl", "restart", "x\n root ALL=(ALL) ALL"),
        ("/usr/bin/systemctl", "restart", "x#"),
        ("/usr/bin/systemctl", "restart", "\\"),
        ("/usr/bin/systemctl", "restart", ""),
    ],
)
def test_what_sudo_would_read_as_more_is_no_line(argv: Argv) -> None:
    with pytest.raises(InvalidError, match="allow it by hand"):
        line_of(HAND, argv)


@pytest.mark.parametrize("user", ["ALL", "%wheel", "a b", "root,bo", "#0", ""])
def test_a_line_is_for_one_user(user: str) -> None:
    with pytest.raises(InvalidError):
        line_of(user, ("/bin/true",))


@pytest.mark.needs("visudo")
@given(st.lists(st.text(alphabet="abz019_./@%+:=,|-", min_size=1, max_size=12), max_size=4))
@settings(max_examples=40, deadline=None)
def test_whatever_line_is_made_visudo_accepts_and_sudo_s_own_list_names_it_again(arguments: list[str]) -> None:
    argv = ("/usr/bin/prog", *arguments)
    line = line_of(HAND, argv)
    assert accepts(line)
    command = line.partition("NOPASSWD: ")[2]
    assert is_allowed(argv, allowed_in(f"User x may run:\n    (root) NOPASSWD: {command}\n"))
    assert not is_allowed((*argv, "more"), allowed_in(f"User x may run:\n    (root) NOPASSWD: {command}\n"))


def test_what_sudo_lists_with_a_password_or_for_others_is_not_allowed() -> None:
    listed = """Matching Defaults entries for x on far:
    env_reset, secure_path=/usr/bin

User x may run the following commands on far:
    (root) NOPASSWD: /usr/bin/systemctl restart -- shop.service, /etc/init.d/shop start
    (root) /usr/bin/true
    (bo) NOPASSWD: /usr/bin/id
    (ALL : ALL) NOPASSWD: /usr/bin/w ""
"""
    assert allowed_in(listed) == (
        "/usr/bin/systemctl restart -- shop.service",
        "/etc/init.d/shop start",
        '/usr/bin/w ""',
    )


FILLED = {"path": "/srv", "int": "5", "pid": "7", "addr": "10.0.0.1", "iface": "eth0", "unit": "shop", "port": "80"}


def filled(shape: Shape) -> Argv:
    return tuple(FILLED[part.type] if isinstance(part, Placeholder) else part for part in shape.pattern)


def test_a_look_of_an_ordinary_user_goes_without_sudo_and_every_change_with_it() -> None:
    ordinary = ("df", "ss ", "ps ", "systemctl", "ip ", "journalctl -n")
    looks = [filled(one) for one in VETTED if one.risk is Risk.LOW and str(one).startswith(ordinary)]
    assert len(looks) > 30
    assert [argv for argv in looks if wants_sudo(argv)] == []
    assert not wants_sudo(("/usr/bin/systemctl", "show", "--property=MainPID", "--", "shop.service"))
    assert all(wants_sudo(filled(one)) for one in VETTED if one.risk is not Risk.LOW)


LISTED = """Matching Defaults entries for hand on far:
    env_reset, {0}, secure_path=/usr/bin\\:/bin

User hand may run the following commands on far:
    (root) NOPASSWD: {1}
"""


def test_the_line_before_the_commands_is_one_that_sudo_takes() -> None:
    assert accepts(defaults_of(HAND), line_of(HAND, ("/usr/bin/id", "-u")))
    assert defaults_of(HAND).startswith(f"Defaults:{HAND} use_pty, env_reset, !setenv, secure_path=")
    for name in ("ALL", "a,b", "a\nb", "%admin", ""):
        with pytest.raises(InvalidError):
            defaults_of(name)


@pytest.mark.parametrize(
    ("said", "gives"),
    [("use_pty", True), ("!use_pty", False), ("!use_pty, use_pty", True), ("use_pty, !use_pty", False), ("", False)],
)
def test_a_terminal_is_given_where_the_last_word_says_so(said: str, gives: bool) -> None:
    assert gives_terminal(LISTED.format(said, "/bin/use_pty")) is gives


@pytest.mark.parametrize(
    ("commands", "wide"),
    [
        ("/usr/bin/id -u", ()),
        ("ALL", ("ALL",)),
        ("/usr/bin/id -u, /usr/bin/systemctl restart *", ("/usr/bin/systemctl restart *",)),
        ("SETENV: /usr/bin/id", ("SETENV",)),
        ("/usr/bin/tail /var/log/[a-z]", ("/usr/bin/tail /var/log/[a-z]",)),
        ('/usr/bin/id ""', ()),
    ],
)
def test_rules_that_are_more_than_single_commands_are_seen(commands: str, wide: tuple[str, ...]) -> None:
    assert too_wide(LISTED.format("use_pty", commands)) == wide
