"""The doors: one ASGI app for alerts, health and metrics on 127.0.0.1, and the thread that serves it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters import intake_alertmanager, intake_grafana
from bot import own_alerts
from bot.alert_tokens import AlertToken, AlertTokens
from bot.intake_queue import IntakeQueue
from bot.metrics import Metrics
from bot.refused_post import RefusedPost
from core.alert import Alert
from core.errors import BusyError, InvalidError, NightshiftError, UnavailableError
from core.inventory import Inventory
from core.outside_alert import Mapped
from core.ports import Clock
from core.world import Json

MOST_BYTES = 1 << 20
MOST_SECONDS = 10.0
"""How long a body may take to arrive: a slow sender holds no connection."""

Reader = Callable[[Json, AlertToken], tuple[Alert, ...]]


Post = Callable[[Json, AlertToken], tuple[int, dict[str, Json]]]
"""A door that is no alert: status and answer; raises RefusedPost, or our errors, each with one sentence."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the app needs. `not_ready` names what keeps Nightshift from working, empty when nothing does."""

    tokens: AlertTokens
    inventory: Inventory
    queue: IntakeQueue
    metrics: Metrics
    clock: Clock
    not_ready: Callable[[], Sequence[str]]
    posts: Mapping[str, Post] = field(default_factory=dict)


def build_app(doors: Doors) -> Starlette:
    """The ASGI app."""
    readers: dict[str, Reader] = {
        "/alerts": lambda body, token: own_alerts.read(body, token.source, doors.clock.now()),
        "/alerts/alertmanager": lambda body, token: _alerts(
            intake_alertmanager.read(body, token.source, doors.clock.now())
        ),
        "/alerts/grafana": lambda body, token: _alerts(intake_grafana.read(body, token.source, doors.clock.now())),
    }
    return Starlette(
        routes=[
            *(
                Route(path, _Take(doors, reader, strict=path == "/alerts"), methods=["POST"])
                for path, reader in readers.items()
            ),
            *(Route(path, _Tell(doors, post), methods=["POST"]) for path, post in doors.posts.items()),
            Route("/healthz", _healthy, methods=["GET"]),
            Route("/readyz", _ready(doors), methods=["GET"]),
            Route("/metrics", _metrics(doors), methods=["GET"]),
        ]
    )


# ---- alerts ---------------------------------------------------------------------------------------------------------------------


class _Take:
    """One door for alerts; an ASGI app of its own, because what Starlette puts around a function costs a fifth of a request."""

    def __init__(self, doors: Doors, reader: Reader, *, strict: bool) -> None:
        self._doors, self._reader, self._strict = doors, reader, strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        taken = _taken(self._doors, self._reader, request, strict=self._strict)
        return await _answered(self._doors, taken)


class _Tell(_Take):
    """One door for what else may be told."""

    def __init__(self, doors: Doors, post: Post) -> None:
        self._doors, self._post = doors, post

    async def _answer(self, request: Request) -> Response:
        return await _answered(self._doors, _told(self._doors, self._post, request))


