"""Port Brain over the `openai` SDK: any endpoint that speaks chat completions, by its base URL, model name and key."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
import openai

from core.errors import ModelError
from core.model import ModelReply, ModelRequest, Tool, ToolCall, Turn
from core.redaction import HIDDEN, visible

MOST_BYTES = 4 * 1024 * 1024
"""Of one answer; a longer one is none."""
CONNECT = 10.0
MOST_MODELS = 2000

_OUR_HEADERS = frozenset({"host", "accept", "connection", "content-type", "content-length", "user-agent"})
_LIMITS = ("max_completion_tokens", "max_tokens")
_STUMBLES = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
)
"""In any of these ways the SDK stumbles over what a wrong service sends."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What this service understands of the protocol; learned from its refusals, once."""

    limit: str = _LIMITS[0]
    counts: bool = True
    forces: bool = True

    def after(self, refusal: str) -> _Dialect:
        """What to try next; the same where the refusal is about something else."""
        if self.limit in refusal or (self.limit == _LIMITS[0] and _LIMITS[1] in refusal):
            return replace(self, limit=_LIMITS[1] if self.limit == _LIMITS[0] else _LIMITS[0])
        if self.counts and ("stream_options" in refusal or "include_usage" in refusal):
            return replace(self, counts=False)
        if self.forces and "tool_choice" in refusal:
            return replace(self, forces=False)
        return self


class _Line:
    """One call on the wire: a timer shuts its socket wherever it stands, because a server that drips is no answer."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self.is_over = self.is_too_long = self.is_sent = False
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Hears from the connection what it is doing."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._sock = info["return_value"].get_extra_info("socket")
                is_over = self.is_over
            if is_over:
                self.cut()
        self.is_sent = self.is_sent or event.endswith("send_request_headers.complete")

    def end(self) -> None:
        """The answer is there."""
        self._timer.cancel()

    def cut(self) -> None:
        """Nobody waits for it any more."""
        with self._lock, suppress(OSError):
            self.is_over = True
            if self._sock is not None:
                self._sock.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class _Counted(httpx2.SyncByteStream):
    """The body as it comes, no longer than it may be."""

    stream: httpx2.SyncByteStream
    line: _Line

    def __iter__(self) -> Iterator[bytes]:
        came = 0
        for data in self.stream:
            came += len(data)
            if came > MOST_BYTES:
                self.line.is_too_long = True
                raise httpx2.ReadError("longer than an answer may be")
            yield data

    def close(self) -> None:
        """Gives the connection back."""
        self.stream.close()


class _Wire(httpx2.BaseTransport):
    """Sends what was asked for and nothing that the SDK or the environment would add; one connection a call."""

    def __init__(self, base_url: str, key: str) -> None:
        limits = httpx2.Limits(max_keepalive_connections=0)
        proxy = _proxy_for(base_url)
        self._transport = httpx2.HTTPTransport(trust_env=False, proxy=proxy, limits=limits)
        self._key, self._here = key, threading.local()
        self._lines: set[_Line] = set()
        self._is_closed = False

    @contextmanager
    def line(self, seconds: float) -> Iterator[_Line]:
        """Everything that this thread asks inside belongs to one call."""
        self._here.line = line = _Line(seconds)
        self._lines.add(line)
        try:
            yield line
        finally:
            self._lines.discard(line)
            line.end()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.BaseTransport`."""
        line: _Line = self._here.line
        if self._is_closed:
            raise httpx2.ConnectError("nobody asks any more")
        for name in [name for name in request.headers if name.lower() not in _OUR_HEADERS]:
            del request.headers[name]
        request.headers["user-agent"], request.headers["accept-encoding"] = "nightshift", "identity"
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"
        request.extensions = {**request.extensions, "trace": line.trace}
        response = self._transport.handle_request(request)
        response.headers.pop(
            "content-encoding", None
        )  # nothing packed was asked for: a bound on bytes is to be one on the answer
        response.stream = _Counted(cast("httpx2.SyncByteStream", response.stream), line)
        return response

    def close(self) -> None:
        """See `httpx2.BaseTransport`. What is under way is cut off."""
        self._is_closed = True
        for line in tuple(self._lines):
            line.cut()
        self._transport.close()


