"""Ollama's way of asking in front of a real llama-server, as much of it as is asked here: raw prompts, loading, what there is."""

from __future__ import annotations

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

CREATED = "2026-01-01T00:00:00Z"
OPTIONS = {"num_predict": "n_predict", "temperature": "temperature", "seed": "seed", "top_k": "top_k", "top_p": "top_p"}


class OllamaShim:
    """Serves while it is entered. `timings` are what the llama-server told of each completion."""

    def __init__(self, upstream: str, model: str) -> None:
        self.upstream, self.model = upstream, model
        self.timings: list[dict[str, Any]] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and JSON."""
        listed = {"name": self.model, "model": self.model, "size": 1, "digest": "0" * 64}
        told: dict[str, dict[str, Any]] = {
            "/api/version": {"version": "0.13.0"},
            "/api/tags": {"models": [listed]},
            "/api/ps": {"models": [listed]},
            "/api/show": {"capabilities": ["completion"]},
        }
        if path in told:
            return 200, told[path]
        if path != "/api/generate":
            return 404, {"error": "not found"}
        if body.get("model") != self.model:
            return 404, {"error": f"model '{body.get('model')}' not found"}
        return 200, self._generated(body)

    def _generated(self, body: dict[str, Any]) -> dict[str, Any]:
        head = {"model": self.model, "created_at": CREATED, "done": True}
        if not body.get("prompt"):
            return {**head, "response": "", "done_reason": "load"}
        wanted = {OPTIONS[name]: value for name, value in body.get("options", {}).items() if name in OPTIONS}
        wanted |= {"prompt": body["prompt"], "cache_prompt": True}
        wanted |= {"n_probs": body["top_logprobs"]} if body.get("logprobs") else {}
        wanted |= {"json_schema": body["format"]} if body.get("format") else {}
        reply = self._completed(wanted)
        timings = reply["timings"]
        self.timings.append(timings)
        told = {"logprobs": [_token(one) for one in reply.get("completion_probabilities", [])]}
        return {
            **head,
            "response": reply["content"],
            "done_reason": "length" if reply.get("stop_type") == "limit" else "stop",
            "prompt_eval_count": timings["prompt_n"] + timings["cache_n"],
            "eval_count": timings["predicted_n"],
            **(told if body.get("logprobs") else {}),
        }

    def _completed(self, wanted: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.upstream}/completion", json.dumps(wanted).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return dict(json.load(reply))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _token(one: dict[str, Any]) -> dict[str, Any]:
    top = [{"token": two["token"], "logprob": two["logprob"]} for two in one.get("top_logprobs", [])]
    return {"token": one["token"], "logprob": one["logprob"], "top_logprobs": top}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: OllamaShim) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Line)


class _Line(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        """Everything is asked of one place."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = self.server.owner.answer(self.path, json.loads(text or b"{}"))
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that its base class looks for
