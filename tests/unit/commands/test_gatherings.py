"""What a group did lately: who wrote most, one of them by chance, and what it was about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.commands.hub import Models, Setting, World, world
from tests.unit.commands.test_repeater import CHAT, asked, echoing, turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(chat=CHAT), Models(echoing)) as made:
        yield made


async def chatter(hub: World) -> None:
    """Bob writes thrice, Cid once, somebody elsewhere too; nobody of them to the bot."""
    for who, where, words in (
        ("bob", "g1", "tea?"),
        ("cid", "g1", "coffee"),
        ("dan", "g2", "elsewhere"),
        ("bob", "g1", "tea!"),
        ("eve", "g1:bob", "next door"),
        ("bob", "g1", "fine"),
    ):
        assert not await hub.member(who, where).sends(words, addressed=False)


async def test_who_wrote_most(hub: World) -> None:
    await chatter(hub)
    ann = hub.member("ann")
    assert await ann.reads("/rsr") == "Who wrote most of the last 4 messages:\n1. Bob: 3\n2. Cid: 1"
    assert await ann.reads("/recentSpeakingRanking 1") == "Who wrote most of the last 5 messages:\n1. Bob: 3"
    assert "50" in await ann.reads("/rsr 51")


async def test_who_uses_what_is_joined_is_among_them(hub: World) -> None:
    await chatter(hub)
    hub.people.ties.take([{"join": "fake:private:bob", "to": "other:private:rob"}])
    hub.people.ties.take([{"groups": "fake:private:bob", "shown": True}])
    await hub.member("bob").sends("and biscuits", addressed=False)
    await hub.person("rob", "other").sends("said elsewhere")
    ann = hub.member("ann")
    assert await ann.reads("/rsr") == "Who wrote most of the last 5 messages:\n1. Bob: 4\n2. Cid: 1"
    await ann.reads("/summaryChatRecord 4")
    assert "Bob: and biscuits" in turns(asked(hub))[0][1]
    assert "elsewhere" not in turns(asked(hub))[0][1]


async def test_one_of_them_by_chance(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await chatter(hub)
    ann = hub.member("ann")
    assert await ann.reads("/cgm") in ("It is Bob.", "It is Cid.")
    offered: list[list[tuple[str, str]]] = []

    def last(of: list[tuple[str, str]]) -> tuple[str, str]:
        offered.append(of)
        return of[-1]

    monkeypatch.setattr("hubbub.commands.gatherings.secrets.choice", last)
    assert await ann.reads("/chooseGroupMember makes tea") == "makes tea: Cid"
    assert offered == [[("ann", "Ann"), ("bob", "Bob"), ("cid", "Cid")]]


async def test_what_it_was_about(hub: World) -> None:
    await chatter(hub)
    ann = hub.member("ann")
    said = await ann.reads("/summaryChatRecord 3")
    assert said.startswith("re: Sum up")
    ((role, words),) = turns(asked(hub))
    assert role == "user"
    assert words.endswith("\n\nCid: coffee\nBob: tea!\nBob: fine")
    assert not (await hub.store.conversations.branch(ann.owner, "context")).nodes


async def test_what_is_long_is_cut(hub: World) -> None:
    for number in range(20):
        await hub.member("bob").sends(f"{number} " + "long " * 200, addressed=False)
    await hub.member("ann").reads("/scr")
    ((_, words),) = turns(asked(hub))
    assert len(words) < 7000
    assert "Bob: 19 long" in words
    assert "Bob: 1 long" not in words


@pytest.mark.parametrize("command", ["cgm", "rsr", "scr"])
async def test_where_nobody_wrote(hub: World, command: str) -> None:
    assert await hub.member("ann", "silent").reads(f"/{command}") == "Nobody wrote anything lately."
    assert "Nobody" not in await hub.person().reads(f"/{command}")


async def test_what_was_forgotten_is_not_told(hub: World) -> None:
    await chatter(hub)
    bob = hub.member("bob")
    await hub.store.forget(bob.owner)
    assert await hub.member("ann").reads("/rsr") == "Who wrote most of the last 1 messages:\n1. Cid: 1"
