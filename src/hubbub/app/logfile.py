"""The file that the log is written to: of bounded size, for its owner's eyes only."""

from __future__ import annotations

import logging.handlers
import os
import sys
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from typing_extensions import override

from hubbub.settings import Server


@dataclass(frozen=True, slots=True)
class LogFile:
    """Where it is, the bytes at which a new one begins, and how many full ones stay (``path.1`` is the youngest)."""

    path: Path
    max_bytes: int
    keep: int

    def all(self) -> list[Path]:
        """Those that are there, the newest first."""
        full = (self.path.with_name(f"{self.path.name}.{number}") for number in range(1, self.keep + 1))
        return [path for path in (self.path, *full) if path.is_file()]


def log_file(server: Server) -> LogFile | None:
    """As the settings say; None for no file."""
    if not server.log_file:
        return None
    return LogFile(server.data_dir / server.log_file, server.log_file_bytes, server.log_files)


class RotatingLog(logging.handlers.RotatingFileHandler):
    """Writes `LogFile`. Nothing is opened before the first line; a disk that takes none is told once, on stderr."""

    def __init__(self, file: LogFile) -> None:
        """Nothing is touched yet."""
        super().__init__(file.path, maxBytes=file.max_bytes, backupCount=file.keep, encoding="utf-8", delay=True)
        self._told = False

    @override
    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="replace")

    @override
    def doRollover(self) -> None:
        """See `RotatingFileHandler.doRollover`; with none to keep, the file begins anew."""
        if self.backupCount == 0 and self.stream is not None:
            self.stream.truncate(0)
        else:
            super().doRollover()

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.handleError`."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._told:
            self._told = True
            print(f"the log file {self.baseFilename} cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201
