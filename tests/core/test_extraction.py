"""Typed values in text, English and Chinese: what is found is spelled out there, and a doubtful one is not found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extraction import extract
from core.paths import parts_of

KINDS = ("url", "path", "address", "port", "unit", "host", "domain", "pid", "percent", "bytes", "seconds", "quoted")
CHINESE = (
    "主机web-1磁盘/var/log下剩余100MB,使用率97.5%,持续15分钟,服务nginx的端口8080被进程1234占用,"
    "地址10.0.0.1:53,日志说「out of memory」,见https://wiki.example.com/a?b=1。"
)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("host", ("web-1",)),
        ("path", ("/var/log",)),
        ("bytes", (100 << 20,)),
        ("percent", (97.5,)),
        ("seconds", (900.0,)),
        ("unit", ("nginx",)),
        ("port", (8080, 53)),
        ("pid", (1234,)),
        ("address", ("10.0.0.1",)),
        ("quoted", ("out of memory",)),
        ("url", ("https://wiki.example.com/a?b=1",)),
    ],
)
def test_chinese_text_gives_what_it_names(kind: str, found: tuple[object, ...]) -> None:
    assert extract(kind, CHINESE) == found


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("path", "no space left on /data, see /var/log/app.log.", ("/data", "/var/log/app.log")),
        ("path", "disk / is full", ("/",)),
        ("path", "in /opt/app/ now", ("/opt/app",)),
        ("path", "/srv/日志 and a/b and 1/2 and http://h/x", ()),
        ("address", "from 10.1.2.3 via fe80::1, not 10.1.2.3.4 and not 300.1.1.1", ("10.1.2.3", "fe80::1")),
        ("port", "port 5432, db-1:6379, at 10:30:00, port 99999", (5432, 6379)),
        ("unit", "unit nginx.service failed; service: redis", ("nginx", "redis")),
        ("unit", "the service is down", ()),
        ("host", "host=db-1.example.com is gone, server: web-2", ("db-1.example.com", "web-2")),
        ("pid", "pid 77 and PID=78", (77, 78)),
        ("percent", "97 % used, 3.5 percent left, 百分之20", (97.0, 3.5, 20.0)),
        ("bytes", "1.5 GiB and 200 bytes and 10k", (1610612736, 200, 10240)),
        ("seconds", "for 5m, 2 hours, 300ms, 3 天", (300.0, 7200.0, 0.3, 259200.0)),
        ("quoted", "it said \"disk full\" and 'x'", ("disk full", "x")),
        ("domain", "lookup of api.example.com failed", ("api.example.com",)),
        ("colour", "red", ()),
    ],
)
def test_english_text_gives_what_it_names(kind: str, text: str, found: tuple[object, ...]) -> None:
    assert extract(kind, text) == found


@given(st.sampled_from(KINDS), st.text(max_size=300))
def test_any_text_can_be_looked_through_and_each_value_comes_once(kind: str, text: str) -> None:
    found = extract(kind, text)
    assert len(set(found)) == len(found)


@given(st.text(alphabet="/.ab 日\n:", max_size=60))
def test_a_path_that_is_found_can_be_used_as_one(text: str) -> None:
    for path in extract("path", text):
        parts_of(path)


@given(
    st.sampled_from(KINDS),
    st.sampled_from(["a.", "1.", "/a", ":1", "a-", '"', "host ", "0:", "http://a", "9" * 20, "服务"]),
)
def test_a_hostile_text_does_not_take_long(kind: str, piece: str) -> None:
    extract(kind, piece * 20_000)
