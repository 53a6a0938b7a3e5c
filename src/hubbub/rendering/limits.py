"""What the system lets a worker process do at most. Where it knows no such limits (Windows), nothing is limited."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

_PIPE_BYTES: Final = 1 << 20


def limit_memory(megabytes: int) -> None:
    """The process ends when it wants more; it writes no files and leaves no core."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not everywhere

    for kind, limit in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(kind, limit)


def close_doors() -> None:
    """Nothing more can be opened, no file and no connection."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not everywhere

    _limit(resource.RLIMIT_NOFILE, 0)


def widen(pipe: int) -> None:
    """Let a pipe take a whole picture at once, where the system can: whoever writes need not wait for the reader."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - not everywhere

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _limit(kind: int, limit: int) -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not everywhere

    _, hard = resource.getrlimit(kind)
    value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return  # some systems refuse some of them; the others hold


class Gauge:
    """Tells how much memory this process has in use. Make it before `close_doors`: it keeps open what it reads."""

    def __init__(self) -> None:
        """Where the system has no such file, nothing is known."""
        try:
            self._file = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self._file = -1

    def megabytes(self) -> int:
        """As of now; 0 where nobody knows."""
        if self._file < 0 or sys.platform == "win32":
            return 0
        return int(os.pread(self._file, 200, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
