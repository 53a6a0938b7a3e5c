"""The last lines of the log, in memory, for whoever looks into the console."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEEP = 1000
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One record: when (seconds since the epoch), how grave, from where, what, and the trace of a fault."""

    time: float
    level: int
    logger: str
    message: str
    trace: str = ""

    @property
    def level_name(self) -> str:
        """As logging names it."""
        return logging.getLevelName(self.level)


class RecentLog(logging.Handler):
    """Keeps what is logged, without secrets; the oldest line goes when there are too many."""

    def __init__(self, redact: Callable[[str], str], keep: int = KEEP) -> None:
        """``redact`` takes secrets out of a text. Nothing is kept before it is added to a logger."""
        super().__init__()
        self._redact = redact
        self._lines: deque[Line] = deque(maxlen=keep)
        self._formatter = logging.Formatter()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        try:
            trace = self._formatter.formatException(record.exc_info) if record.exc_info else ""
            message = self._redact(record.getMessage()[:LONGEST])
        except (TypeError, ValueError):  # a line that cannot be written is the other handler's to complain of
            return
        self._lines.append(
            Line(record.created, record.levelno, record.name, message, self._redact(trace[-LONGEST:]) if trace else "")
        )

    def lines(self, *, least: int = logging.NOTSET, text: str = "", limit: int = KEEP) -> list[Line]:
        """The newest lines first, of this level and above, that hold ``text`` in any letter case."""
        wanted = text.lower()
        found: list[Line] = []
        for line in self._newest():
            if line.level >= least and (not wanted or wanted in f"{line.logger} {line.message}\n{line.trace}".lower()):
                found.append(line)
                if len(found) >= limit:
                    break
        return found

    def _newest(self) -> Iterator[Line]:
        return reversed(tuple(self._lines))  # threads may log meanwhile
