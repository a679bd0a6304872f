"""Port Brain over the `openai` SDK: any endpoint that speaks chat completions, by its base URL, model name and key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import openai

from adapters.brain_openai.pieces import Heard, list_in, table_in, text_in
from adapters.brain_openai.wire import MOST_BYTES, Line, Wire
from core.errors import ModelError, NoToolsError, UnfitError
from core.model import ModelReply, ModelRequest, Tool, Turn
from core.redaction import HIDDEN, visible

CONNECT = 10.0
MOST_MODELS = 2000

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

# What services say of the same thing, each in its own words and under a status of its own.
_UNPAID = re.compile(r"insufficient[_ ](quota|balance|credit|funds)|credit balance|arrearage|payment required", re.I)
_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|(prompt|input|request)( is)? too (long|large)|range of input length|string_above_max",
    re.I,
)
_FILTERED = re.compile(r"content[_ ](filter|policy|management)|data_inspection|content exists risk|inappropriate", re.I)
_NO_TOOLS = re.compile(
    r"enable-auto-tool-choice|tool-call-parser"
    r"|support\w* (\S+ ){0,3}?(tool|function)(s|_calls?| use| call|\b)(?!_choice)"
    r"|\b(tools|functions?|function calling)\b\W+(\S+ ){0,3}?(not |un)(supported|permitted|enabled)"
    r"|(unrecognized|unknown|extra)\b.{0,60}\btools\b"
    r"|reasoning_content|thought_signature",
    re.I,
)
"""The last line: what must be sent back beside a call, which no other service knows; calls told in words need none."""
_NO_MODEL = re.compile(
    r"(unknown|invalid|no such) model|\bmodel\b.{0,200}\b(not (exist|found|a valid|available)|(does not|doesn't) exist|unknown)",
    re.I | re.S,
)
_FILTERS = {"content_filter", "sensitive"}


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


class OpenAIBrain:
    """Thread-safe. Nothing is read from the environment but a proxy, which is never used for this machine or a private address."""

    def __init__(self, base_url: str, model: str, key: str) -> None:
        self._url, self._model, self._where = base_url, model, urlsplit(base_url).netloc
        self._wire, self._key = Wire(base_url, key), key
        parts = urlsplit(base_url)
        at, query = parts._replace(query="").geturl(), dict[str, object](parse_qsl(parts.query))
        client = httpx2.Client(transport=self._wire, trust_env=False, follow_redirects=False)
        self._client = openai.OpenAI(
            api_key=key or "none",
            admin_api_key="none",
            base_url=at,
            default_query=query,
            max_retries=0,
            http_client=client,
        )
        self._dialect = _Dialect()

    @property
    def model(self) -> str:
        """See `core.mind_ports.Brain`."""
        return self._model

    def complete(self, request: ModelRequest, seconds: float, heard: Callable[[str], None]) -> ModelReply:
        """See `core.mind_ports.Brain`."""
        with self._wire.line(seconds) as line, self._translated(line, seconds):
            tried: list[_Dialect] = []
            dialect = self._dialect
            while True:
                tried.append(dialect)
                try:
                    reply = self._completed(self._body(request, dialect), seconds, heard, line)
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    dialect = dialect if _TOO_LONG.search(_refusal(error)) else dialect.after(_refusal(error))
                    if dialect in tried:
                        raise self._without_tools(request, error) or error from None
                    continue
                except (openai.NotFoundError, openai.InternalServerError) as error:
                    raise self._without_tools(request, error) or error from None
                self._dialect = dialect
                return reply

    def models(self, seconds: float) -> tuple[str, ...]:
        """The names that the service lists, which costs nothing; none where it lists none. Raises ModelError as `complete` does."""
        with self._wire.line(seconds) as line, self._translated(line, seconds):
            try:
                found = self._client.get("/models", cast_to=object, options={"timeout": _timeout(seconds)})
            except (openai.NotFoundError, json.JSONDecodeError):
                return ()
            listed = table_in(found).get("data")
            names = [text_in(table_in(one).get("id")) for one in list_in(listed)]
            return tuple(visible(name)[:200] for name in names[:MOST_MODELS] if name)

    def close(self) -> None:
        """Gives its connections back; who asks afterwards gets a ModelError."""
        self._wire.close()

    # ---- one attempt --------------------------------------------------------------------------------------------------------------

    def _completed(
        self, body: dict[str, object], seconds: float, heard: Callable[[str], None], line: Line
    ) -> ModelReply:
        came = Heard(heard)
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
                came.take(self._whole(json.loads(stream.response.read())))
            elif "html" in kind:
                raise ModelError(f"{self._where} answers with a web page; correct BRAIN_BASE_URL", is_lasting=True)
            else:
                for event in stream:
                    came.take(event)
        if came.finish in _FILTERS:
            raise UnfitError(f"the filter of {self._where} ended the answer", is_billed=True)
        if not came.finish and not (line.is_done and (came.texts or came.calls)):
            raise httpx2.RemoteProtocolError("no end")
        return came.reply()

    def _whole(self, answer: object) -> object:
        """An answer that is one; some send an error under status 200."""
        told = table_in(answer).get("error")
        if isinstance(told, dict) and not table_in(answer).get("choices"):
            raise ModelError(f"{self._where} answers with an error: {self._quoted(_words(told))}")
        return answer

    def _without_tools(self, request: ModelRequest, error: openai.APIStatusError) -> ModelError | None:
        """Where it says that it takes no tools, or not in this way."""
        if not request.tools or not _NO_TOOLS.search(_refusal(error)):
            return None
        return NoToolsError(f"{self._where} takes no tools: {self._quoted(_refusal(error))}")

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
        if request.tools and dialect.forces:
            body["tool_choice"] = "required" if request.must_call else "auto"
        return body

    # ---- what can go wrong, in our own words: what an SDK says may hold the key ----------------------------------------------------

    @contextmanager
    def _translated(self, line: Line, seconds: float) -> Iterator[None]:
        try:
            yield
        except _STUMBLES as error:
            raise self._said(error, line, seconds) from None

    def _said(self, error: Exception, line: Line, seconds: float) -> ModelError:
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
        if isinstance(error, openai.APIError) and isinstance(error.body, dict):
            return ModelError(
                f"{where} ends its answer with an error: {self._quoted(_words(error.body))}", is_billed=True
            )
        return ModelError(f"what {where} answers is no chat completion; is BRAIN_BASE_URL right?", is_billed=True)

    def _refused(self, status: int, error: openai.APIStatusError) -> ModelError:
        where, says = self._where, _refusal(error)
        if (unfit := self._unfit(status, says)) is not None:
            return unfit
        if status == 402 or (status != 401 and _UNPAID.search(says)):
            return ModelError(f"{where} wants to be paid first; see to your account there", is_lasting=True)
        if status in {401, 403}:
            return ModelError(f"{where} refuses the key; set BRAIN_API_KEY", is_lasting=True)
        if status == 404 or (status in {400, 422} and _NO_MODEL.search(says)):
            return ModelError(
                f"there is no model {self._model!r} at {where}; set BRAIN_MODEL, or BRAIN_BASE_URL", is_lasting=True
            )
        if status in {408, 429} or status >= 500:
            told = "wants to be asked less often (429)" if status == 429 else f"answers {status}"
            return ModelError(f"{where} {told}", retry_after=_retry_after(error))
        if 300 <= status < 400:
            return ModelError(f"{where} answers with a redirect ({status}); correct BRAIN_BASE_URL", is_lasting=True)
        return ModelError(f"{where} refuses the request ({status}): {self._quoted(says)}", is_lasting=True)

    def _unfit(self, status: int, says: str) -> UnfitError | None:
        """Where it is about this request alone; no text of a host may make the brain seem gone."""
        if status == 413 or (status in {400, 422} and _TOO_LONG.search(says)):
            return UnfitError(f"what was asked is longer than {self._model!r} at {self._where} can read")
        if status in {400, 403, 422} and _FILTERED.search(says):
            return UnfitError(f"the filter of {self._where} refuses what was asked")
        return None

    def _quoted(self, says: str) -> str:
        """On one line; our key is hidden in the whole, before a cut could leave half of it."""
        says = says.replace(self._key, HIDDEN) if self._key else says
        return " ".join(visible(says).split())[:160]


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
    body = table_in(error.body)
    return _words(table_in(body.get("error")) or body) or text_in(error.body)[:2000]


def _words(told: dict[str, Any]) -> str:
    words = (text_in(told.get(name)) for name in ("message", "code", "type", "param", "detail"))
    return " ".join(filter(None, words))[:2000]


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
