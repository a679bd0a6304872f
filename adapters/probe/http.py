"""Whether a URL answers as it should: connected, secure, a status below 400, and the whole body."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapters.probe.ground import Ground
from adapters.probe.system import Reading
from core.errors import InvalidError


def page_failed(ground: Ground, url: str) -> Reading:
    """1 when it cannot be reached, answers 400 or more, or stops in the middle; the detail says which. Redirects are not followed."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise InvalidError(f"{url[:80]!r} is not an http or https URL") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidError(f"{url[:80]!r} is not an http or https URL")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Reading(*ground.page(parts.scheme, parts.hostname, port, path))
