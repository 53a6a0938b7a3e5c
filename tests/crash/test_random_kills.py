"""Hubs are killed at random moments, hundreds of times, while people and callers talk to them."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from pathlib import Path

import pytest

from tests.crash.lives import Keeper
from tests.crash.mutants import MUTANTS
from tests.crash.people import Callers
from tests.crash.scene import DELIVERIES, Scene, scene
from tests.crash.stored import Engine, Sqlite

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("HUBBUB_TEST_KILLS", "100"))
"""In sum, a quarter for each class: even so few find every fault of `mutants` (`make soak` shows it)."""


async def killed(found: Scene, kills: int, chance: random.Random, patience: float = 120) -> Callers:
    """People and callers talk to a hub that is killed so often, and at last is let live."""
    callers = Callers(found.hub, chance)
    talking = asyncio.create_task(found.people.chatter())
    calling = asyncio.create_task(callers.call())
    while found.hub.kills < kills:
        await found.die_suddenly(chance, callers.answered)
    talking.cancel()
    callers.leaving.set()
    await found.hub.start()
    await asyncio.wait_for(calling, patience)
    return callers


@pytest.mark.timeout(300 + KILLS)
@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_nothing_is_lost_doubled_or_out_of_order(
    tmp_path: Path, keeper: Keeper, engine: Engine, delivery: str
) -> None:
    async with scene(tmp_path, keeper, engine, delivery, repeats=2) as found:
        callers = await killed(found, KILLS // len(DELIVERIES), random.Random(delivery))
        stored = await found.end()
        hub = found.hub
    told = "%s: %d kills, %d messages, %d requests, %d rows, %d in doubt"
    counts = (len(found.people.said), len(callers.said), len(stored.rows), len(found.in_doubt))
    log.info(told, delivery, hub.kills, *counts)
    assert not found.faults(stored, callers.said)
    assert not callers.faults
    # Who fetches the answer waits for it, so less is said there in the same time.
    assert len(found.people.said) > hub.kills // (10 if delivery == "window" else 1), "people got through"
    assert len(callers.answers) > hub.kills // 5, "so did callers"


SHOWS_WITH = {"sends_before_it_says_so": "editable", "takes_a_new_key": "idempotent"}
"""Of the others, every class would do."""


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS)
async def test_as_few_kills_as_that_find_a_hub_with_a_fault(tmp_path: Path, keeper: Keeper, mutant: str) -> None:
    async with scene(tmp_path, keeper, Sqlite(), SHOWS_WITH.get(mutant, "blind"), repeats=2) as found:
        found.hub.mutant = mutant
        try:
            callers = await killed(found, 25, random.Random(mutant), patience=60)
        except TimeoutError:
            return  # somebody was never answered
        stored = await found.end(patience=3)
    assert found.faults(stored, callers.said) or callers.faults