@dataclass(slots=True)
class _Heard:
    """What has come so far of one answer."""

    texts: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    model: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0

    def take(self, event: object, heard: Callable[[str], None]) -> None:
        """One piece, or a whole answer; what is not as it should be is left out."""
        table = _table(event)
        usage = _table(table.get("usage"))
        self.tokens_in = _count(usage.get("prompt_tokens")) or self.tokens_in
        self.tokens_out = _count(usage.get("completion_tokens")) or self.tokens_out
        self.model = _text(table.get("model")) or self.model
        choices = table.get("choices")
        choice = _table(choices[0]) if isinstance(choices, list) and choices else {}
        said = _table(choice.get("delta")) or _table(choice.get("message"))
        self.finish = _text(choice.get("finish_reason")) or self.finish
        if text := _text(said.get("content")) or _text(said.get("refusal")):
            self.texts.append(text)
            heard(text)
        calls = said.get("tool_calls")
        for number, call in enumerate(calls if isinstance(calls, list) else []):
            self._called(number, _table(call))

    def _called(self, number: int, call: dict[str, Any]) -> None:
        index, function = call.get("index"), _table(call.get("function"))
        one = self.calls.setdefault(index if isinstance(index, int) else number, ["", "", ""])
        one[0] = one[0] or _text(call.get("id"))
        one[1] += _text(function.get("name"))
        given = function.get("arguments")
        one[2] += json.dumps(given) if isinstance(given, dict) else _text(given)

    def reply(self) -> ModelReply:
        """The whole."""
        calls = tuple(
            ToolCall(name or f"call-{index}", called, given or "{}")
            for index, (name, called, given) in sorted(self.calls.items())
        )
        text = "".join(self.texts)
        return ModelReply(text, calls, self.model, self.tokens_in, self.tokens_out, is_cut=self.finish == "length")


