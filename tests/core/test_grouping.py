"""Which alarms are one trouble, in whatever order they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert import Alert, AlertStatus, Signal
from core.grouping import WHOLE_HOST, Trouble, depth, is_shallow, leads, place
from core.inventory import HostEntry, Inventory

AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
SHOP = Inventory(
    (HostEntry("db"), HostEntry("web", talks_to=("db",)), HostEntry("lb", talks_to=("web",)), HostEntry("mail"))
)
FIVE = (
    "disk.used_percent:/var",
    "process.down:postgres",
    "tcp.failed:5432",
    "http.failed:http://db/",
    "tls.expires_days:db",
)


def trouble(signal: str, host: str = "db", *, source: str = "probe", after: float = 0.0, busy: bool = False) -> Trouble:
    alert = Alert(f"{host}:{signal}", host, Signal.parse(signal), source, AlertStatus.FIRING, AT)
    return Trouble(f"{host}|{signal}", alert, AT + timedelta(seconds=after), busy)


def one_by_one(troubles: list[Trouble]) -> dict[str, str]:
    """Each comes in alone; what is led follows its leader, as rows do."""
    heads: list[Trouble] = []
    led: dict[str, str] = {}
    for one in troubles:
        new = place([one], heads, SHOP)
        led = {name: new.get(lead, lead) for name, lead in led.items()} | new
        heads = [it for it in (*heads, one) if it.id not in led]
    return led


@pytest.mark.parametrize(
    ("deeper", "shallower"),
    [
        ("link.down:eth0", "dns.failed:example.org"),
        ("route.missing:default", "disk.used_percent:/"),
        ("dns.failed:example.org", "http.failed:https://example.org/"),
        ("disk.inodes_percent:/", "memory.used_percent"),
        ("memory.used_percent", "process.down:app"),
        ("process.down:app", "tcp.failed:80"),
        ("tcp.failed:80", "http.failed:http://x/"),
        ("http.failed:http://x/", "tls.expires_days:x"),
        ("tls.expires_days:x", "load.per_core"),
        ("process.down:app", "backup.late:nightly"),
    ],
)
def test_the_deeper_one_leads(deeper: str, shallower: str) -> None:
    assert leads(trouble(deeper), trouble(shallower), SHOP)
    assert not leads(trouble(shallower), trouble(deeper), SHOP)


def test_a_host_of_which_nothing_can_be_measured_is_deepest() -> None:
    blind = trouble("check.unmeasurable:http.failed:http://x/").alert
    assert depth(blind) == depth(trouble("http.failed:http://x/").alert)
    whole = Alert(blind.id, blind.host, blind.signal, blind.source, blind.status, blind.at, labels=(WHOLE_HOST,))
    assert depth(whole) == 0


@given(st.permutations(FIVE))
def test_five_alarms_of_one_full_disk_are_one_in_any_order(order: list[str]) -> None:
    troubles = [trouble(signal) for signal in order]
    expected = {f"db|{signal}": "db|disk.used_percent:/var" for signal in FIVE[1:]}
    assert place(troubles, [], SHOP) == one_by_one(troubles) == expected


@given(
    st.permutations(
        [("db", "disk.used_percent:/var"), ("web", "http.failed:http://web/"), ("lb", "http.failed:http://lb/")]
    )
)
def test_what_talks_to_it_through_others_belongs_to_it_in_any_order(order: list[tuple[str, str]]) -> None:
    troubles = [trouble(signal, host) for host, signal in order]
    assert (
        set(place(troubles, [], SHOP).values()) == set(one_by_one(troubles).values()) == {"db|disk.used_percent:/var"}
    )


@given(st.lists(st.tuples(st.sampled_from(["db", "web", "lb", "mail"]), st.sampled_from(FIVE)), unique=True))
def test_nobody_is_led_by_who_is_led(chosen: list[tuple[str, str]]) -> None:
    troubles = [trouble(signal, host) for host, signal in chosen]
    for led in (place(troubles, [], SHOP), one_by_one(troubles)):
        assert not set(led) & set(led.values())
        assert set(led) | set(led.values()) <= {one.id for one in troubles}


def test_a_cause_does_not_run_against_who_talks_to_whom() -> None:
    assert place([trouble("disk.used_percent:/", "web"), trouble("tcp.failed:5432", "db")], [], SHOP) == {}
    assert place([trouble("disk.used_percent:/", "mail"), trouble("http.failed:x", "web")], [], SHOP) == {}


def test_claims_and_measurements_are_never_one() -> None:
    assert place([trouble("disk.used_percent:/"), trouble("http.failed:x", source="claim:grafana")], [], SHOP) == {}


def test_what_comes_after_two_minutes_is_another_trouble() -> None:
    assert place([trouble("http.failed:x", after=121)], [trouble("disk.used_percent:/")], SHOP) == {}
    assert place([trouble("http.failed:x", after=120)], [trouble("disk.used_percent:/")], SHOP) != {}


def test_a_leader_whose_repair_has_begun_stays_one() -> None:
    busy = trouble("process.down:postgres", busy=True)
    assert place([trouble("disk.used_percent:/")], [busy], SHOP) == {}
    assert place([trouble("tcp.failed:5432")], [busy], SHOP) == {"db|tcp.failed:5432": busy.id}


@pytest.mark.parametrize("signal", ["nightshift.row_tampered:x", "nightshift.blind"])
def test_our_own_troubles_stand_alone(signal: str) -> None:
    assert place([trouble(signal), trouble("http.failed:x"), trouble("disk.used_percent:/")], [], SHOP) == {
        "db|http.failed:x": "db|disk.used_percent:/"
    }


def test_where_nobody_said_which_host_it_is_nothing_is_put_together() -> None:
    assert place([trouble("disk.used_percent:/", "unknown"), trouble("http.failed:x", "unknown")], [], SHOP) == {}


def test_only_what_something_deeper_may_explain_is_shallow() -> None:
    shallow = [text for text in (*FIVE, "load.per_core", "memory.used_percent") if is_shallow(trouble(text).alert)]
    assert shallow == [*FIVE[1:], "load.per_core"]
