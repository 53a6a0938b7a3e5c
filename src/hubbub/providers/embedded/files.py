"""Files of models on the disk: room for them, and whether they are what they should be."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from hubbub.providers.embedded.failures import EmbeddedError

if TYPE_CHECKING:
    from pathlib import Path


Report = Callable[[str], None]
"""Takes lines, plain English without newline, that tell an operator how far a long step is."""


def silent(line: str) -> None:
    """A `Report` to nobody."""
    del line


def require_space(folder: Path, size: int) -> None:
    """Raise EmbeddedError unless ``size`` more bytes fit into the folder's file system."""
    free = shutil.disk_usage(folder).free
    if free < size:
        msg = (
            f"the model needs {size // 1_000_000} MB in {folder}, {free // 1_000_000} MB are free: "
            "free some, or set HUBBUB_DATA_DIR to a larger disk"
        )
        raise EmbeddedError(msg)


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hex. Takes about a second for 500 MB: call it in a thread."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Percent:
    """Reports progress in steps of a tenth."""

    def __init__(self, report: Report, what: str, total: int) -> None:
        """``what``: begins the line; ``total`` in bytes, 0 if unknown."""
        self._report = report
        self._what = what
        self._total = total
        self._step = max(total // 10, 10_000_000)
        self._next = 0

    def at(self, done: int) -> None:
        """So many bytes are there."""
        if done < self._next:
            return
        self._next = done - done % self._step + self._step
        of = f" of {self._total / 1e6:.0f}" if self._total else ""
        self._report(f"{self._what}: {min(done, self._total or done) / 1e6:.0f}{of} MB")
