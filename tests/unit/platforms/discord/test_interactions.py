"""Slash commands: heard at once, answered in the message that shows that the bot thinks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import File, Media, Mention, Message, Text
from hubbub.core.work import Row
from hubbub.platforms.discord import interactions
from hubbub.platforms.discord.adapter import DiscordAdapter
from tests.contract.platform_suite import PIXEL, row
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_payloads import CHANNEL, ME, SHUT, channel, command
from tests.fakes.platform_host import FakeHost
from tests.unit.platforms.discord.test_discord import connected

ROOM = Room("discord", ME, "group", CHANNEL)
DARK = Room("discord", ME, "group", SHUT)


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with discord() as server:
        yield server


async def asked(fake: FakeDiscord, host: FakeHost, where: str = CHANNEL, number: int = 1) -> None:
    """Somebody gives a command, and Discord knows that it was heard."""
    heard = len(fake.callbacks)
    fake.push("INTERACTION_CREATE", command(number, "help", channel_id=where, channel=channel(where)))
    await host.until(lambda: len(fake.callbacks) > heard)


def answer(words: Message | str, number: int = 1, room: Room = ROOM, entry: int = 1) -> Row:
    found = row(room, words, number)
    return replace(found, out=replace(found.out, entry=entry))


def silent(host: FakeHost, *rows: Row) -> None:
    """What the entry comes to, once it is done."""
    host.answers = lambda _: rows


async def test_the_answer_takes_the_place_of_thinking(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("soon"))
        await asked(fake, host)
        first = await adapter.send(answer("soon"))
        second = await adapter.send(answer("and more", 2))
    assert fake.callbacks == [{"type": 5}]
    assert (fake.thinking, fake.messages) == ({"token1": first}, {first: "soon", second: "and more"})
    assert fake.channels[second] == CHANNEL
    assert len(fake.bodies) == 2
    assert fake.bodies[0]["allowed_mentions"] == {"parse": [], "users": []}


async def test_an_answer_that_is_sent_again_is_one(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("once"))
        await asked(fake, host)
        fake.wrong.append("server_error")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(answer("once"))
        again = await adapter.send(answer("once"))
    assert not caught.value.certain
    assert fake.messages == {again: "once"}


async def test_an_answer_does_not_overtake_the_acknowledgement(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("quick"))
        fake.push("INTERACTION_CREATE", command(1, "help"))
        await host.count(1)
        sent = await adapter.send(answer("quick"))
    assert fake.thinking == {"token1": sent}


async def test_a_command_without_an_answer_thinks_no_more(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        silent(host)
        await asked(fake, host)
        await host.until(lambda: not fake.thinking)
        elsewhere = answer("said elsewhere", room=replace(ROOM, id="40009"))
        silent(host, elsewhere)
        await asked(fake, host, number=2)
        await host.until(lambda: not fake.thinking)
    assert not fake.messages


async def test_what_comes_too_late_is_an_ordinary_message(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "_VALID_SECONDS", 0.3)
    async with connected(fake) as (adapter, host):
        host.answers = lambda _: None
        await asked(fake, host)
        await host.until(lambda: not fake.thinking)
        sent = await adapter.send(answer("at last"))
    assert fake.channels[sent] == CHANNEL


async def test_an_acknowledgement_that_fails_leaves_an_ordinary_answer(fake: FakeDiscord) -> None:
    fake.tokens["token1"] = 5
    async with connected(fake) as (adapter, host):
        silent(host, answer("all the same"))
        fake.push("INTERACTION_CREATE", command(1, "help"))
        await host.count(1)
        sent = await adapter.send(answer("all the same"))
    assert (fake.channels[sent], fake.callbacks) == (CHANNEL, [])


async def test_a_channel_that_is_shut_is_answered_by_follow_ups(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("one", room=DARK))
        await asked(fake, host, SHUT)
        first = await adapter.send(answer("one", room=DARK))
        second = await adapter.send(answer("two", 2, DARK))
        assert fake.followed == [second]
        for each, words in ((first, "one, better"), (second, "two, better")):
            await adapter.edit(DARK, each, (Text(words),))
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(answer("nobody asked", 3, DARK, entry=7))
    assert list(fake.messages.values()) == ["one, better", "two, better"]
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_files_go_out_with_an_answer(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("soon"))
        await asked(fake, host)
        sent = await adapter.send(answer((Text("look"), File(Media(url=PIXEL, name="dot.png")))))
    assert [name for name, _, _ in fake.files[sent]] == ["dot.png"]
    assert fake.thinking == {"token1": sent}


async def test_who_is_mentioned_in_an_answer_is_called_and_nobody_else(fake: FakeDiscord) -> None:
    words = (Mention("20009", "Olga"), Text(" and @everyone"))
    async with connected(fake) as (adapter, host):
        silent(host, answer(words))
        await asked(fake, host)
        sent = await adapter.send(answer(words))
    assert fake.messages[sent] == "<@20009> and @everyone"
    assert fake.bodies[0]["allowed_mentions"] == {"parse": [], "users": ["20009"]}


async def test_a_command_that_comes_again_is_acknowledged_once(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("one"))
        await asked(fake, host)
        await adapter.send(answer("one"))
        fake.push("INTERACTION_CREATE", command(1, "help"))
        await host.until(lambda: len(host.offered) == 2)
        await adapter.send(answer("two", 2))
        await asyncio.sleep(0.05)
    assert sorted(fake.messages.values()) == ["one", "two"]
    assert sum("callback" in call for call in fake.calls) == 1
    assert isinstance(adapter, DiscordAdapter)


async def test_after_a_restart_an_answer_that_was_there_is_not_sent_again(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("once"))
        await asked(fake, host)
        sent = await adapter.send(replace(answer("once"), created_at=time.time()))
    fake.messages[(now := str(int(time.time() * 1000 - 1_420_070_400_000) << 22))] = fake.messages.pop(sent)
    left = replace(answer("once"), created_at=time.time() - 1)
    async with connected(fake) as (adapter, _):
        assert await adapter.send(left) == now
        new = await adapter.send(replace(answer("new", 2), created_at=time.time() + 1))
    assert list(fake.messages) == [now, new]


async def test_a_token_that_counts_no_more_leaves_an_ordinary_answer(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("one"))
        await asked(fake, host)
        fake.tokens.clear()
        sent = await adapter.send(answer("one"))
    assert (fake.channels[sent], list(fake.messages)) == (CHANNEL, [sent])


async def test_a_follow_up_that_was_cut_off_is_not_sent_again(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("one", room=DARK))
        await asked(fake, host, SHUT)
        await adapter.send(answer("one", room=DARK))
        fake.wrong.append("server_error")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(answer("two", 2, DARK))
    assert (caught.value.certain, caught.value.permanent) == (False, True)
    assert list(fake.messages.values()) == ["one", "two"]


async def test_a_channel_that_is_shut_is_not_looked_through(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, host):
        silent(host, answer("one", room=DARK))
        await asked(fake, host, SHUT)
        await adapter.send(answer("one", room=DARK))
        old = replace(answer("two", 2, DARK), created_at=time.time() - 600)
        assert await adapter.send(old) == fake.followed[0]
