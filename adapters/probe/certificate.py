"""How long a TLS certificate is still good, read from what the server shows, valid or not."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from adapters.probe.connection import CONNECT_SECONDS, Connector, host_and_port, why
from adapters.probe.system import Reading
from core.errors import UnavailableError

_SEQUENCE, _UTC_TIME, _VERSION = 0x30, 0x17, 0xA0
_DAY = 86400.0


class CertificateProbe:
    """One handshake that trusts nobody: an expired certificate is what we want to see."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def days_left(self, place: str, now: datetime) -> Reading:
        """Days until the certificate of `host:port` ends, below zero when it has; UnavailableError when none is shown."""
        host, port = host_and_port(place)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self._connector.connect(host, port) as plain:
            plain.settimeout(CONNECT_SECONDS)
            try:
                with context.wrap_socket(plain, server_hostname=host) as secure:
                    encoded = secure.getpeercert(binary_form=True)
            except OSError as error:
                raise UnavailableError(f"no TLS handshake with {place}: {why(error, place)}") from error
        if not encoded:
            raise UnavailableError(f"{place} shows no certificate")
        ends = not_after(encoded)
        return Reading(
            (ends - now).total_seconds() / _DAY, f"the certificate of {place} ends {ends:%Y-%m-%d %H:%M} UTC"
        )


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
