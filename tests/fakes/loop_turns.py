"""How long the event loop was at work in one turn, in the processor's time of its thread.

The clock would tell of other programs, too; this says the same on a machine that does other work.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Turns:
    """``longest`` in seconds, and what it did."""

    longest: float = 0.0
    what: str = ""


@contextmanager
def turns() -> Iterator[Turns]:
    """Watch every turn of the loop that runs, until the block ends. The collector of garbage waits meanwhile."""
    seen = Turns()
    run = asyncio.Handle._run

    def watched(handle: Any) -> None:
        begin = time.thread_time()
        run(handle)
        spent = time.thread_time() - begin
        if spent > seen.longest:
            seen.longest, seen.what = spent, repr(handle)[:300]

    gc.collect()
    gc.disable()
    asyncio.Handle._run = watched  # type: ignore[method-assign, assignment]
    try:
        yield seen
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
        gc.enable()
