"""Names that are known, found in texts as they are written: as words of their own, Chinese without blanks too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert import Signal
from core.check import Check
from core.known_names import Name, found_in, known_by
from core.origin import Origin

CHECKS = tuple(
    Check(Signal.parse(signal), host)
    for host, signal in (
        ("web-1", "process.down:nginx"),
        ("web-1", "process.down:订单服务"),
        ("web-1", "disk.used_percent:/srv/shop"),
        ("web-1", "tcp.failed:db-1:5432"),
        ("web-1", "http.failed:http://shop.example/health"),
        ("db-1", "process.down:postgresql"),
    )
)
KNOWN = known_by(CHECKS)


def names(*texts: str) -> tuple[Name, ...]:
    return tuple(Name(text, Origin.INVENTORY, "listed") for text in texts)


def found(text: str, *known: str) -> list[str]:
    return [name.text for name in found_in(text, names(*known))]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("nginx is down", "nginx"),
        ("把web-2上的nginx重启一下", "nginx"),
        ("nginx.service: Failed", "nginx"),
        ("nginx.", "nginx"),
        ("db-1:5432 refuses", "db-1"),
        ("no space on /srv/shop, again", "/srv/shop"),
        ("see http://shop.example/health.", "http://shop.example/health"),
        ("重启订单服务", "订单服务"),
    ],
)
def test_a_name_is_found_as_it_stands(text: str, known: str) -> None:
    assert found(text, known) == [known]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("nginx-exporter is down", "nginx"),
        ("my-nginx is down", "nginx"),
        ("Nginx is down", "nginx"),
        ("/var/log/nginx/error.log", "nginx"),
        ("db-1.evil.example", "db-1"),
        ("/srv/shop/../../etc", "/srv/shop"),
        ("/srv/shopping", "/srv/shop"),
        ("", ""),
    ],
)
def test_what_only_looks_like_a_name_is_none(text: str, known: str) -> None:
    assert found(text, known) == []


def test_the_longest_comes_first() -> None:
    assert found("web-1 and web-10 and web-1", "web-1", "web-10") == ["web-10", "web-1"]


def test_checks_name_what_a_parameter_may_be_on_their_own_host() -> None:
    assert [name.text for name in KNOWN.of("service", "web-1")] == ["nginx", "订单服务"]
    assert [name.text for name in KNOWN.of("service", "db-1")] == ["postgresql"]
    assert [name.text for name in KNOWN.of("port", "web-1")] == ["5432"]
    assert [name.text for name in KNOWN.of("mount", "web-1")] == ["/srv/shop"]
    assert KNOWN.of("service", "web-9") == KNOWN.of("colour", "web-1") == ()


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=20), max_size=10))
def test_what_is_found_stands_in_the_text(text: str, known: list[str]) -> None:
    assert all(name in text for name in found(text, *known))
