"""Hubs are killed at random moments, hundreds of times, while people and callers talk to them."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from pathlib import Path

import pytest

from tests.crash.lives import Keeper
from tests.crash.people import Callers
from tests.crash.scene import DELIVERIES, scene
from tests.crash.stored import Engine

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("HUBBUB_TEST_KILLS", "200"))


@pytest.mark.timeout(300 + KILLS)
@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_nothing_is_lost_doubled_or_out_of_order(
    tmp_path: Path, keeper: Keeper, engine: Engine, delivery: str
) -> None:
    async with scene(tmp_path, keeper, engine, delivery, repeats=2) as found:
        hub, chance = found.hub, random.Random(delivery)
        callers = Callers(hub, chance)
        talking = asyncio.create_task(found.people.chatter())
        calling = asyncio.create_task(callers.call())
        while hub.kills < KILLS // len(DELIVERIES):
            await found.die_suddenly(chance, callers.answered)
        talking.cancel()
        callers.leaving.set()
        await hub.start()
        await asyncio.wait_for(calling, 120)
        stored = await found.end()
    told = "%s: %d kills, %d messages, %d requests, %d rows, %d in doubt"
    counts = (len(found.people.said), len(callers.said), len(stored.rows), len(found.in_doubt))
    log.info(told, delivery, hub.kills, *counts)
    assert not found.faults(stored, callers.said)
    assert not callers.faults
    # Who fetches the answer waits for it, so less is said there in the same time.
    assert len(found.people.said) > hub.kills // (10 if delivery == "window" else 1), "people got through"
    assert len(callers.answers) > hub.kills // 5, "so did callers"
