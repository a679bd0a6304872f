"""The lowest broken layer of a network in a namespace: only what the host itself states is set back, and nothing else changes."""

from __future__ import annotations

import pytest

from tests.faults.ward import Ward

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
