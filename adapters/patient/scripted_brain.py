"""The demo's brain: a small OpenAI-compatible server on the loopback that answers by a script, from what it is really told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

MODEL = "scripted"
_LETTERS_PER_TOKEN = 4
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in: the turns so far, and the names of the tools that may be called."""

    turns: tuple[dict[str, Any], ...]
    tools: frozenset[str]

    @property
    def words(self) -> str:
        """Everything that system and user said."""
        return "\n".join(
            str(turn.get("content") or "") for turn in self.turns if turn.get("role") in {"system", "user"}
        )

    def seen(self, tool: str) -> str:
        """What the latest call of this tool came to; '' while it has not been called."""
        ids = {call["id"] for call in self._calls() if call["function"]["name"] == tool}
        told = [turn for turn in self.turns if turn.get("role") == "tool" and turn.get("tool_call_id") in ids]
        return str(told[-1]["content"]) if told else ""

    def proposed(self, skill: str) -> int:
        """How often a call named this skill so far."""
        return sum(f'"{skill}"' in call["function"]["arguments"] for call in self._calls())

    def _calls(self) -> Iterator[dict[str, Any]]:
        for turn in self.turns:
            yield from turn.get("tool_calls") or ()


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: text, or calls of tools with their arguments."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


Script: TypeAlias = Callable[[Asked], Said]


class ScriptedBrain:
    """Serves from its making until `close`; anybody on this machine may ask it, and it knows nothing."""

    def __init__(self, script: Script) -> None:
        self._server = _Server(script)
        self._thread = threading.Thread(target=self._server.serve_forever, name="scripted-brain", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """What BRAIN_BASE_URL would be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def asked(self) -> int:
        """How many completions it was asked for so far."""
        return self._server.asked

    def close(self) -> None:
        """Gives its port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Completions)
        self.script, self.asked, self.lock = script, 0, threading.Lock()

    def server_bind(self) -> None:
        """Without asking the DNS for our own name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def count(self) -> int:
        """The number of the completion that is asked for now."""
        with self.lock:
            self.asked += 1
            return self.asked


class _Completions(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """One completion, whole or as a stream of pieces."""
        size = int(self.headers.get("Content-Length") or 0)
        if not self.path.endswith("/chat/completions") or not 0 < size <= _LARGEST:
            self._send(404, b'{"error": {"message": "only chat completions are served here"}}', "application/json")
            return
        asked: dict[str, Any] = json.loads(self.rfile.read(size))
        tools = frozenset(tool["function"]["name"] for tool in asked.get("tools") or ())
        number = self.server.count()
        said = self.server.script(Asked(tuple(asked["messages"]), tools))
        answer = _completion(number, asked, said)
        if asked.get("stream"):
            self._send(200, b"".join(_pieces(answer)), "text/event-stream")
        else:
            self._send(200, json.dumps(answer).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Every call stands in the log of models already."""

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _completion(number: int, asked: dict[str, Any], said: Said) -> dict[str, Any]:
    calls = [
        {"id": f"call_{number}_{at}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for at, (name, given) in enumerate(said.calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None}
    if calls:
        message["tool_calls"] = calls
    used_in, used_out = _tokens(asked["messages"]) + _tokens(asked.get("tools") or []), _tokens(message)
    return {
        "id": f"scripted-{number}",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {"prompt_tokens": used_in, "completion_tokens": used_out, "total_tokens": used_in + used_out},
    }


def _tokens(what: object) -> int:
    """A guess: it has no tokenizer, and four letters are a token."""
    return len(json.dumps(what, ensure_ascii=False)) // _LETTERS_PER_TOKEN


def _pieces(answer: dict[str, Any]) -> Iterator[bytes]:
    """The same answer as server-sent events: what is said, why it ended, what it used."""
    choice = answer["choices"][0]
    delta = dict(choice["message"])
    delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta.pop("tool_calls", ()))]
    frame = {**answer, "object": "chat.completion.chunk"}
    usage = frame.pop("usage")
    last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    for choices, used in (([{"index": 0, "delta": delta}], None), ([last], None), ([], usage)):
        yield b"data: " + json.dumps({**frame, "choices": choices, "usage": used}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"
