"""A real `nightshift up` with models over real HTTP, on a data folder of its own: started, told of trouble, killed, ended."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.store.store import Store
from bot.chat_desk import MACHINE_CHANNEL
from bot.wiring import store_of
from core.message import Message
from tests.bench.up_child import free_port
from tests.bot.machine import Machine
from tests.source_tree import ROOT

T = TypeVar("T")

NO_CHECKS = "checks = []\n"


def until(look: Callable[[], T | None], seconds: float = 40.0) -> T:
    """What is seen in time."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.03)
    return seen


def turn_of(body: dict[str, Any]) -> int:
    """Which turn of an investigation a request is."""
    return 1 + len([turn for turn in body["messages"] if turn["role"] == "assistant"])


class ThinkingHouse:
    """One data folder; `brain` and `cerebellum` are addresses, '' for none."""

    def __init__(self, folder: Path, brain: str = "", cerebellum: str = "", settings: str = NO_CHECKS) -> None:
        self.machine, self.port, self.log = Machine(folder / "var", folder / "key"), free_port(), folder / "log"
        home = self.machine.home
        home.mkdir(mode=0o700)
        (home / "nightshift.toml").write_text(f"{settings}\n[server]\nport = {self.port}\n")
        lines = [f"BRAIN_MODEL=scripted\nBRAIN_BASE_URL={brain}\nBRAIN_API_KEY=sk-of-this-house-0123456789"] * bool(
            brain
        )
        lines += [f"CEREBELLUM_MODEL=scripted:7b\nOLLAMA_HOST={cerebellum}"] * bool(cerebellum)
        (home / ".env").write_text("\n".join([*lines, ""]))
        (home / ".env").chmod(0o600)

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """Ready for work; killed at the end of the block if it is still there."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "bot", "up"]
            said: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            process = subprocess.Popen(command, env=self.machine.environment, cwd=ROOT, **said)
        try:
            until(lambda: process.poll() is not None or self._is_ready())
            assert process.poll() is None, self.log.read_text()[-2000:]
            yield process
        finally:
            process.kill()
            process.wait()

    def ask_for(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """One request at its doors."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def alert(self, signal: str, text: str) -> str:
        """Somebody outside says that something is wrong here; the incident that comes of it."""
        token = (self.machine.home / "alert-token").read_text().strip()
        body = json.dumps({"signal": signal, "host": "localhost", "text": text})
        status, said = self.ask_for("POST", "/alerts", body, Authorization=f"Bearer {token}")
        assert status == 202, said
        return str(json.loads(said)["incidents"][0])

    def ending(self, incident: str) -> str:
        """How it ended, '' while it is open."""
        found = json.loads(self.machine.type("incidents", "--json").stdout)
        return next(one["ending"] or "" for one in found if one["id"] == incident)

    def approvals(self) -> list[dict[str, Any]]:
        """What is asked now."""
        return list(json.loads(self.machine.type("approvals", "--json").stdout or "[]"))

    def type_later(self, words: str) -> str:
        """Its owner writes to it, whether it runs or not; the id of the message."""
        with self._rows() as rows:
            message = Message(uuid.uuid4().hex, MACHINE_CHANNEL, f"os:{os.geteuid()}", words, "", datetime.now(UTC))
            rows.inbox.put(message)
            return message.id

    def reply(self, message: str) -> str | None:
        """What was answered, once it was."""
        with self._rows() as rows:
            return rows.inbox.reply(MACHINE_CHANNEL, message)

    @contextmanager
    def _rows(self) -> Iterator[Store]:
        rows = store_of(self.machine.home, f"sqlite:///{self.machine.home}/nightshift.db", (), self.machine.key)
        try:
            yield rows
        finally:
            rows.close()

    def _is_ready(self) -> bool:
        try:
            return self.ask_for("GET", "/readyz")[0] == 200
        except OSError:
            return False
