"""What the road makes of faults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.registry import Commands
from hubbub.core.errors import Unstorable
from tests.unit.commands.hub import world

if TYPE_CHECKING:
    from pathlib import Path

    from hubbub.core.ports import Answer


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
