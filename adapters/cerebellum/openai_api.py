"""Cerebellum by completions as llama-server and vLLM speak them: the raw prompt, one token, and how probable each was."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import httpx2
import openai

from adapters.cerebellum.batch import all_at_once, bounded, too_late
from adapters.cerebellum.reading import COMPLETIONS, nonsense, refused, unknown, vote_of
from core.errors import ModelError
from core.model import LabelQuestion, LabelVote

MOST_TOKENS_SHOWN = 20
"""vLLM tells no more of them unless it is told to."""
LOADING = 120.0
CACHED: dict[str, object] = {"cache_prompt": True}
"""Asks llama-server to keep what two prompts begin with; vLLM does it unasked, and a strict server may refuse the word."""


class CompletionsCerebellum:
    """One client for the life of the process; after a miss another one, because the old one may still be waiting."""

    def __init__(self, address: str, model: str) -> None:
        self._address, self._model = base_of(address), model
        self._client: tuple[float, openai.OpenAI] | None = None
        self._extra: dict[str, object] = CACHED
        self._lock = threading.Lock()
        self.tells_probabilities = True

    @property
    def model(self) -> str:
        """See `core.mind_ports.Cerebellum`."""
        return self._model

    def choose(self, questions: Sequence[LabelQuestion], seconds: float) -> tuple[LabelVote, ...]:
        """See `core.mind_ports.Cerebellum`."""
        client = self._kept(seconds)
        try:
            return all_at_once(partial(self._choose, client, seconds), questions, seconds)
        except ModelError:
            self._forget(client)
            raise

    def warm(self) -> None:
        """See `core.mind_ports.Cerebellum`: such a server has loaded its model before it listens; one token shows that it works."""
        client = client_of(self._address, LOADING)
        try:
            all_at_once(partial(self._choose, client, LOADING), [LabelQuestion("Answer:", ("A",))], LOADING)
        finally:
            client.close()

    @staticmethod
    def is_loaded() -> bool:
        """Such a server listens when its model is in memory."""
        return True

    def close(self) -> None:
        """Nothing is asked any more."""
        with self._lock:
            kept, self._client = self._client, None
        if kept is not None:
            kept[1].close()

    # ---- inside -------------------------------------------------------------------------------------------------------------------

    def _choose(self, client: openai.OpenAI, seconds: float, question: LabelQuestion) -> LabelVote:
        reply = self._completed(client, question.prompt, seconds)
        usage = reply.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        counted = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        tokens = _first_tokens(reply)
        self.tells_probabilities = tokens is not None
        return unknown(question.labels, counted) if tokens is None else vote_of(question.labels, tokens, counted)

    def _completed(self, client: openai.OpenAI, prompt: str, seconds: float) -> dict[str, Any]:
        try:
            text = self._asked(client, prompt, self._extra)
        except openai.APIStatusError as error:
            if error.status_code not in {400, 422} or "cache_prompt" not in error.response.text or not self._extra:
                raise refused(COMPLETIONS, self._model, error.status_code, error.response.text) from error
            self._extra = {}
            return self._completed(client, prompt, seconds)
        except openai.APITimeoutError as error:
            raise too_late(seconds) from error
        except openai.APIConnectionError as error:
            raise _cut_off(error, self._address) from error
        except (openai.OpenAIError, httpx2.HTTPError, RuntimeError, ValueError) as error:
            raise nonsense(COMPLETIONS) from error
        try:
            reply = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise nonsense(COMPLETIONS) from error
        if not isinstance(reply, dict):
            raise nonsense(COMPLETIONS)
        return reply

    def _asked(self, client: openai.OpenAI, prompt: str, extra: dict[str, object]) -> str:
        raw = client.completions.with_raw_response.create(
            model=self._model,
            prompt=prompt,
            max_tokens=1,
            temperature=0.0,
            logprobs=MOST_TOKENS_SHOWN,
            extra_body=extra or None,
        )
        return raw.http_response.text

    def _kept(self, seconds: float) -> openai.OpenAI:
        with self._lock:
            if self._client is None or self._client[0] != seconds:
                self._client = (seconds, client_of(self._address, seconds))
            return self._client[1]

    def _forget(self, client: openai.OpenAI) -> None:
        with self._lock:
            if self._client is not None and self._client[1] is client:
                self._client = None
        threading.Thread(target=client.close, name="cerebellum-close", daemon=True).start()


def base_of(address: str) -> str:
    """With the version in it, whoever wrote it without."""
    bare = address.rstrip("/")
    return bare if bare.endswith("/v1") else f"{bare}/v1"


def client_of(base: str, seconds: float) -> openai.OpenAI:
    """A client that reads nothing from the environment: no key, no proxy, no redirect; and that does not try again by itself."""
    http = httpx2.Client(
        timeout=seconds,
        follow_redirects=False,
        trust_env=False,
        transport=_Door(trust_env=False, limits=httpx2.Limits(max_connections=None)),
    )
    return openai.OpenAI(api_key="none", base_url=base, timeout=seconds, max_retries=0, http_client=http)


def _first_tokens(reply: dict[str, Any]) -> list[tuple[object, object]] | None:
    """(token, log probability) of the first place, as vLLM writes it or as llama-server does; None where none are told."""
    try:
        told = reply["choices"][0].get("logprobs")
        if not told:
            return None
        if "content" in told:
            first = told["content"][0]
            return [(one["token"], one["logprob"]) for one in first.get("top_logprobs") or [first]]
        return list(told["top_logprobs"][0].items())
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise nonsense(COMPLETIONS) from error


def _cut_off(error: openai.APIConnectionError, address: str) -> ModelError:
    cause = error.__cause__
    if isinstance(cause, ModelError):
        return cause
    if isinstance(cause, httpx2.ConnectError):
        return ModelError(f"{COMPLETIONS} cannot be reached at {address}; is it running?")
    return ModelError(f"the connection to {COMPLETIONS} broke off: {type(cause).__name__}")


class _Door(httpx2.HTTPTransport):
    """Sends the headers of a plain request alone, takes nothing packed, and no more than an answer is."""

    SENT = frozenset({"host", "content-type", "content-length", "accept", "connection", "user-agent"})

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = [(name, value) for name, value in request.headers.items() if name in self.SENT]
        bare = httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        response = super().handle_request(bare)
        plain = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        assert isinstance(response.stream, httpx2.SyncByteStream)
        return httpx2.Response(response.status_code, headers=plain, stream=_Bounded(response.stream))


class _Bounded(httpx2.SyncByteStream):
    """What comes, up to a bound."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from bounded(self._stream)

    def close(self) -> None:
        """Of the connection itself."""
        self._stream.close()
