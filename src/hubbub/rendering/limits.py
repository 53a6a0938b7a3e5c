"""What the system lets a worker process do at most. Where it knows no such limits (Windows), nothing is limited."""

from __future__ import annotations

import os
import sys

_UNIT = 1 if sys.platform == "darwin" else 1024


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


def used_memory() -> int:
    """Megabytes that the process ever had in use; 0 where nobody knows."""
    if sys.platform == "win32":
        return 0
    try:
        with open(f"/proc/{os.getpid()}/statm", "rb") as file:  # noqa: PTH123 - where there is one
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    except OSError:
        import resource  # noqa: PLC0415 - not everywhere

        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT) >> 20
