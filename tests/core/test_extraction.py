"""Typed values in text, English and Chinese: what is found is spelled out there, and a doubtful one is not found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extraction import MOST, WIDE, extract, numeral
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
        ("host", "把 web-2 上的 nginx 重启", ("web-2",)),
        ("unit", "把 web-2 上的 nginx 重启", ("nginx",)),
        ("unit", "重启一下redis；restart the mysql on db-1", ("redis", "mysql")),
        ("unit", "restart it now, 重启所有服务", ()),
        ("percent", "磁盘用了八成，内存百分之九十，交换区九成五，９７％", (80.0, 90.0, 95.0, 97.0)),
        ("percent", "八成功，做成了", ()),
        ("seconds", "两个小时，半小时，十五分钟，3 个小时，两周", (7200.0, 1800.0, 900.0, 10800.0, 1209600.0)),
        ("seconds", "十分严重，万一天黑", ()),
        ("bytes", "5 个 G，两百兆，10GB", (5 << 30, 200 << 20, 10 << 30)),
        ("port", "端口三三零六，端口：８０８０，10.0.0.5:5432，[::1]:80", (3306, 8080, 5432, 80)),
        ("address", "10.0.0.5:5432 and [::1]:80", ("10.0.0.5", "::1")),
        ("path", r"C:\Windows\system32 and C:/Windows, not /etc/nginx", ("/etc/nginx",)),
        ("quoted", "日志里有『磁盘已满』", ("磁盘已满",)),
        ("colour", "red", ()),
    ],
)
def test_english_text_gives_what_it_names(kind: str, text: str, found: tuple[object, ...]) -> None:
    assert extract(kind, text) == found


@pytest.mark.parametrize(
    ("spelled", "number"),
    [
        ("三千三百零六", 3306),
        ("三三零六", 3306),
        ("十五", 15),
        ("一百零五", 105),
        ("一万二千", 12000),
        ("半", 0.5),
        ("万一", None),
        ("百", None),
        ("二二十", None),
    ],
)
def test_chinese_numerals_are_read_and_what_is_none_is_not(spelled: str, number: float | None) -> None:
    assert numeral(spelled) == number


@given(st.sampled_from(["path", "unit", "host", "domain", "address", "quoted", "url"]), st.text(max_size=200))
def test_what_is_found_is_spelled_out_in_the_text(kind: str, text: str) -> None:
    spelled = text.translate(WIDE)
    assert all(str(found) in spelled for found in extract(kind, text))


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", ["a", "1", "/", ":", "a.", "十", "个 ", "重启 a", "1:", "“"])
def test_a_text_of_a_megabyte_is_looked_through_as_fast_as_its_beginning(kind: str, piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert extract(kind, text) == extract(kind, text[:MOST])
