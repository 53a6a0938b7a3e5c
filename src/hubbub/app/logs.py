"""The log: lines for people or for machines, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Literal, TextIO

from typing_extensions import override

from hubbub.app.logfile import LogFile, RotatingLog

_SECRET = re.compile(
    # Where only a space stands between, the word has to look like a secret: `token create` is a command.
    r"(?i)(bearer\s+|(?:api[_-]?key|token|password)(?:[\"'\s]*[=:][\"'=:\s]*|\s+(?=[^\s\"'&,;]*\d)))([^\s\"'&,;]{6,})"
    r"|\b(sk-|hub_)[A-Za-z0-9_-]{8,}"
    r"|(\d{5,20}:)[A-Za-z0-9_-]{30,}"
)


def redact(text: str) -> str:
    """The text with what looks like a secret replaced by ``***``."""
    return _SECRET.sub(lambda found: f"{found[1] or found[3] or found[4]}***", text)


class TextLines(logging.Formatter):
    """``2026-11-20 07:00:00.123 INFO hubbub.dispatch: what happened``, in the machine's own zone."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        return redact(super().format(record))

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """See `logging.Formatter.formatTime`."""
        seconds = time.strftime(datefmt or "%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        return f"{seconds}.{int(record.msecs):03d}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (seconds since the epoch), level, logger, message, and the trace of a fault."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def set_up(
    level: str, form: Literal["text", "json"], stream: TextIO | None = None, file: LogFile | None = None
) -> None:
    """Send the log to ``stream`` (standard error), and to the file if there is one, from ``level`` on."""
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if file is not None:
        handlers.append(RotatingLog(file))
    for handler in handlers:
        handler.setFormatter(
            JsonLines() if form == "json" else TextLines("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, RotatingLog):
            old.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    # Their lines about every request or connection are no news for whoever runs a hub.
    for name in ("uvicorn.error", "uvicorn.access", "asyncio", "aiohttp", "httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("uvicorn.error").addFilter(_is_news)


_ABOUT_REFUSALS = "ASGI callable returned without completing handshake."


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what uvicorn says of every WebSocket that is refused: whoever refused it tells why, once a minute."""
    return record.msg != _ABOUT_REFUSALS
