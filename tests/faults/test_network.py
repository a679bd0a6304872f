"""The lowest broken layer of a network in a namespace: only what the host itself states is set back, and nothing else changes."""

from __future__ import annotations

import pytest

from tests.faults.ward import Ward
from tests.skills.patient import eventually

STATED = "auto eth0\niface eth0 inet static\n  address 10.7.0.5/24\n  gateway 10.7.0.1\n  dns-nameservers 10.7.0.1\n"


@pytest.fixture
def wired(ward: Ward) -> Ward:
    ward.shell("ip netns add lan && ip link add eth0 type veth peer name gateway netns lan && ip link set eth0 up")
    ward.shell(
        "ip -n lan link set gateway up && ip -n lan addr add 10.7.0.1/24 dev gateway && ip addr add 10.7.0.5/24 dev eth0"
    )
    ward.shell("ip route add default via 10.7.0.1 dev eth0 && ip route add 10.8.0.0/16 via 10.7.0.9")
    ward.patient.write("/etc/network/interfaces", STATED)
    ward.patient.write("/etc/resolv.conf", "search lan\nnameserver 10.7.0.1\n")
    ward.plant("/etc/network/interfaces", "/etc/resolv.conf", "/srv/orders.db")
    return ward


@pytest.mark.proves("restore_default_route", fault="the default route is gone")
def test_a_missing_default_route_is_set_back_and_nothing_else_changes(wired: Ward) -> None:
    before = wired.shell("ip route show")
    wired.shell("ip route del default")
    wired.heals(
        "route.missing:default",
        by="restore_default_route",
        only=("exec /usr/sbin/ip route add default via 10.7.0.1 dev eth0",),
    )
    assert wired.shell("ip route show") == before


@pytest.mark.proves("remove_dropping_rule", fault="one firewall rule drops a watched port")
def test_one_dropping_rule_goes_and_the_others_stay(wired: Ward) -> None:
    wired.patient.start(
        "import http.server as h; h.HTTPServer(('127.0.0.1', 8080), h.BaseHTTPRequestHandler).serve_forever()"
    )
    wired.shell("iptables -A INPUT -p tcp --dport 23 -j DROP && iptables -A INPUT -p tcp --dport 8080 -j DROP")
    wired.heals("tcp.failed:127.0.0.1:8080", by="remove_dropping_rule")
    assert "--dport 23" in wired.shell("iptables -S INPUT")


RESOLVER = """
import socket
answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
answers.bind(("10.7.0.1", 53))
while True:
    question, who = answers.recvfrom(512)
    end = question.index(b"\\0", 12) + 5
    head = question[:2] + bytes.fromhex("81800001000100000000")
    answers.sendto(head + question[12:end] + bytes.fromhex("c00c00010001000000050004") + bytes([10, 7, 0, 5]), who)
"""
"""Gives every name the same address, as short as a resolver can be."""


def in_the_lan(ward: Ward, program: str) -> None:
    """Runs a program at the other end of the wire."""
    ward.patient.write("/tmp/far.py", program)
    ward.shell("setsid ip netns exec lan python3 /tmp/far.py </dev/null >/tmp/far.log 2>&1 &")


@pytest.mark.proves("replace_dead_resolver", fault="resolv.conf names a resolver that does not answer")
def test_a_dead_resolver_is_put_behind_the_one_that_this_host_states(wired: Ward) -> None:
    in_the_lan(wired, RESOLVER)
    assert eventually(lambda: wired.value("dns.failed:shop.example") == 0)
    wired.patient.write("/etc/resolv.conf", "search lan\nnameserver 10.7.0.66\n")
    wired.plant("/etc/network/interfaces", "/srv/orders.db")
    wired.forget("/etc/resolv.conf")
    wired.heals("dns.failed:shop.example", by="replace_dead_resolver", only=("fs.write /etc/resolv.conf",))
    assert wired.shell("cat /etc/resolv.conf") == "search lan\nnameserver 10.7.0.1\nnameserver 10.7.0.66\n"


@pytest.mark.proves("bring_link_up", fault="the only link was switched off")
def test_a_link_that_was_switched_off_is_switched_on(wired: Ward) -> None:
    in_the_lan(wired, "import signal, socket; held = socket.create_server(('10.7.0.1', 80)); signal.pause()")
    assert eventually(lambda: wired.value("tcp.failed:10.7.0.1:80") == 0)
    wired.shell("ip link set eth0 down")
    wired.heals("tcp.failed:10.7.0.1:80", by="bring_link_up", only=("exec /usr/sbin/ip link set dev eth0 up",))


def test_no_second_route_is_set_where_one_leads_out(wired: Ward) -> None:
    """A control: what is out there does not answer, and this host is in order."""
    before = wired.shell("ip route show; iptables -S; cat /etc/resolv.conf")
    wired.leaves_alone("tcp.failed:10.7.0.99:80")
    assert wired.shell("ip route show; iptables -S; cat /etc/resolv.conf") == before
