"""JSON logs on stderr, one object a line, redacted; the loggers of every library end here too."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from core.redaction import redact

LOG_BYTES = 10 << 20
_CHATTY = ("alembic", "apscheduler", "asyncssh", "docker", "uvicorn", "dbos", "httpx", "httpx2", "openai")
"""Libraries whose INFO says what they do, tick by tick and command by command, and not what happened."""


class _Dropping(logging.Handler):
    """A line that cannot be written, on a full disk say, is dropped and counted; the next one that can is followed by how many were."""

    dropped = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging gives it
        """Instead of a traceback for each line, into a stream that takes none."""
        del record
        self.dropped += 1

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        before = self.dropped
        super().emit(record)
        if before and self.dropped == before:
            self.dropped = 0
            said = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
            super().emit(logging.makeLogRecord({**said, "msg": f"{before} lines of this log could not be written"}))


class _Stream(_Dropping, logging.StreamHandler[TextIO]):
    """Into a stream."""


class _File(_Dropping, RotatingFileHandler):
    """Into a file that is kept small."""


def start_logging(level: str = "INFO", stream: TextIO | None = None, handler: logging.Handler | None = None) -> None:
    """Sends structlog and the standard library's loggers to one handler; stderr unless another is given."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redacted,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = handler or _Stream(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=_shown),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def start_logging_to(path: Path) -> None:
    """The same into a private file that is kept small: what a terminal shows is for people."""
    handler = _File(path, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    start_logging(handler=handler)


def redacted(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Every text of an event without secrets, however deep it stands."""
    return {key: value if key.startswith("_") else _without_secrets(key, value) for key, value in event.items()}


_SECRET_NAMES = ("password", "passwd", "secret", "token", "authorization", "api_key", "database_url")


def _without_secrets(key: str, value: object) -> object:
    if any(name in key.lower() for name in _SECRET_NAMES) and value:
        return "[hidden]"
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(inner): _without_secrets(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else redact(str(value))


def _shown(value: object) -> str:
    return redact(repr(value))
