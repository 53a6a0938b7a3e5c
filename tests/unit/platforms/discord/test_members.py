"""Who runs a server, silencing its members, and who comes and goes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.events import Joined, Left, Received
from hubbub.core.ports import CanListAdmins, CanMute
from hubbub.platforms.discord.convert import Around, events
from hubbub.platforms.discord.wire import Frame
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_gateway import MESSAGE_CONTENT
from tests.fakes.discord_payloads import (
    ALICE,
    BOB,
    CHANNEL,
    DM,
    GUILD,
    ME,
    MODERATORS,
    OWNER,
    SELF,
    THREAD,
    WELCOMES,
    member,
    message,
    press,
    said,
    server,
    snowflake,
)
from tests.unit.platforms.discord.test_discord import connected

ROOM = Room("discord", ME, "group", CHANNEL)
OLGA = BOB | {"id": OWNER, "username": "olga"}
MEMBERS = 1 << 15


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with discord() as server:
        server.people = [
            member(MODERATORS, nick="Big Al") | {"user": ALICE},
            member() | {"user": BOB},
            member(MODERATORS) | {"user": SELF},
            member() | {"user": OLGA},
        ]
        yield server


def known(found: Any) -> set[tuple[str, str, str, bool]]:
    return {(each.id, each.name, each.room_role, each.is_bot) for each in found}


@pytest.mark.parametrize("room", [ROOM, Room("discord", ME, "group", CHANNEL, THREAD)])
async def test_all_who_run_a_server_are_known_where_members_may_be_listed(fake: FakeDiscord, room: Room) -> None:
    fake.flags = MESSAGE_CONTENT | MEMBERS
    async with connected(fake, members=True) as (adapter, _):
        assert isinstance(adapter, CanListAdmins)
        found = await adapter.admins(room)
        assert await adapter.admins(room) == found
    assert known(found) == {
        (ALICE["id"], "Big Al", "admin", False),
        (ME, "hub", "admin", True),
        (OWNER, "olga", "owner", False),
    }
    assert sum("/members" in call for call in fake.calls) == 1, "it is known for a minute"


async def test_pages_of_members_are_read_to_the_last(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.platforms.discord.members._PAGE", 2)
    fake.flags = MESSAGE_CONTENT | MEMBERS
    fake.people.sort(key=lambda each: int(each["user"]["id"]))
    async with connected(fake, members=True) as (adapter, _):
        found = await adapter.admins(ROOM)
    assert {each.id for each in found} == {ALICE["id"], ME, OWNER}


async def test_elsewhere_the_owner_is_known_and_who_wrote(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        assert {each.id for each in await adapter.admins(ROOM)} == {OWNER}
        fake.push("MESSAGE_CREATE", said(1, "I manage", MODERATORS))
        await host.count(1)
        assert {each.id for each in await adapter.admins(ROOM)} == {OWNER, ALICE["id"]}
        fake.push("MESSAGE_CREATE", said(2, "not any more"))
        await host.count(2)
        assert {each.id for each in await adapter.admins(ROOM)} == {OWNER}
        with pytest.raises(UserError):
            await adapter.admins(Room("discord", ME, "private", DM))


async def test_members_that_are_not_listed_after_all_leave_the_owner(fake: FakeDiscord) -> None:
    fake.flags = MESSAGE_CONTENT | MEMBERS
    async with connected(fake, members=True) as (adapter, _):
        fake.flags = MESSAGE_CONTENT
        assert {each.id for each in await adapter.admins(ROOM)} == {OWNER}


async def test_members_of_a_server_are_muted(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, _):
        assert isinstance(adapter, CanMute)
        await adapter.mute(ROOM, "20002", 60)
        until = datetime.fromisoformat(fake.members["20002"]["communication_disabled_until"])
        assert 0 < until.timestamp() - time.time() <= 60
        await adapter.mute(Room("discord", ME, "group", CHANNEL, THREAD), "20002", 0)
        assert fake.members["20002"] == {"communication_disabled_until": None}
        private = Room("discord", ME, "private", DM)
        for room, user, key in (
            (ROOM, "403", "act.mute.no_right"),
            (ROOM, OWNER, "act.mute.admin"),
            (private, "20002", "act.mute.only_groups"),
        ):
            with pytest.raises(UserError) as caught:
                await adapter.mute(room, user, 60)
            assert caught.value.user_text.key == key


@pytest.mark.parametrize(("permissions", "role"), [("8", "admin"), ("32", "admin"), ("2048", "member"), ("", "member")])
def test_an_interaction_says_who_manages_a_server(permissions: str, role: str) -> None:
    found = press(1, snowflake(1), "/mode", guild_id=GUILD, member={"user": ALICE, "permissions": permissions})
    (event,) = events(Frame(0, found, 1, "INTERACTION_CREATE"), Around(ME))
    assert event.author.room_role == role


# --- coming and going ------------------------------------------------------------------------------------------------

CAME = member(joined_at="2024-06-10T06:13:20+00:00") | {"user": BOB, "guild_id": GUILD}
NOTE = message(7, "", type=7, channel_id=WELCOMES, guild_id=GUILD, author=BOB, member=member())


async def test_who_comes_and_goes_is_told_where_discord_greets(fake: FakeDiscord) -> None:
    fake.flags = MESSAGE_CONTENT | MEMBERS
    async with connected(fake, members=True) as (_, host):
        fake.push("GUILD_MEMBER_ADD", CAME)
        fake.push("MESSAGE_CREATE", NOTE)
        fake.push("GUILD_MEMBER_REMOVE", {"user": BOB, "guild_id": GUILD})
        came, left = await host.count(2)
    room = Room("discord", ME, "group", WELCOMES)
    assert isinstance(came, Joined)
    assert isinstance(left, Left)
    assert (came.room, came.author.id, came.time) == (room, BOB["id"], 1_718_000_000.0)
    assert (left.room, left.author.name) == (room, "bob")
    assert time.time() - left.time < 60


async def test_without_the_intent_discords_own_note_tells_of_newcomers(fake: FakeDiscord) -> None:
    async with connected(fake, members=True) as (_, host):  # wanted, but the portal does not allow it
        fake.push("MESSAGE_CREATE", NOTE)
        (came,) = await host.count(1)
    assert isinstance(came, Joined)
    assert came.room.id == WELCOMES


async def test_a_server_that_greets_nowhere_tells_of_nobody(fake: FakeDiscord) -> None:
    fake.flags, fake.servers = MESSAGE_CONTENT | MEMBERS, [server(system_channel_id=None)]
    async with connected(fake, members=True) as (_, host):
        fake.push("GUILD_MEMBER_ADD", CAME)
        fake.push("MESSAGE_CREATE", said(1, "next"))
        (event,) = await host.count(1)
    assert isinstance(event, Received)
