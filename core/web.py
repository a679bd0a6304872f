"""HTTP as a run may have it: what is asked and answered, which headers a skill may set, and how a secret stays out of its sight."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import quote, quote_plus

from core.errors import InvalidError

Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_BODY = 1 << 20
"""Bytes of one answer, whatever was asked for."""

_MOST_HEADERS = 20
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,998}[!-~])?|")
_OURS = re.compile(
    r"host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|user-agent|cookie2?|via"
    r"|forwarded|x-forwarded-.*|x-real-ip|proxy-.*|x-http-method.*|x-method-override|metadata.*|x-aws-ec2-metadata.*|x-google-metadata.*|sec-.*",
    re.IGNORECASE,
)
"""Headers that frame a request, pretend to be another sender, or open a cloud's metadata service."""

_HANDLE = re.compile(r"\{secret:([a-z][a-z0-9_]{0,63})\}")
_SHORTEST_PART = 6


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request as it is sent; `is_private` admits addresses that are not public."""

    method: str
    url: str
    headers: Headers = ()
    body: str = ""
    limit: int = 65536
    is_private: bool = False

    @property
    def content(self) -> str:
        """SHA-256 of what it sends beside its URL, '' for nothing; a yes binds it. Secrets stand there as handles."""
        if not (self.headers or self.body):
            return ""
        return hashlib.sha256(json.dumps([self.headers, self.body]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back; `body` is at most as long as was asked for."""

    status: int
    body: str


Fetch: TypeAlias = Callable[[WebRequest], WebAnswer]


def headers_of(value: object) -> Headers:
    """Headers of a call, sorted; raises InvalidError for more, longer or other ones than a skill may set."""
    if not isinstance(value, dict) or len(value) > _MOST_HEADERS:
        raise InvalidError(f"headers are an object of at most {_MOST_HEADERS} texts")
    for name, text in value.items():
        if not isinstance(name, str) or not _HEADER.fullmatch(name) or _OURS.fullmatch(name):
            raise InvalidError(f"the header {str(name)[:60]!a} is not for a skill to set")
        if not isinstance(text, str) or not _VALUE.fullmatch(text):
            raise InvalidError(f"the header {name} must be at most 1000 printable ASCII characters")
    if len({name.lower() for name in value}) < len(value):
        raise InvalidError("a header stands twice")
    return tuple(sorted((str(name), str(text)) for name, text in value.items()))


def handle_of(name: str) -> str:
    """What a skill holds instead of a secret."""
    return f"{{secret:{name}}}"


def secrets_named(headers: Headers) -> tuple[str, ...]:
    """Names of the secrets whose handles stand in header values."""
    return tuple(dict.fromkeys(name for _, text in headers for name in _HANDLE.findall(text)))


def with_secrets(request: WebRequest, values: Mapping[str, str]) -> WebRequest:
    """The request as it goes out; a handle anywhere but in a header's value stays what it is."""
    headers = tuple((name, _HANDLE.sub(lambda found: values[found[1]], text)) for name, text in request.headers)
    return replace(request, headers=headers)


def masked(text: str, values: Mapping[str, str]) -> str:
    """A text without these secrets, as they are or in a usual encoding; a cut off beginning of one at the end goes too."""
    for name, value in values.items():
        for form in _forms(value):
            text = text.replace(form, f"[secret {name}]")
            text = _without_start_of(form, text)
    return text


def _forms(value: str) -> Iterator[str]:
    raw = value.encode()
    plain = {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        html.escape(value),
        json.dumps(value)[1:-1],
        value[::-1],
    }
    encoded = {raw.hex(), raw.hex().upper(), *_base64_of(raw)}
    yield from sorted((form for form in plain | encoded if len(form) >= _SHORTEST_PART), key=len, reverse=True)


def _base64_of(raw: bytes) -> Iterable[str]:
    """Base64 at each of the three places where it may begin inside a longer text, without the letters that depend on the neighbours."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(bytes(shift) + raw).decode().rstrip("=")
            first, last = (shift * 8 + 5) // 6, (shift + len(raw)) * 8 // 6
            yield text[first:last]


def _without_start_of(form: str, text: str) -> str:
    longest = min(len(form) - 1, len(text))
    cut = next((size for size in range(longest, _SHORTEST_PART - 1, -1) if text.endswith(form[:size])), 0)
    return text[: len(text) - cut]
