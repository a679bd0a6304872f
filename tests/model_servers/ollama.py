"""An Ollama server that chooses what a test wrote for it, over real HTTP on the loopback; it speaks plain completions too."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias

from tests.model_servers.openai import Asked, Raw

MODEL = "scripted:7b"
CREATED = "2026-01-01T00:00:00Z"
LLAMA, VLLM = "llama-server", "vllm"


@dataclass(frozen=True, slots=True)
class Chosen:
    """How probable each token is; a blank stands before each, as tokenizers have it. None: a server that tells no probabilities.

    `delay` passes before the first byte.
    """

    tokens: Mapping[str, float] | None = field(default_factory=dict)
    delay: float = 0.0
    usage: tuple[int, int] = (120, 1)

    @property
    def top(self) -> list[dict[str, Any]]:
        """As Ollama lists them, likeliest first."""
        ranked = sorted((self.tokens or {}).items(), key=lambda one: -one[1])
        return [{"token": f" {token}", "logprob": math.log(share)} for token, share in ranked if share > 0]


Answer: TypeAlias = Chosen | Raw
Script: TypeAlias = Callable[[str], Answer]


def error(status: int, message: str) -> Raw:
    """As Ollama says it."""
    return Raw(json.dumps({"error": message}).encode(), status)


def label_of(prompt: str, wanted: str) -> str:
    """The label under which an option stands in a prompt; N where it is not offered."""
    options = prompt.rpartition("Options:")[2] or prompt.rpartition("Candidates:")[2]
    found = re.search(rf"^([A-Z]): {re.escape(wanted)}(?=[:\s]|$)", options, re.MULTILINE)
    return found[1] if found else "N"


def always(wanted: str, share: float = 0.93) -> Script:
    """Picks that option wherever it is offered."""
    return lambda prompt: Chosen({label_of(prompt, wanted): share, "N" if share < 1 else "Z": 1 - share})


class OllamaServer:
    """Serves while it is entered. `script`: what makes an answer of a prompt; `status` lets the paths beside it fail."""

    def __init__(self, script: Script | Answer, model: str = MODEL, style: str = VLLM) -> None:
        self.script: Script = script if callable(script) else lambda _: script
        self.model, self.style = model, style
        self.requests: list[Asked] = []
        self.is_loaded = False
        self.loading: Answer | None = None
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, without a version."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the choices alone, without those that only load."""
        paths = ("/api/generate", "/v1/completions")
        return [one.body for one in self.requests if one.path in paths and one.body.get("prompt")]

    @property
    def left(self) -> str:
        """Every byte of every request, for whoever looks for what must not have left the house."""
        return "\n".join(f"{one.path} {one.headers} {one.text}" for one in self.requests)

    def answer(self, asked: Asked) -> Raw:
        """What is said to this request."""
        self.requests.append(asked)
        about = _about(self, asked)
        if about is not None:
            return about
        if asked.body.get("model") not in {self.model, self.model.partition(":")[0]}:
            return error(404, f"model '{asked.body.get('model')}' not found")
        if not asked.body.get("prompt"):
            return self._loaded()
        said = self.script(asked.body["prompt"])
        if isinstance(said, Raw):
            return said
        body = _generated(self.model, said) if asked.path == "/api/generate" else _completed(self, said)
        return Raw(json.dumps(body).encode(), delay=said.delay)

    def _loaded(self) -> Raw:
        if isinstance(self.loading, Raw):
            return self.loading
        self.is_loaded = True
        return Raw(json.dumps({**_head(self.model), "response": "", "done": True, "done_reason": "load"}).encode())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _about(server: OllamaServer, asked: Asked) -> Raw | None:
    """What is asked of the server itself; None for a prompt."""
    listed = {"name": server.model, "model": server.model, "size": 1, "digest": "0" * 64, "modified_at": CREATED}
    answers: dict[str, object] = {
        "/api/version": {"version": "0.13.0"},
        "/api/tags": {"models": [listed]},
        "/api/ps": {"models": [{**listed, "size_vram": 1}] if server.is_loaded else []},
        "/api/show": {"capabilities": ["completion"], "model_info": {"general.architecture": "qwen2"}},
        "/v1/models": {"object": "list", "data": [{"id": server.model, "object": "model"}]},
    }
    if asked.path in answers:
        return Raw(json.dumps(answers[asked.path]).encode())
    return None if asked.path in {"/api/generate", "/v1/completions"} else error(404, "no such path")


def _head(model: str) -> dict[str, Any]:
    return {"model": model, "created_at": CREATED}


def _generated(model: str, said: Chosen) -> dict[str, Any]:
    first = said.top[0] if said.top else {"token": "A", "logprob": 0.0}
    told = {} if said.tokens is None else {"logprobs": [{**first, "top_logprobs": said.top}]}
    counts = {"prompt_eval_count": said.usage[0], "eval_count": said.usage[1]}
    return {**_head(model), "response": first["token"], "done": True, "done_reason": "length", **counts, **told}


def _completed(server: OllamaServer, said: Chosen) -> dict[str, Any]:
    first = said.top[0] if said.top else {"token": "A", "logprob": 0.0}
    like_vllm: dict[str, Any] = {"top_logprobs": [{one["token"]: one["logprob"] for one in said.top}]}
    like_llama: dict[str, Any] = {"content": [{**first, "top_logprobs": said.top}]}
    told = like_llama if server.style == LLAMA else like_vllm
    choice = {"text": first["token"], "index": 0, "finish_reason": "length"}
    if said.tokens is not None:
        choice["logprobs"] = told
    usage = {"prompt_tokens": said.usage[0], "completion_tokens": said.usage[1], "total_tokens": sum(said.usage)}
    return {"id": "c", "object": "text_completion", "model": server.model, "choices": [choice], "usage": usage}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: OllamaServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Line)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no news."""


class _Line(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        """Everything is asked of one place."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        asked = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, text)
        answer = self.server.owner.answer(asked)
        time.sleep(answer.delay)
        if answer.body is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        length = {"Content-Length": str(len(answer.body))}
        for name, value in ({"Content-Type": answer.kind} | length | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        step = 1 if answer.drip else len(answer.body) or 1
        for at in range(0, len(answer.body), step):
            self.wfile.write(answer.body[at : at + step])
            self.wfile.flush()
            time.sleep(answer.drip)

    do_POST = do_GET  # noqa: N815 - the name that its base class looks for
