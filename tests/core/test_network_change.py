"""What changes the network, and that the way back sets exactly what was there, as the host itself spelled it."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capability import NO_UNDO, Undo
from core.host_change import FileDelete, FileWrite
from core.network_change import back_argv, is_as_left, is_network, look_before, step_back, undo_of_command

IPTABLES, IP = "/usr/sbin/iptables", "/usr/sbin/ip"
DROP = "-p tcp -m tcp --dport 8080 -j DROP"
RULES = (
    f"-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 23 -j DROP\n-A INPUT {DROP}\n-A INPUT -s 10.0.0.9/32 -j ACCEPT\n"
)
DOWN, UP = (
    json.dumps([{"ifname": "eth0", "mtu": 1500, "flags": flags}]) for flags in (["BROADCAST"], ["UP", "LOWER_UP"])
)


def words(line: str) -> tuple[str, ...]:
    return tuple(shlex.split(line))


@pytest.mark.parametrize(
    "line",
    [
        f"exec {IP} route add default via 10.0.0.1 dev eth0",
        f"exec {IP} -6 route replace default via fe80::1 dev eth0",
        f"exec {IP} route flush table main",
        f"exec {IP} link set dev eth0 up",
        f"exec {IP} addr del 10.0.0.5/24 dev eth0",
        f"exec {IPTABLES} -D INPUT 1",
        f"exec {IPTABLES} -w -A INPUT -j DROP",
        "exec /usr/sbin/nft add rule inet filter input drop",
        "exec /usr/bin/nmcli con down eth0",
        "exec /sbin/ifconfig eth0 down",
        "fs.write /etc/resolv.conf",
        "fs.move /etc/resolv.conf -> /etc/resolv.old",
    ],
)
def test_what_changes_the_network_is_known_as_such(line: str) -> None:
    assert is_network(*line.split(" ", 1))


@pytest.mark.parametrize(
    "line",
    [
        f"exec {IP} route show default",
        f"exec {IP} -j addr show",
        f"exec {IP} neigh del 10.0.0.1 dev eth0",
        f"exec {IPTABLES} -S INPUT",
        "exec /usr/sbin/nft list ruleset",
        "exec /usr/bin/apt-get clean",
        "exec 'unbalanced",
        "fs.write /etc/hosts.d/x",
        "service.restart networkd-dispatcher",
        "fs.delete /var/log/route.log",
    ],
)
def test_everything_else_is_not(line: str) -> None:
    assert not is_network(*line.split(" ", 1))


@pytest.mark.parametrize(
    ("line", "seen", "back"),
    [
        (f"{IPTABLES} -D INPUT {DROP}", RULES, f"{IPTABLES} -w 5 -I INPUT 2 {DROP}"),
        (f"{IPTABLES} -w -D INPUT 3", RULES, f"{IPTABLES} -w 5 -I INPUT 3 -s 10.0.0.9/32 -j ACCEPT"),
        (f"{IPTABLES} -w 5 -I INPUT 2 {DROP}", RULES, f"{IPTABLES} -w 5 -D INPUT 2"),
        (f"{IPTABLES} -A INPUT -j DROP", RULES, f"{IPTABLES} -w 5 -D INPUT 4"),
        (f"{IP} link set dev eth0 up", DOWN, f"{IP} link set dev eth0 down"),
        (f"{IP} link set dev eth0 down", UP, f"{IP} link set dev eth0 up"),
        (f"{IP} link set dev eth0 up", UP, f"{IP} link set dev eth0 up"),
        (f"{IP} link set dev eth0 mtu 9000", UP, f"{IP} link set dev eth0 mtu 1500"),
    ],
)
def test_the_way_back_sets_what_was_there(line: str, seen: str, back: str) -> None:
    undo = undo_of_command(words(line), seen)
    assert shlex.join(back_argv(undo)) == back


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (f"{IPTABLES} -D INPUT {DROP}", "-P INPUT ACCEPT\n"),
        (f"{IPTABLES} -D INPUT 4", RULES),
        (f"{IPTABLES} -D INPUT 0", RULES),
        (f"{IPTABLES} -t nat -D PREROUTING 1", RULES),
        (f"{IPTABLES} -D INPUT 1 -t nat", RULES),
        (f"{IPTABLES} -D INPUT 1", "-A INPUT -m comment --comment 'torn\n"),
        (f"{IP} link set dev eth9 up", DOWN),
        (f"{IP} link set dev eth0 up", "no json"),
        (f"{IP} link set dev eth0 up", "[7]"),
        (f"{IP} link set dev eth0 name lan0", DOWN),
        (f"{IP} route flush cache", ""),
    ],
)
def test_where_nothing_is_known_that_was_there_there_is_no_way_back(line: str, seen: str) -> None:
    assert undo_of_command(words(line), seen) is NO_UNDO


@given(st.lists(st.text("abc '\"\\-", min_size=1, max_size=9), min_size=1, max_size=6), st.data())
def test_a_rule_comes_back_at_its_place_whatever_its_words(comments: list[str], data: st.DataObject) -> None:
    rules = [("-m", "comment", "--comment", comment, "-j", "DROP") for comment in comments]
    listing = "".join(f"-A INPUT {shlex.join(rule)}\n" for rule in rules)
    place = data.draw(st.integers(1, len(rules)))
    argv = back_argv(undo_of_command((IPTABLES, "-D", "INPUT", str(place)), listing))
    assert argv == (IPTABLES, "-w", "5", "-I", "INPUT", str(place), *rules[place - 1])


def test_a_chain_that_somebody_changed_since_is_left_alone() -> None:
    undo = undo_of_command(words(f"{IPTABLES} -D INPUT {DROP}"), RULES)
    left = RULES.replace(f"-A INPUT {DROP}\n", "")
    assert is_as_left(undo, left)
    assert not is_as_left(undo, RULES)
    assert not is_as_left(undo, f"{left}-A INPUT -j LOG\n")


def test_a_link_that_somebody_switched_since_is_left_alone() -> None:
    undo = undo_of_command(words(f"{IP} link set dev eth0 up"), DOWN)
    assert (is_as_left(undo, UP), is_as_left(undo, DOWN)) == (True, False)


def test_the_host_itself_gets_argv_lists_and_files_by_value() -> None:
    rule = undo_of_command(words(f"{IPTABLES} -D INPUT 1"), RULES)
    step = step_back(7, rule, None)
    assert step is not None
    assert (step.action, step.act, step.look) == (7, back_argv(rule), (IPTABLES, "-S", "INPUT"))
    saved = Undo("resolver", "/etc/resolv.conf", "ab", "cd", (("mode", "384"),))
    resolver = step_back(8, saved, b"nameserver 10.0.0.1\n")
    assert resolver is not None
    assert resolver.act == FileWrite("/etc/resolv.conf", b"nameserver 10.0.0.1\n", 0o600)
    new = step_back(9, Undo("unlink", "/etc/resolv.conf", after="cd"), None)
    assert new is not None
    assert new.act == FileDelete("/etc/resolv.conf")
    assert step_back(1, saved, None) is None
    assert step_back(1, Undo("restore", "/etc/passwd", "ab"), b"x") is None


@pytest.mark.parametrize(
    "line", [f"{IP} -4 route del default via 10.0.0.1", f"{IP} link set dev eth0 up", f"{IPTABLES} -D INPUT 1"]
)
def test_looking_is_the_same_before_and_after(line: str) -> None:
    look = look_before(words(line))
    assert look
    assert not is_network("exec", shlex.join(look))
    assert json.dumps(look)
