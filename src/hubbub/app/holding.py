"""Names that one node holds alone."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def held_alone(name: str) -> AsyncIterator[None]:  # noqa: ARG001 - the hub is the only node: every name is its own
    """See `ports.Host.hold`, where the store belongs to one process."""
    yield
