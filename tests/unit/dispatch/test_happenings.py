"""Who is asked about requests, and what never happens."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubbub.commands.access.rules import AccessRules
from hubbub.commands.manners.rules import MannersRules
from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.events import Deleted, Event, Joined, Left, Noticed, Poked, Requested
from hubbub.core.identities import Author
from hubbub.core.messages import text_of
from hubbub.core.work import Row
from hubbub.dispatch.happenings import Happenings
from hubbub.dispatch.restraint import Restraint
from tests.unit.commands.hub import ENGLISH, ME, Setting, ShownPlatform, World, world

GROUP = Room("fake", ME, "group", "g1")
RULES = MannersRules(
    words={"welcome": "on", "farewell": "on"},
    on_poke="words",
    on_recall="tell",
    policies={"friend": "ask", "join": "approve"},
    poke_words=("{ouch}",),
)
ADMINS = AccessRules(admins=frozenset({"other:boss", "other:stranger"}), blocked=frozenset({"fake:bad"}))


class Deciding(ShownPlatform):
    async def decide(self, room: Room, decision: Decision) -> None:
        """It is not looked at here."""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(ENGLISH, access=ADMINS, manners=RULES)) as made:
        made.platforms["fake"].__class__ = Deciding
        happenings = Happenings(made.board, made.ways.means, "en", Restraint())
        made.road.use(replace(made.ways, happenings=happenings))
        yield made


async def caused(hub: World, of: type[Any], author: str = "ann", room: Room = GROUP, **more: Any) -> list[Row]:
    event: Event = of(id=hub.number(), room=room, author=Author(author), time=1.0, **more)
    return await hub.take(event)


async def test_admins_are_asked_where_they_wrote_last(hub: World, caplog: pytest.LogCaptureFixture) -> None:
    private = Room("fake", ME, "private", "ann")
    with caplog.at_level(logging.WARNING):
        assert await caused(hub, Requested, room=private, kind="friend", ticket="t0") == []
    assert "no admin can be told" in caplog.text
    await hub.person("boss", "other").reads("hi")
    (asked,) = await caused(hub, Requested, room=private, kind="friend", ticket="t1", comment="hello")
    assert asked.out.room.key == f"other/{ME}/private/boss"
    waiting = hub.board.waiting()
    assert [each.ticket for each in waiting] == ["t0", "t1"]
    assert waiting[1].code in text_of(asked.out.message)


async def test_what_nobody_wants(hub: World) -> None:
    quiet = [
        await caused(hub, Joined, author=ME),
        await caused(hub, Joined, author="bad"),
        await caused(hub, Joined, room=Room("fake", ME, "private", "ann")),
        await caused(hub, Joined, room=Room("gone", ME, "group", "g1")),
        await caused(hub, Poked, target="somebody"),
        await caused(hub, Deleted, message_id="unknown"),
        await caused(hub, Noticed, kind="odd"),
        await caused(hub, Requested, kind="invite", ticket="t"),
    ]
    assert quiet == [[]] * len(quiet)


async def test_braces_in_words_harm_nobody(hub: World) -> None:
    (poked,) = await caused(hub, Poked, target=ME)
    assert text_of(poked.out.message) == "{ouch}"
    hub.board.set_words("welcome", GROUP, "{at", "fake:boss")
    (joined,) = await caused(hub, Joined)
    assert text_of(joined.out.message) == "{at"


async def test_a_fault_costs_one_happening_and_nothing_else(
    hub: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(hub.board, "words", lambda *_: 1 / 0)
        assert await caused(hub, Left) == []
        assert "causes nothing" in caplog.text
    assert len(await caused(hub, Left)) == 1
