"""An OpenAI-compatible server that says what a test wrote for it, over real HTTP on the loopback; it can be slow, wrong and cut off."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias

MODEL = "scripted"


@dataclass(frozen=True, slots=True)
class Say:
    """An answer: text, or calls as (name, arguments), whose arguments may be any text. `usage` None: the server counts nothing.

    `delay` passes before the first byte; `pause` between pieces of `piece` characters; after `cut` pieces the line is dropped.
    """

    text: str = ""
    calls: tuple[tuple[str, object], ...] = ()
    finish: str = ""
    usage: tuple[int, int] | None = (50, 10)
    delay: float = 0.0
    pause: float = 0.0
    piece: int = 12
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Any answer at all, byte by byte where `drip` is over 0; None for `body` drops the line without one."""

    body: bytes | None
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0


def refused(status: int, message: str, code: str = "", retry_after: str = "") -> Raw:
    """An error as these services say it."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code or None}})
    return Raw(body.encode(), status, headers={"Retry-After": retry_after} if retry_after else {})


Answer: TypeAlias = Say | Raw
Script: TypeAlias = Callable[[dict[str, Any]], Answer]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """Its JSON."""
        return dict(json.loads(self.text or "{}"))


class OpenAIServer:
    """Serves while it is entered. `script`: answers in order, the last one for ever, or what makes one of a request's JSON."""

    def __init__(self, *answers: Answer, script: Script | None = None, models: Sequence[str] = (MODEL,)) -> None:
        self.answers, self.script, self.models = answers, script, tuple(models)
        self.requests: list[Asked] = []
        self.listing: Raw | None = None
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def asked(self) -> list[Asked]:
        """The completions alone."""
        return [one for one in self.requests if one.path.endswith("/chat/completions")]

    @property
    def left(self) -> str:
        """Every byte of every request, for whoever looks for what must not have left the house."""
        return "\n".join(f"{one.path} {one.headers} {one.text}" for one in self.requests)

    def answer(self, asked: Asked) -> Answer:
        """What the script says to this one."""
        with self._lock:
            self.requests.append(asked)
            if asked.path.endswith("/models"):
                if self.listing is not None:
                    return self.listing
                listed = [{"id": name, "object": "model"} for name in self.models]
                return Raw(json.dumps({"object": "list", "data": listed}).encode())
            if not asked.path.endswith("/chat/completions"):
                return refused(404, "no such path")
            if self.script is not None:
                return self.script(asked.body)
            return self.answers[min(len(self.asked), len(self.answers)) - 1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: OpenAIServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Line)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no news."""


class _Line(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        """Models."""
        self._serve("")

    def do_POST(self) -> None:
        """Completions."""
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace"))

    def _serve(self, text: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, text)
        answer = self.server.owner.answer(asked)
        time.sleep(answer.delay)
        if isinstance(answer, Raw):
            return self._raw(answer)
        if asked.body.get("stream"):
            return self._stream(answer, asked.body)
        return self._raw(Raw(json.dumps(_whole(answer)).encode()))

    def _raw(self, answer: Raw) -> None:
        if answer.body is None:
            self.close_connection = True
            return
        head = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body)), **answer.headers}
        self.send_response(answer.status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        step = 1 if answer.drip else len(answer.body) or 1
        for at in range(0, len(answer.body), step):
            self.wfile.write(answer.body[at : at + step])
            self.wfile.flush()
            time.sleep(answer.drip)

    def _stream(self, answer: Say, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        counts = bool((body.get("stream_options") or {}).get("include_usage"))
        for number, event in enumerate(_events(answer, counts=counts)):
            if number == answer.cut:
                return
            self.wfile.write(f"data: {event}\n\n".encode())
            self.wfile.flush()
            time.sleep(answer.pause)


def _calls(answer: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(answer.calls)
    ]


def _usage(answer: Say) -> dict[str, int] | None:
    if answer.usage is None:
        return None
    told, said = answer.usage
    return {"prompt_tokens": told, "completion_tokens": said, "total_tokens": told + said}


def _finish(answer: Say) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def _whole(answer: Say) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.text or None, "tool_calls": _calls(answer) or None}
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [choice],
        "usage": _usage(answer),
    }


def _events(answer: Say, *, counts: bool) -> Iterator[str]:
    def event(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return json.dumps({"id": "c", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]})

    yield event({"role": "assistant", "content": ""})
    for at in range(0, len(answer.text), answer.piece):
        yield event({"content": answer.text[at : at + answer.piece]})
    for number, call in enumerate(_calls(answer)):
        name = {**call["function"], "arguments": ""}
        yield event({"tool_calls": [{**call, "index": number, "function": name}]})
        given = call["function"]["arguments"]
        for at in range(0, len(given), answer.piece):
            yield event({"tool_calls": [{"index": number, "function": {"arguments": given[at : at + answer.piece]}}]})
    yield event({}, _finish(answer))
    if counts and answer.usage is not None:
        yield json.dumps({"id": "c", "model": MODEL, "choices": [], "usage": _usage(answer)})
    yield "[DONE]"
