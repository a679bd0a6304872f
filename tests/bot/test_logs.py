"""Logs are one JSON object a line, whoever wrote it, and no secret stands in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import start_logging


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    start_logging(stream=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_ours_and_libraries_lines_are_json_without_secrets(written: io.StringIO) -> None:
    structlog.get_logger("nightshift").info("taken", url="postgres://u:hunter2@h/d", alert_token="hunter2", n=3)
    logging.getLogger("uvicorn").warning("refused password=hunter2 %s", {"a": 1})
    logging.getLogger("x").error(
        "multi\nline", extra={"authorization": "hunter2", "deep": {"password": "hunter2", "list": ["token=hunter2"]}}
    )
    lines = written.getvalue().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["level"] for event in events] == ["info", "warning", "error"]
    assert events[0]["n"] == 3
    assert all(event["timestamp"].endswith("Z") for event in events)
    assert "hunter2" not in written.getvalue()


def test_what_is_said_to_hosts_command_by_command_is_not_logged(written: io.StringIO) -> None:
    for library in ("asyncssh", "docker.api", "apscheduler"):
        logging.getLogger(library).info("Command: exec cat /srv/orders/2026")
    assert written.getvalue() == ""


def test_an_exception_is_one_line_too(written: io.StringIO) -> None:
    try:
        int("password=hunter2")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = written.getvalue().splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert "hunter2" not in line


class FullDisk(io.StringIO):
    """A stream that takes nothing while it is full."""

    is_full = True

    def write(self, text: str) -> int:
        """See `io.StringIO`."""
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_lines_that_a_full_disk_does_not_take_are_dropped_and_counted(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = FullDisk()
    start_logging(stream=disk)
    logging.getLogger("x").error("one")
    logging.getLogger("x").error("two")
    disk.is_full = False
    logging.getLogger("x").error("three")
    said = [json.loads(line)["event"] for line in disk.getvalue().splitlines()]
    assert said == ["three", "2 lines of this log could not be written"]
    assert (written.getvalue(), capsys.readouterr().err) == ("", "")
