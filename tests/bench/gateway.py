"""What the way to the brain costs by itself: redacting, counting and keeping one call, without a network and without a model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.clock_system import SystemClock
from adapters.store.store import Store
from core.budget import Budget, Cap, Prices, Scope
from core.concealment import Concealment
from core.mind_watch import MindWatch
from core.model import Mind, ModelReply, ModelRequest, Purpose, Role, Tool, ToolCall, Turn
from core.model_gateway import ModelGateway, Terms
from core.pattern_cost import compiled
from core.world import Json
from tests.bench.figure import Figure, milliseconds
from tests.fakes.brain import FakeBrain
from tests.fakes.seal import FakeSeal

ISSUE = 4
TIMES = 200
LINE = "Mar 14 03:07:11 web-7 nginx[4711]: connect() failed (111: refused) while connecting to upstream, 磁盘 97%\n"


def figures() -> Iterator[Figure]:
    """One turn of an investigation in its middle: a briefing, four looks, thirty tools."""
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/x.db", FakeSeal(), SystemClock(), Path(folder) / "var", ())
        gateway = _gateway(store)
        yield Figure(ISSUE, "gateway: one call without the network", "ms", 100, milliseconds([*_calls(gateway)]))
        store.close()


def _gateway(store: Store) -> ModelGateway:
    caps = {scope: Cap(10**12, 10**12) for scope in Scope}
    conceal = Concealment(["a-secret-of-ours-1", "another-secret-2"], compiled(("ACME-[0-9]{6}",)))
    watch = MindWatch([Mind.BRAIN], store.ticks, store.clock, lambda _: None)
    brain = FakeBrain(ModelReply("", (ToolCall("c", "look", '{"path": "/"}'),), "m", 5000, 60))
    terms = Terms(60, Budget(caps, Prices(2.5, 10)), conceal)
    return ModelGateway(brain, watch, store.model_calls, store.clock, terms, lambda _error, _purpose: None)


def _request() -> ModelRequest:
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {"path": {"type": "string", "description": "where to look"}},
    }
    tools = tuple(Tool(f"look_{number}", "Looks at one thing and says what it sees.", schema) for number in range(30))
    turns = [Turn(Role.SYSTEM, "You diagnose. " * 200), Turn(Role.USER, LINE * 20)]
    for number in range(4):
        call = ToolCall(f"c{number}", "look", '{"path": "/var/log"}')
        turns += [Turn(Role.ASSISTANT, "", (call,)), Turn(Role.TOOL, LINE * 15, answers=call.id)]
    return ModelRequest("diagnose@1", tuple(turns), tools)


def _calls(gateway: ModelGateway) -> Iterator[float]:
    request = _request()
    for number in range(TIMES):
        began = time.perf_counter()
        gateway.ask(Purpose(f"NS-{number % 5}", f"NS-{number % 5}:1"), request)
        yield time.perf_counter() - began
