"""What the road makes of faults."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.registry import Commands
from hubbub.core.errors import Unstorable
from tests.unit.commands.hub import world
from tests.unit.dispatch.streaming import question

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    import pytest

    from hubbub.core.ports import Answer
    from hubbub.core.work import Committed, Unit


async def test_what_never_can_be_stored_is_told_and_done_once(tmp_path: Path) -> None:
    """It was found out before the unit's own commit, such as by keeping a file."""
    done: list[str] = []

    async def huge(call: Call, context: CommandContext) -> Answer:
        done.append(context.owner)
        raise Unstorable("a file of 30 MB")

    async with world(tmp_path) as hub:
        hub.road.use(replace(hub.ways, commands=Commands(commands=(Command("huge", huge, "x"),))))
        said = await hub.person().reads("/huge")
        assert "Error id" in said
        assert "30 MB" not in said
        assert await hub.person().reads("hi") == "hello"
    assert len(done) == 1


async def test_a_message_whose_apology_cannot_be_stored_either_keeps_nobody_from_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as hub:
        commit, refusals = hub.store.inbox.commit, [2]

        def refusing(lane: str, fence: int, unit: Unit, *, release: bool = False) -> Awaitable[Committed]:
            if not unit.sends or not refusals[0]:
                return commit(lane, fence, unit, release=release)
            refusals[0] -= 1
            refused: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
            refused.set_exception(Unstorable("it never can be"))
            return refused

        monkeypatch.setattr(hub.store.inbox, "commit", refusing)
        person = hub.person()
        await hub.take(question(person, 1))
        assert len(await hub.store.inbox.given_up()) == 1
        async with asyncio.timeout(5):
            assert await person.reads("hi") == "hello"
