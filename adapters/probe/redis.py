"""Whether a Redis serves reads and writes, asked in its own protocol without a password: what is sent, and what the answers mean."""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.probe.connection import host_and_port
from adapters.probe.system import Reading

QUESTION = (
    b"PING\r\nINFO persistence\r\nINFO memory\r\nINFO replication\r\nCONFIG GET stop-writes-on-bgsave-error\r\nQUIT\r\n"
)
LIMIT = 65536
SECONDS = 4.0

_FIELD = re.compile(r"^([a-z0-9_]+):(.*?)\r?$", re.MULTILINE)
_GUARD = re.compile(r"stop-writes-on-bgsave-error\r\n\$\d+\r\n(yes|no)")

Exchange = Callable[[str, int, bytes, int, float], tuple[bytes, str]]
"""Host, port, what is sent, how many bytes are read at most and how long; what came back, and why there is no more or ''."""


class RedisProbe:
    """One question a look, nothing kept."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def failed(self, place: str) -> Reading:
        """1 while it does not serve, or refuses writes; the detail says why."""
        host, port = host_and_port(place)
        answer, reason = self._exchange(host, port, QUESTION, LIMIT, SECONDS)
        return judged(answer, place) if answer or not reason else Reading(1, reason)


def judged(answer: bytes, place: str) -> Reading:
    """What the bytes that came back mean. One that wants a password is up, and more of it is not seen."""
    text = answer.decode("utf-8", "replace")
    first = text.partition("\r\n")[0][:200]
    if not text:
        return Reading(1, f"{place} accepted the connection and did not answer")
    if first.startswith(("-NOAUTH", "-NOPERM", "-DENIED")):
        return Reading(0, f"{place} answers; it wants a password, so that nothing else is seen of it")
    if first.startswith("-LOADING"):
        return Reading(1, "LOADING: it reads its data set into memory")
    if first.startswith("-") and not first.startswith("-MISCONF"):  # with which it answers even PING; INFO says why
        return Reading(1, first.removeprefix("-"))
    if not first.startswith(("+PONG", "-MISCONF")):
        return Reading(1, f"what answers at {place} is no Redis")
    trouble = _trouble_of(dict(_FIELD.findall(text)), guarded=_is_guarded(text))
    return Reading(1, trouble) if trouble else Reading(0, f"{place} serves")


def _trouble_of(fields: dict[str, str], *, guarded: bool) -> str:
    """Why it would refuse a write that it should take; a replica never takes any."""
    if fields.get("loading") == "1":
        return "LOADING: it reads its data set into memory"
    if fields.get("aof_last_write_status") == "err":
        return "MISCONF: its append-only file could not be written, so that it refuses writes"
    if fields.get("rdb_last_bgsave_status") == "err" and guarded and fields.get("role", "master") == "master":
        under_way = "; a new snapshot is being written" if fields.get("rdb_bgsave_in_progress") == "1" else ""
        return f"MISCONF: its last snapshot failed, so that it refuses writes{under_way}"
    most, used = fields.get("maxmemory", "0"), fields.get("used_memory", "0")
    is_full = most.isdigit() and used.isdigit() and 0 < int(most) <= int(used)
    if is_full and fields.get("maxmemory_policy") == "noeviction":
        return f"OOM: all {most} bytes that it may use are in use, and it may evict nothing"
    return ""


def _is_guarded(text: str) -> bool:
    """Whether a failed snapshot stops writes, which is how Redis is delivered; False only where it says so itself."""
    found = _GUARD.search(text)
    return found is None or found[1] == "yes"
