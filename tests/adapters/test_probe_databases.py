"""What a database answers a stranger means: bytes as real servers send them, whole, cut off, or from something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.clock_system import SystemClock
from adapters.probe import postgres, redis
from adapters.probe.local import LocalProbe
from core.alert import Signal
from core.errors import UnavailableError

PLACE = "db-1:5432"


def refused(code: str, message: str) -> bytes:
    body = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "answer",
    [
        b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0",
        b"R\0\0\0\x08\0\0\0\0" + refused("28000", 'role "nightshift" does not exist'),
        refused("28000", "no pg_hba.conf entry for host"),
        refused("3D000", 'database "postgres" does not exist'),
        b"N\0\0\0\x05\0" + refused("28P01", "password authentication failed"),
    ],
)
def test_a_server_that_asks_or_refuses_a_stranger_accepts_connections(answer: bytes) -> None:
    assert postgres.judged(answer, PLACE).value == 0


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (refused("53300", "sorry, too many clients already"), "53300: sorry, too many clients already"),
        (refused("57P03", "the database system is starting up"), "57P03: the database system is starting up"),
        (refused("53100", "could not extend file"), "53100: could not extend file"),
        (refused("58030", "could not read"), "58030: could not read"),
        (refused("XX001", "invalid page"), "XX001: invalid page"),
        (b"", f"{PLACE} accepted the connection and hung up without a word"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", f"what answers at {PLACE} is no PostgreSQL"),
        (refused("53300", "sorry")[:-3], f"what answers at {PLACE} is no PostgreSQL"),
        (b"R\0\0\0\x02", f"what answers at {PLACE} is no PostgreSQL"),
        (b"E\0\0\0\x04", "no code: it gives no reason"),
    ],
)
def test_what_cannot_serve_says_why(answer: bytes, detail: str) -> None:
    reading = postgres.judged(answer, PLACE)
    assert (reading.value, reading.detail) == (1, detail)


GOOD = (
    "+PONG\r\n$99\r\nloading:0\r\nrdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\n"
)
SAVE_FAILED = GOOD.replace("bgsave_status:ok", "bgsave_status:err")
FULL = "used_memory:900\r\nmaxmemory:900\r\nmaxmemory_policy:noeviction\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        "-NOAUTH Authentication required.\r\n",
        SAVE_FAILED + "*2\r\n$27\r\nstop-writes-on-bgsave-error\r\n$2\r\nno\r\n",
        SAVE_FAILED + "role:slave\r\n",
        GOOD + FULL.replace("noeviction", "allkeys-lru"),
        GOOD + FULL.replace("used_memory:900", "used_memory:899"),
        GOOD + FULL.replace("maxmemory:900", "maxmemory:0"),
    ],
)
def test_a_redis_that_takes_what_it_should_serves(answer: str) -> None:
    assert redis.judged(answer.encode(), PLACE).value == 0


@pytest.mark.parametrize(
    ("answer", "begins"),
    [
        (SAVE_FAILED, "MISCONF: its last snapshot failed, so that it refuses writes"),
        ("-MISCONF Redis is configured" + SAVE_FAILED.removeprefix("+PONG"), "MISCONF: its last snapshot failed"),
        (
            SAVE_FAILED.replace("in_progress:0", "in_progress:1"),
            "MISCONF: its last snapshot failed, so that it refuses writes; a new",
        ),
        (GOOD.replace("write_status:ok", "write_status:err"), "MISCONF: its append-only file"),
        (GOOD + FULL, "OOM: all 900 bytes"),
        (GOOD.replace("loading:0", "loading:1"), "LOADING"),
        ("-LOADING Redis is loading the dataset in memory\r\n", "LOADING"),
        ("-ERR max number of clients reached\r\n", "ERR max number of clients reached"),
        ("", f"{PLACE} accepted the connection and did not answer"),
        ("SSH-2.0-OpenSSH_9.2\r\n", f"what answers at {PLACE} is no Redis"),
    ],
)
def test_a_redis_that_does_not_serve_says_why(answer: str, begins: str) -> None:
    reading = redis.judged(answer.encode(), PLACE)
    assert reading.value == 1
    assert reading.detail.startswith(begins)


def test_the_newest_backup_is_found_below_folders_and_an_empty_one_is_none(tmp_path: Path) -> None:
    probe, signal = LocalProbe(SystemClock()), Signal.parse(f"backup.age_hours:{tmp_path}")
    (tmp_path / "empty.dump").touch()
    with pytest.raises(UnavailableError, match="there is no backup"):
        probe.read(signal)
    (tmp_path / "2026").mkdir()
    for name, age in (("monday.dump", 50), ("tuesday.dump", 26)):
        (tmp_path / "2026" / name).write_text("rows")
        when = SystemClock().now().timestamp() - age * 3600
        os.utime(tmp_path / "2026" / name, (when, when))
    reading = probe.read(signal)
    assert reading.value == pytest.approx(26, abs=0.1)
    assert reading.detail.endswith("tuesday.dump with 4 bytes")
    with pytest.raises(UnavailableError):
        probe.read(Signal.parse(f"backup.age_hours:{tmp_path}/gone"))
