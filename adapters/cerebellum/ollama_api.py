"""Cerebellum by Ollama's own API: the raw prompt, one token, and how probable each was; kept loaded, always with one context size."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import httpx
import ollama

from adapters.cerebellum.batch import all_at_once, bounded, too_late
from adapters.cerebellum.reading import OLLAMA, nonsense, refused, unknown, vote_of
from core.errors import ModelError
from core.model import LabelQuestion, LabelVote

log = logging.getLogger("nightshift")

MOST_TOKENS_SHOWN = 20
"""Ollama tells no more of them; so that 10 cards and none, with and without a blank, are always among those that were likely."""
LOADING = 120.0
"""Seconds in which a model of some gigabytes is read from a disk."""
ASKING = 5.0
FOR_EVER = -1


class OllamaCerebellum:
    """One client for the life of the process; after a miss another one, because the old one may still be waiting."""

    def __init__(self, address: str, model: str, context: int) -> None:
        self._address, self._model, self._context = address, model, context
        self._client: tuple[float, ollama.Client] | None = None
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self.tells_probabilities = True

    @property
    def model(self) -> str:
        """See `core.mind_ports.Cerebellum`."""
        return self._model

    def choose(self, questions: Sequence[LabelQuestion], seconds: float) -> tuple[LabelVote, ...]:
        """See `core.mind_ports.Cerebellum`; a miss loads the model again behind the caller's back: most often it was put away."""
        client = self._kept(seconds)
        try:
            return all_at_once(partial(self._choose, client, seconds), questions, seconds)
        except ModelError as error:
            self._forget(client)
            tidy = close if error.is_lasting else self._load_again
            threading.Thread(target=tidy, args=(client,), name="cerebellum-load", daemon=True).start()
            raise

    def warm(self) -> None:
        """See `core.mind_ports.Cerebellum`."""
        with self._loading:
            client = client_of(self._address, LOADING)
            try:
                all_at_once(self._load, [client], LOADING)
            finally:
                close(client)

    def is_loaded(self) -> bool:
        """Whether it is in memory now, so that the first choice does not wait for a disk. Raises ModelError."""
        client = client_of(self._address, ASKING)
        try:
            (names,) = all_at_once(self._names_loaded, [client], ASKING)
        finally:
            close(client)
        return self._model in names or f"{self._model}:latest" in names

    def close(self) -> None:
        """Nothing is asked any more."""
        with self._lock:
            kept, self._client = self._client, None
        if kept is not None:
            close(kept[1])

    # ---- inside -------------------------------------------------------------------------------------------------------------------

    def _choose(self, client: ollama.Client, seconds: float, question: LabelQuestion) -> LabelVote:
        said = self._generate(client, question.prompt, seconds)
        counted = (said.prompt_eval_count, said.eval_count)
        if not said.done or said.response is None:
            raise nonsense(OLLAMA)
        self.tells_probabilities = bool(said.logprobs)
        if not said.logprobs:
            return unknown(question.labels, counted)
        first = said.logprobs[0]
        tokens = [(one.token, one.logprob) for one in first.top_logprobs or (first,)]
        return vote_of(question.labels, tokens, counted)

    def _load(self, client: ollama.Client) -> None:
        self._generate(client, "", LOADING)

    def _names_loaded(self, client: ollama.Client) -> tuple[str, ...]:
        with self._told(ASKING):
            return tuple(one.model or "" for one in client.ps().models)

    def _load_again(self, old: ollama.Client) -> None:
        """Then hangs up on what still waits; others that asked by the same client have had their time by then."""
        try:
            if not self._loading.locked():
                self.warm()
        except ModelError as error:
            log.info("the local model could not be loaded again: %s", error)
        finally:
            close(old)

    def _generate(self, client: ollama.Client, prompt: str, seconds: float) -> ollama.GenerateResponse:
        """An empty prompt only loads."""
        options = {"num_predict": 1, "temperature": 0.0, "num_ctx": self._context}
        with self._told(seconds):
            return client.generate(
                self._model,
                prompt,
                raw=bool(prompt),
                stream=False,
                think=False,
                logprobs=bool(prompt),
                top_logprobs=MOST_TOKENS_SHOWN if prompt else None,
                options=options,
                keep_alive=FOR_EVER,
            )

    @contextmanager
    def _told(self, seconds: float) -> Iterator[None]:
        """Whatever goes wrong inside is a ModelError."""
        try:
            yield
        except ollama.ResponseError as error:
            raise refused(OLLAMA, self._model, error.status_code, error.error) from error
        except ConnectionError as error:
            raise ModelError(f"Ollama cannot be reached at {self._address}; is it running?") from error
        except httpx.TimeoutException as error:
            raise too_late(seconds) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelError(f"the connection to Ollama broke off: {type(error).__name__}") from error
        except (ValueError, TypeError, KeyError, RecursionError, RuntimeError) as error:
            raise nonsense(OLLAMA) from error

    def _kept(self, seconds: float) -> ollama.Client:
        with self._lock:
            if self._client is None or self._client[0] != seconds:
                self._client = (seconds, client_of(self._address, seconds))
            return self._client[1]

    def _forget(self, client: ollama.Client) -> None:
        with self._lock:
            if self._client is not None and self._client[1] is client:
                self._client = None


def client_of(address: str, seconds: float) -> ollama.Client:
    """A client that reads nothing from the environment: no proxy, no redirect, no key of Ollama's cloud."""
    door = _Door(trust_env=False, limits=httpx.Limits(max_connections=None))
    return ollama.Client(address, timeout=seconds, follow_redirects=False, trust_env=False, transport=door)


def close(client: ollama.Client) -> None:
    """Hangs up, also on who still waits."""
    client.close()  # type: ignore[no-untyped-call]


class _Door(httpx.HTTPTransport):
    """Sends no key that only the environment knows, takes nothing packed, and no more than an answer is."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for name in ("authorization", "accept-encoding"):
            request.headers.pop(name, None)
        response = super().handle_request(request)
        headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        assert isinstance(response.stream, httpx.SyncByteStream)
        return httpx.Response(response.status_code, headers=headers, stream=_Bounded(response.stream))


class _Bounded(httpx.SyncByteStream):
    """What comes, up to a bound."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from bounded(self._stream)

    def close(self) -> None:
        """Of the connection itself."""
        self._stream.close()
