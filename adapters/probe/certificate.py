"""How long a TLS certificate is still good, read from what the server shows, valid or not."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.probe.connection import host_and_port
from adapters.probe.ground import Ground
from adapters.probe.system import Reading
from core.errors import UnavailableError

_SEQUENCE, _UTC_TIME, _VERSION = 0x30, 0x17, 0xA0
_DAY = 86400.0


def days_left(ground: Ground, place: str, now: datetime) -> Reading:
    """Days until the certificate of `host:port` ends, below zero when it has; UnavailableError when none is shown."""
    ends = not_after(ground.certificate(*host_and_port(place)))
    return Reading((ends - now).total_seconds() / _DAY, f"the certificate of {place} ends {ends:%Y-%m-%d %H:%M} UTC")


def not_after(encoded: bytes) -> datetime:
    """The end of validity of a DER certificate (RFC 5280, 4.1); raises UnavailableError for anything else.

    The standard library reads certificates only after it has verified them, and an expired one does not verify.
    """
    try:
        body = _inside(_inside(encoded))
        if body[0] == _VERSION:
            body = _after(body)
        for _ in ("serial number", "signature algorithm", "issuer"):
            body = _after(body)
        moment = _after(_inside(body))
        text = _inside(moment, moment[0]).decode("ascii")
        return datetime.strptime(text, "%y%m%d%H%M%SZ" if moment[0] == _UTC_TIME else "%Y%m%d%H%M%SZ").replace(
            tzinfo=UTC
        )
    except (IndexError, ValueError) as error:
        raise UnavailableError("the certificate cannot be read") from error


def _lengths(data: bytes) -> tuple[int, int]:
    """Where the content of the first element starts, and where it ends."""
    first = data[1]
    if first < 0x80:
        return 2, 2 + first
    count = first & 0x7F
    return 2 + count, 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def _inside(data: bytes, tag: int = _SEQUENCE) -> bytes:
    if data[0] != tag:
        raise ValueError(tag)
    start, end = _lengths(data)
    return data[start:end]


def _after(data: bytes) -> bytes:
    return data[_lengths(data)[1] :]