async def _answered(doors: Doors, answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except RefusedPost as refusal:
        doors.metrics.refused.labels(str(refusal.status)).inc()
        return _refusal(refusal)
    except ClientDisconnect:
        doors.metrics.refused.labels("499").inc()
        return Response(status_code=400)


async def _told(doors: Doors, post: Post, request: Request) -> Response:
    token = _token(doors, request)
    data = await _body(request)
    try:
        status, answer = await asyncio.to_thread(lambda: post(own_alerts.parse(data), token))
    except InvalidError as error:
        raise RefusedPost(400, error.message) from error
    except NightshiftError as error:
        raise RefusedPost(503, error.message) from error
    return JSONResponse(answer, status)


def _token(doors: Doors, request: Request) -> AlertToken:
    token = doors.tokens.find(request.headers.get("authorization", ""))
    if token is None:
        raise RefusedPost(401, "send the token of this source as: Authorization: Bearer TOKEN")
    return token


async def _taken(doors: Doors, reader: Reader, request: Request, *, strict: bool) -> Response:
    token = _token(doors, request)
    data = await _body(request)
    try:
        alerts = reader(own_alerts.parse(data), token)
    except InvalidError as error:
        raise RefusedPost(400, error.message) from error
    foreign = sorted({alert.host for alert in alerts if not token.may_speak_of(alert.host, doors.inventory)})
    mine = tuple(alert for alert in alerts if alert.host not in foreign) if foreign else alerts
    if foreign and (strict or not mine):
        raise RefusedPost(
            403, f"token {token.name!r} may not speak of host {foreign[0]!r}; see [tokens] in nightshift.toml"
        )
    incidents = await _durable(doors, mine)
    doors.metrics.alerts.labels(token.name).inc(len(mine))
    answer: dict[str, object] = {"incidents": incidents}
    return JSONResponse(answer | ({"refused": foreign} if foreign else {}), status_code=202)


async def _body(request: Request) -> bytes:
    """The body, counted while it arrives: what is too long is refused before it is held."""
    if (
        (stated := request.headers.get("content-length", "")).isdecimal()
        and stated.isascii()
        and int(stated) > MOST_BYTES
    ):
        raise RefusedPost(413, f"the body is over {MOST_BYTES} bytes; send fewer alerts at once")
    parts, size = [], 0
    try:
        async with asyncio.timeout(MOST_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > MOST_BYTES:
                    raise RefusedPost(413, f"the body is over {MOST_BYTES} bytes; send fewer alerts at once")
                parts.append(part)
    except TimeoutError as error:
        raise RefusedPost(408, f"the body took over {MOST_SECONDS:.0f} seconds") from error
    return b"".join(parts)


async def _durable(doors: Doors, alerts: tuple[Alert, ...]) -> tuple[str, ...]:
    """The incident of each alert, once all are committed; '' for a resolved alert without one."""
    if not alerts:
        return ()
    try:
        return await asyncio.wrap_future(doors.queue.put(alerts))
    except BusyError as error:
        raise RefusedPost(503, "too many alerts are waiting; send this again in a second") from error
    except InvalidError as error:
        raise RefusedPost(400, error.message) from error
    except NightshiftError as error:
        raise RefusedPost(503, error.message) from error


def _refusal(refusal: RefusedPost) -> Response:
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}, 413: {"Connection": "close"}}
    return JSONResponse({"error": refusal.sentence}, refusal.status, headers.get(refusal.status))


def _alerts(mapped: tuple[Mapped, ...]) -> tuple[Alert, ...]:
    return tuple(one.alert for one in mapped)


# ---- health ---------------------------------------------------------------------------------------------------------------------


async def _healthy(_: Request) -> Response:
    """The process answers; whether it can work is /readyz."""
    return PlainTextResponse("ok\n")


def _ready(doors: Doors) -> Callable[[Request], object]:
    async def ready(_: Request) -> Response:
        closed = () if doors.queue.is_working else ("alerts are not taken",)
        reasons = [*closed, *await asyncio.to_thread(_reasons, doors)]
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    return ready


def _reasons(doors: Doors) -> Sequence[str]:
    try:
        return doors.not_ready()
    except NightshiftError as error:
        return (error.message,)


def _metrics(doors: Doors) -> Callable[[Request], object]:
    async def metrics(_: Request) -> Response:
        text = await asyncio.to_thread(doors.metrics.text)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return metrics


# ---- serving --------------------------------------------------------------------------------------------------------------------


class Server:
    """Serves the app on 127.0.0.1 in a thread of its own."""

    def __init__(self, app: Starlette, port: int) -> None:
        self._port = port
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=port,
                log_config=None,
                access_log=False,
                proxy_headers=False,  # nobody stands before it, and no answer depends on who asks
                lifespan="off",
                server_header=False,
                limit_concurrency=2000,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
            )
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)

    def start(self, wait: float = 10.0) -> None:
        """Returns once it listens; raises UnavailableError where it cannot."""
        self._listen_at()
        self._thread.start()
        pause, waited = threading.Event(), 0.0
        while not self._server.started and self._thread.is_alive() and waited < wait:
            pause.wait(0.01)
            waited += 0.01
        if not self._server.started:
            raise UnavailableError(f"the doors on 127.0.0.1:{self._port} did not open within {wait:g} s; try again")

    @property
    def port(self) -> int:
        """The port it listens on: where 0 was asked for, the one that was free."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def close(self) -> None:
        """Lets running requests end, at most 5 s, then stops."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        with suppress(SystemExit):  # how uvicorn says that it could not listen; `start` says it to a person
            self._server.run([self._socket])

    def _listen_at(self) -> None:
        """Taken or not is known before anything is started, and said once."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", self._port))
        except OSError as error:
            self._socket.close()
            raise UnavailableError(
                f"cannot listen on 127.0.0.1:{self._port}: {error.strerror}; end what has it, or change server.port in nightshift.toml"
            ) from error
