"""Named places at which a test may end the process, so that every crash point is known.

A failpoint is a function that is told where the work is; the hub's own does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

Failpoint = Callable[[str], None]

COMMITS = ("accept", "unit", "begin", "settle")
FAILPOINTS = (
    *(f"{what}.commit.{when}" for what in COMMITS for when in ("before", "after")),
    "send.before",
    "send.after",
    "acknowledge.before",
    "acknowledge.after",
)


def never(name: str) -> None:
    """Do nothing, wherever the work is."""
