"""Where something listens, written as `host:port`."""

from __future__ import annotations

from core.errors import InvalidError


def host_and_port(text: str) -> tuple[str, int]:
    """`db-1:5432`, `[::1]:80`; raises InvalidError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidError(f"{text[:80]!r} is not host:port")
    return host, int(port)
