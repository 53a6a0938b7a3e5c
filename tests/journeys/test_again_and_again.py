"""Hubs begin and end in one process: it is afterwards what it was before."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

from fastapi.dependencies import models

from tests.journeys.inside import inside

if TYPE_CHECKING:
    from pathlib import Path


def forget() -> None:
    """What FastAPI remembers of the last thousands of routes."""
    for remembering in (each for each in vars(models).values() if hasattr(each, "cache_clear")):
        remembering.cache_clear()


async def once(folder: Path) -> list[weakref.ref[Any]]:
    """A hub that was used in every way that loads something; what it was made of."""
    async with inside(folder) as found:
        assert "LLM-OK" in await found.told("hello")
        async with found.http.get("/openapi.json") as response:
            assert response.status == 200
        async with found.http.get("/") as response:
            assert response.status == 200
        return [weakref.ref(each) for each in (found.hub.exchange, found.hub.control, found.hub.store)]


def test_a_hub_that_has_ended_is_freed(tmp_path: Path) -> None:
    before = gc.get_threshold()
    parts = asyncio.run(once(tmp_path))
    forget()
    gc.collect()
    assert [part() for part in parts] == [None] * len(parts)
    assert gc.get_threshold() == before
