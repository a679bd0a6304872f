"""Who leans on whom, and how far we may go there."""

from __future__ import annotations

from core.inventory import HostEntry, Inventory, Mode

SHOP = Inventory(
    (
        HostEntry("lb", talks_to=("web-1", "web-2")),
        HostEntry("web-1", talks_to=("db",)),
        HostEntry("web-2", talks_to=("db",)),
        HostEntry("db"),
        HostEntry("mail", reach="none", groups=("office",)),
    ),
    (("office", Mode.AUTO),),
)


def test_what_leans_on_a_host_is_found_through_others_too() -> None:
    assert SHOP.dependents("db") == {"web-1", "web-2", "lb"}
    assert SHOP.upstream("lb") == {"web-1", "web-2", "db"}
    assert SHOP.neighbours("web-1") == {"lb", "db"}
    assert SHOP.neighbours("mail") == SHOP.neighbours("nobody") == frozenset()


def test_hosts_that_talk_to_each_other_end() -> None:
    ring = Inventory((HostEntry("a", talks_to=("b",)), HostEntry("b", talks_to=("a",))))
    assert ring.dependents("a") == ring.upstream("a") == {"b"}


def test_a_host_that_is_not_reached_is_only_observed_whatever_its_group_says() -> None:
    assert SHOP.mode("mail") is Mode.OBSERVE
    assert [SHOP.is_reached(host) for host in ("db", "mail", "nobody")] == [True, False, False]
