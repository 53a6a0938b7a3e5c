"""A hub ends at every named place of a message's road, for every delivery class, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.core.failpoints import FAILPOINTS
from tests.crash.lives import Keeper
from tests.crash.mutants import MUTANTS
from tests.crash.scene import DELIVERIES, scene
from tests.crash.stored import Engine, Sqlite

pytestmark = pytest.mark.crash

BLIND = ("blind", "editable")
SENT = ("send.before", "send.after", "settle.commit.before", "settle.commit.after")
BEGUN = ("begin.commit.before", "begin.commit.after")


def reached(failpoint: str, delivery: str, engine: Engine) -> bool:
    """What is fetched is never sent; the sending is stored before it is done where nobody could tell, or others could.

    Of a database that nodes share it is stored always, for two of them must not send the same row.
    """
    if failpoint in SENT:
        return delivery != "window"
    return failpoint not in BEGUN or delivery in BLIND or (engine.name == "postgres" and delivery != "window")


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_every_place_may_be_the_last(
    tmp_path: Path, keeper: Keeper, engine: Engine, delivery: str, failpoint: str
) -> None:
    """Twice on one data folder: at the first passing, and at a later one with more under way."""
    async with scene(tmp_path, keeper, engine, delivery) as found:
        found.people.say(12)
        if reached(failpoint, delivery, engine):
            await found.die_at(failpoint, 1)
            await found.die_at(failpoint, 4)
        else:
            await found.hub.spawn(failpoint)
            await found.end()
        await found.hub.start()
        found.people.say(6)
        stored = await found.end()
    assert not found.faults(stored)


@pytest.mark.parametrize(
    ("mutant", "failpoint", "delivery"),
    [
        ("acknowledges_first", "accept.commit.before", "blind"),
        ("takes_repeats_for_new", "acknowledge.before", "blind"),
        ("forgets_what_waits", "unit.commit.before", "blind"),
        ("stores_in_two_steps", "unit.commit.before", "blind"),
        ("sends_again_in_doubt", "send.after", "blind"),
        ("sends_before_it_says_so", "send.after", "editable"),
        ("takes_a_new_key", "send.after", "idempotent"),
    ],
)
async def test_a_hub_with_a_fault_is_found_out(
    tmp_path: Path, keeper: Keeper, mutant: str, failpoint: str, delivery: str
) -> None:
    async with scene(tmp_path, keeper, Sqlite(), delivery) as found:
        found.people.say(12)
        for passing in (1, 3, 5):
            await found.die_at(failpoint, passing, mutant)
        await found.hub.start(mutant)
        found.people.say(6)
        stored = await found.end(patience=3)
    assert found.faults(stored)


def test_every_fault_is_tried() -> None:
    (mark,) = [mark for mark in test_a_hub_with_a_fault_is_found_out.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    assert {case[0] for case in mark.args[1]} == set(MUTANTS)
