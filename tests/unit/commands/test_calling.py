"""Introductions, calling those who run a group, and asking for silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.identities import Author
from hubbub.core.messages import Buttons, Mention, Text
from hubbub.core.phrases import Phrase
from tests.unit.commands.hub import ENGLISH, Models, Setting, ShownPlatform, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Runner(ShownPlatform):
    """A platform that knows who runs its rooms, and can mute."""

    people: tuple[Author, ...] = (Author("carl", "Carl", "owner"), Author("hub", "Hub", "admin", is_bot=True))
    refuses: Exception | None = None

    def __init__(self, name: str, can: Capabilities) -> None:
        super().__init__(name, can)
        self.muted: list[tuple[str, int]] = []

    async def admins(self, room: Room) -> tuple[Author, ...]:
        if room.id == "g2":
            raise DeliveryError("silence", certain=False)
        return self.people

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.muted.append((user, seconds))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(ENGLISH, capabilities=Capabilities(buttons=9, mentions=True)), Models()) as made:
        yield made


@pytest.fixture
def runner(hub: World) -> Runner:
    """Takes the place of the platform of the people."""
    made = Runner("fake", hub.platforms["fake"].can)
    hub.ways.platforms["fake"] = hub.platforms["fake"] = made  # type: ignore[index]
    return made


async def test_whoever_starts_is_greeted(hub: World) -> None:
    ann = hub.person()
    assert (await ann.reads("/start from-a-link")).startswith("Hello!")
    buttons = (await ann.segments("/start"))[-1]
    assert isinstance(buttons, Buttons)
    assert [each.says for row in buttons.rows for each in row] == ["/help", "/model", "/persona", "/lang"]


async def test_me_tells_what_the_platform_tells(hub: World) -> None:
    told = await hub.person().reads("/me")
    assert told == "ID: ann\nName: Ann\nUser name: -\nBot: no\nRole here: member\nLanguage: -"


async def test_those_who_run_a_group_are_called_by_name(hub: World, runner: Runner) -> None:
    (row,) = await hub.member().sends("/admin")
    assert row.out.message == (Text("Ann asks for you.\n", verbatim=True), Mention("carl", "Carl"))
    assert runner.muted == [("ann", 30)]
    await hub.member("carl").sends("/admin")
    assert runner.muted == [("ann", 30)], "one of them is not silenced"
    runner.refuses = UserError(Phrase("act.mute.no_right"))
    assert len(await hub.member().sends("/admin")) == 1
    runner.people = runner.people[1:]
    assert await hub.member().reads("/admin") == "Nobody runs this group but bots."
    assert await hub.member(group="g2").reads("/admin") == "I cannot find out who runs this group."
    assert await hub.person().reads("/admin") == "/admin works in a group only."


async def test_silence_is_given_for_some_seconds(hub: World, runner: Runner) -> None:
    (row,) = await hub.member().sends("/banme")
    (muted,) = runner.muted
    assert muted[0] == "ann"
    assert 5 <= muted[1] <= 14
    assert f"silent for {muted[1]} seconds" in str(row.out.message)
    runner.refuses = UserError(Phrase("act.mute.no_right"))
    assert await hub.member().reads("/banme") == "I cannot mute anybody here: please make me an admin of the group."
    assert await hub.person().reads("/banme") == "/banme works in a group only."


async def test_where_nothing_of_it_can_be_done_that_is_said(hub: World) -> None:
    assert await hub.member().reads("/admin") == "I cannot find out who runs this group."
    assert await hub.member().reads("/banme") == "I can silence nobody on this platform."