class OpenAIBrain:
    """Thread-safe. Nothing is read from the environment but a proxy, which is never used for this machine or a private address."""

    def __init__(self, base_url: str, model: str, key: str) -> None:
        self._url, self._model, self._where = base_url, model, urlsplit(base_url).netloc
        self._wire, self._key = _Wire(base_url, key), key
        client = httpx2.Client(transport=self._wire, trust_env=False, follow_redirects=False)
        self._client = openai.OpenAI(
            api_key=key or "none", admin_api_key="none", base_url=base_url, max_retries=0, http_client=client
        )
        self._dialect = _Dialect()

    @property
    def model(self) -> str:
        """See `core.mind_ports.Brain`."""
        return self._model

    def complete(self, request: ModelRequest, seconds: float, heard: Callable[[str], None]) -> ModelReply:
        """See `core.mind_ports.Brain`."""
        with self._wire.line(seconds) as line, self._translated(line, seconds):
            while True:
                dialect = self._dialect
                try:
                    return self._completed(self._body(request, dialect), seconds, heard)
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    self._dialect = dialect.after(_refusal(error))
                    if self._dialect == dialect:
                        raise

    def models(self, seconds: float) -> tuple[str, ...]:
        """The names that the service lists, which costs nothing; none where it lists none. Raises ModelError as `complete` does."""
        with self._wire.line(seconds) as line, self._translated(line, seconds):
            try:
                found = self._client.get("/models", cast_to=object, options={"timeout": _timeout(seconds)})
            except (openai.NotFoundError, json.JSONDecodeError):
                return ()
            listed = _table(found).get("data")
            names = [_text(_table(one).get("id")) for one in (listed if isinstance(listed, list) else [])]
            return tuple(visible(name)[:200] for name in names[:MOST_MODELS] if name)

    def close(self) -> None:
        """Gives its connections back; who asks afterwards gets a ModelError."""
        self._wire.close()

    # ---- one attempt --------------------------------------------------------------------------------------------------------------

    def _completed(self, body: dict[str, object], seconds: float, heard: Callable[[str], None]) -> ModelReply:
        came = _Heard()
        with self._client.post(
            "/chat/completions",
            cast_to=object,
            body=body,
            options={"timeout": _timeout(seconds)},
            stream=True,
            stream_cls=openai.Stream[object],
        ) as stream:
            kind = stream.response.headers.get("content-type", "")
            if "json" in kind:  # it does not stream
                came.take(json.loads(stream.response.read()), heard)
            elif "html" in kind:
                raise ModelError(f"{self._where} answers with a web page; correct BRAIN_BASE_URL", is_lasting=True)
            else:
                for event in stream:
                    came.take(event, heard)
        if not came.finish:
            raise httpx2.RemoteProtocolError("no end")
        return came.reply()

    def _body(self, request: ModelRequest, dialect: _Dialect) -> dict[str, object]:
        body: dict[str, object] = {
            "model": self._model,
            "messages": [_message(turn) for turn in request.turns],
            dialect.limit: request.most_tokens,
            "stream": True,
        }
        if dialect.counts:
            body["stream_options"] = {"include_usage": True}
        if request.tools:
            body["tools"] = [_described(tool) for tool in request.tools]
            body["tool_choice"] = "required" if request.must_call and dialect.forces else "auto"
        return body

    # ---- what can go wrong, in our own words: what an SDK says may hold the key ----------------------------------------------------

    @contextmanager
    def _translated(self, line: _Line, seconds: float) -> Iterator[None]:
        try:
            yield
        except _STUMBLES as error:
            raise self._said(error, line, seconds) from None

    def _said(self, error: Exception, line: _Line, seconds: float) -> ModelError:
        where = self._where
        if line.is_over or isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
            return ModelError(f"{where} did not answer within {seconds:g} s", is_billed=line.is_sent)
        if line.is_too_long:
            return ModelError(f"the answer of {where} is over {MOST_BYTES >> 20} MiB", is_billed=True)
        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, error)
        if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
            if line.is_sent:
                return ModelError(f"the line to {where} broke off", is_billed=True)
            return ModelError(f"{where} cannot be reached: {_reason(error)}")
        return ModelError(f"what {where} answers is no chat completion; is BRAIN_BASE_URL right?", is_billed=True)

    def _refused(self, status: int, error: openai.APIStatusError) -> ModelError:
        where, says = self._where, _refusal(error)
        says = says.replace(self._key, HIDDEN) if self._key else says  # whole, before a cut could leave half of it
        if status in {401, 403}:
            return ModelError(f"{where} refuses the key; set BRAIN_API_KEY", is_lasting=True)
        if status == 404 or (status == 400 and "model" in says and ("not" in says or "unknown" in says)):
            return ModelError(
                f"there is no model {self._model!r} at {where}; set BRAIN_MODEL, or BRAIN_BASE_URL", is_lasting=True
            )
        if status == 429:
            return ModelError(f"{where} wants to be asked less often (429)", retry_after=_retry_after(error))
        if status >= 500 or status == 408:
            return ModelError(f"{where} answers {status}", retry_after=_retry_after(error))
        if 300 <= status < 400:
            return ModelError(f"{where} answers with a redirect ({status}); correct BRAIN_BASE_URL", is_lasting=True)
        return ModelError(
            f"{where} refuses the request ({status}): {' '.join(visible(says).split())[:160]}", is_lasting=True
        )


def _message(turn: Turn) -> dict[str, object]:
    message: dict[str, object] = {"role": str(turn.role), "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.calls
        ]
    if turn.answers:
        message["tool_call_id"] = turn.answers
    return message


def _described(tool: Tool) -> dict[str, object]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
    }


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT))


def _refusal(error: openai.APIStatusError) -> str:
    """What the service said of it, for us to read; it is not shown where it could hold a key."""
    body = _table(error.body)
    told = _table(body.get("error")) or body
    words = (_text(told.get(name)) for name in ("message", "code", "param", "detail"))
    return " ".join(filter(None, words))[:2000] or _text(error.body)[:2000]


def _retry_after(error: openai.APIStatusError) -> float:
    """In seconds; a date, or nonsense, is as if nothing was said."""
    try:
        return max(0.0, min(float(error.response.headers.get("retry-after", "0")), 86400.0))
    except ValueError:
        return 0.0


def _reason(error: BaseException) -> str:
    """The system's own words; nothing that was sent is in them."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError):
            return str(below.strerror or below.__class__.__name__)[:120]
        below = below.__cause__ or below.__context__
    return "no connection"


def _proxy_for(base_url: str) -> str | None:
    """The proxy of the environment, where the address is neither this machine nor in a private network."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme, "")
    if is_near(host) or proxy_bypass(host) or urlsplit(proxy).scheme not in {"http", "https"}:
        return None
    return proxy


def is_near(host: str) -> bool:
    """True for this machine and what stands in a private network."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else 0
