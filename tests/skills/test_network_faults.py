"""Real network faults in a network namespace: the lowest broken layer is named, and only what the host itself states is set back."""

from __future__ import annotations

import pytest

from tests.skills.hands import Hands
from tests.skills.patient import Patient

STATED = "auto eth0\niface eth0 inet static\n  address 10.7.0.5/24\n  gateway 10.7.0.1\n  dns-nameservers 10.7.0.1\n"


@pytest.fixture
def wired(patient: Patient) -> Patient:
    patient.shell("ip netns add lan && ip link add eth0 type veth peer name gateway netns lan && ip link set eth0 up")
    patient.shell(
        "ip -n lan link set gateway up && ip -n lan addr add 10.7.0.1/24 dev gateway && ip addr add 10.7.0.5/24 dev eth0"
    )
    patient.shell("ip route add default via 10.7.0.1 dev eth0 && ip route add 10.8.0.0/16 via 10.7.0.9")
    patient.write("/etc/network/interfaces", STATED)
    patient.write("/etc/resolv.conf", "search lan\nnameserver 10.7.0.1\n")
    return patient


def test_a_missing_default_route_is_set_back_and_nothing_else_changes(wired: Patient, hands: Hands) -> None:
    before = wired.shell("ip route show")
    wired.shell("ip route del default")
    facts = hands.look_at("route.missing")
    assert hands.would("route.missing", facts) == ["restore_default_route"]
    done = hands.repair("restore_default_route", facts)
    assert done.effects == ("exec /usr/sbin/ip route add default via 10.7.0.1 dev eth0",)
    assert wired.shell("ip route show") == before


def test_a_default_route_is_never_replaced(wired: Patient, hands: Hands) -> None:
    facts = hands.look_at("route.missing")
    assert facts["broken_layer"] == "none here"
    assert hands.would("route.missing", facts) == []
    assert hands.repair("restore_default_route", facts).effects == ()
    assert wired.default_routes() == ["10.7.0.1"]


def test_a_resolver_that_nobody_states_is_put_behind_the_stated_one(wired: Patient, hands: Hands) -> None:
    wired.write("/etc/resolv.conf", "search lan\nnameserver 10.7.0.66\n")
    facts = hands.look_at("dns.failed")
    assert hands.would("dns.failed", facts) == ["replace_dead_resolver"]
    assert hands.repair("replace_dead_resolver", facts).effects == ("fs.write /etc/resolv.conf",)
    assert wired.shell("cat /etc/resolv.conf") == "search lan\nnameserver 10.7.0.1\nnameserver 10.7.0.66\n"


def test_a_switched_off_link_is_switched_on(wired: Patient, hands: Hands) -> None:
    wired.shell("ip link set eth0 down")
    facts = hands.look_at("route.missing")
    assert facts["broken_layer"] == "link"
    assert hands.would("route.missing", facts) == ["bring_link_up"]
    assert hands.repair("bring_link_up", facts).effects == ("exec /usr/sbin/ip link set dev eth0 up",)
    assert "UP" in wired.shell("ip link show eth0")


def test_one_dropping_rule_goes_and_the_others_stay(wired: Patient, hands: Hands) -> None:
    wired.shell("iptables -A INPUT -p tcp --dport 23 -j DROP && iptables -A INPUT -p tcp --dport 8080 -j DROP")
    facts = hands.look_at("tcp.failed", port=8080)
    assert facts["dropped_port"] == 8080
    assert hands.would("tcp.failed", facts) == ["remove_dropping_rule"]
    assert hands.repair("remove_dropping_rule", facts).ok
    assert "--dport 8080" not in wired.shell("iptables -S INPUT")
    assert "--dport 23" in wired.shell("iptables -S INPUT")
