"""Sessions that outlive connections and processes, messages that are not doubled, and what failures mean."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import hikari
import pytest
from hikari.impl import EntityFactoryImpl

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Received
from hubbub.core.messages import Blob, File, Image, Media, Mention, Text, Video, text_of
from hubbub.platforms.discord.adapter import DiscordAdapter
from hubbub.platforms.discord.convert import Around, events
from hubbub.platforms.discord.settings import DiscordSettings, bot_id
from hubbub.platforms.discord.wire import Frame
from tests.contract.platform_suite import PIXEL, row
from tests.contract.test_discord import settings
from tests.fakes.discord import FakeDiscord, Wrong, discord
from tests.fakes.discord_payloads import ALICE, CHANNEL, DM, GUILD, ME, THREAD, TOKEN, press, snowflake
from tests.fakes.platform_host import FakeHost

ROOM = Room("discord", ME, "private", DM)
FIXTURES = Path(__file__).parents[3] / "fixtures" / "discord" / "events.json"


@asynccontextmanager
async def connected(
    fake: FakeDiscord, host: FakeHost | None = None, **more: Any
) -> AsyncIterator[tuple[DiscordAdapter, FakeHost]]:
    host = host or FakeHost()
    adapter = DiscordAdapter(settings(fake, **more), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: host.up.get(ME, "") is None)
    try:
        yield adapter, host
    finally:
        run.cancel()
        await asyncio.wait((run,))


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with discord() as server:
        yield server


def texts(host: FakeHost) -> list[str]:
    return [text_of(event.message) for event in host.events if isinstance(event, Received)]


async def test_one_key_is_one_message(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append("server_error")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, "once"))
        again = await adapter.send(row(ROOM, "once"))
    assert not caught.value.certain
    assert list(fake.messages.items()) == [(again, "once")]


async def test_an_old_attempt_is_looked_for_before_a_new_one(fake: FakeDiscord) -> None:
    old = replace(row(ROOM, "once"), created_at=time.time() - 600)
    async with connected(fake) as (adapter, _):
        now = int(time.time() * 1000 - 1_420_070_400_000) << 22
        fake.messages[str(now)] = "once"
        assert await adapter.send(old) == str(now)
        assert await adapter.send(replace(old, out=replace(old.out, message=(Text("twice"),)))) != str(now)
    assert list(fake.messages.values()) == ["once", "twice"]


@pytest.mark.parametrize(
    ("wrong", "certain", "permanent", "wait"),
    [("refused", True, False, 0.7), ("forbidden", True, True, None), ("server_error", False, False, None)],
)
async def test_what_a_failure_means(
    fake: FakeDiscord, wrong: Wrong, certain: bool, permanent: bool, wait: float | None
) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append(wrong)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, "hello"))
    assert (caught.value.certain, caught.value.permanent, caught.value.retry_after) == (certain, permanent, wait)


async def test_a_used_up_limit_is_waited_for(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, _):
        fake.limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.2"}
        await adapter.send(row(ROOM, "one", 1))
        began = time.monotonic()
        await adapter.send(row(ROOM, "two", 2))
        assert time.monotonic() - began >= 0.15
        fake.limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "600"}
        await adapter.send(row(ROOM, "three", 3))
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, "four", 4))
    assert caught.value.certain
    assert caught.value.retry_after == pytest.approx(600, abs=5)


async def test_markdown_and_what_only_looks_like_it(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.send(
            row(ROOM, (Text("**bold** 2 \\* 3 [x](https://e.org)\n\n| a | b |\n|---|---|\n| 1 | 2 |"),), 1)
        )
        await adapter.send(row(ROOM, (Text("*not* https://e.org/a_b_c @everyone", verbatim=True),), 2))
        await adapter.send(row(ROOM, (Text("*" * 1900, verbatim=True),), 3))
    bold, plain, long = fake.messages.values()
    assert bold == "**bold** 2 \\* 3 [x](https://e.org)\n\n```\na | b\n1 | 2\n```"
    assert plain == "\\*not\\* https://e.org/a_b_c @everyone"
    assert long == "*" * 1900
    assert all(body["allowed_mentions"]["parse"] == [] for body in fake.bodies)


async def test_files_mentions_and_replies(fake: FakeDiscord) -> None:
    picture = Image(Media(url=PIXEL, name="dot.png"))
    words = (Mention("20001", "Alice"), Text(" look"), picture, File(Media(url=PIXEL)))
    async with connected(fake) as (adapter, _):
        sent = await adapter.send(row(ROOM, words, 1, reply_to=snowflake(1)))
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, (Image(Media(url="hub:gone")),), 2))
    assert fake.messages[sent] == "<@20001> look"
    assert fake.bodies[0]["allowed_mentions"]["users"] == ["20001"]
    assert fake.bodies[0]["message_reference"] == {"message_id": snowflake(1), "fail_if_not_exists": False}
    assert [name for name, _, _ in fake.files[sent]] == ["dot.png", "file.png"]
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_slash_commands_are_offered_and_heard(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        await host.until(lambda: bool(fake.commands))
        asked = {
            "id": snowflake(9),
            "token": "t",
            "type": 2,
            "channel_id": CHANNEL,
            "guild_id": GUILD,
            "locale": "en-US",
        }
        who = {"member": {"user": ALICE, "nick": None}, "data": {"id": "1", "name": "help", "type": 1}}
        fake.push("INTERACTION_CREATE", asked | who)
        await host.until(lambda: bool(fake.callbacks))
    assert [each["name"] for each in fake.commands] == ["help", "new", "banme", "room"]
    assert [each["contexts"] for each in fake.commands] == [[0, 1], [0, 1], [0], [0]]
    assert [each["default_member_permissions"] for each in fake.commands] == [None, None, None, "32"]
    assert {each["options"][0]["description"] for each in fake.commands} == {"what stands behind the command"}
    assert fake.commands[0]["description_localizations"] == {"zh-CN": "列出命令", "zh-TW": "列出命令"}
    assert texts(host) == ["/help"]
    assert fake.callbacks == [{"type": 5}]


def test_a_token_names_its_bot() -> None:
    assert bot_id(TOKEN) == ME
    for wrong in ("", "abc", "YWJj.x.y", "....", "é"):
        assert not bot_id(wrong)
        if wrong:
            with pytest.raises(ValueError, match="developer portal"):
                DiscordSettings.model_validate({"token": wrong})


def test_another_reader_understands_the_fixtures_alike() -> None:
    class App:
        pass

    theirs = EntityFactoryImpl(App())  # type: ignore[arg-type]
    compared = 0
    for number, case in enumerate(json.loads(FIXTURES.read_text(encoding="utf-8"))):
        payload = case["payload"]
        if payload["t"] != "MESSAGE_CREATE" or case["event"] is None or case["event"]["type"] != "received":
            continue
        read = theirs.deserialize_message(payload["d"])
        (ours,) = events(Frame(0, payload["d"], number, payload["t"]), Around(ME))
        assert isinstance(ours, Received)
        assert (str(read.id), str(read.author.id), str(read.channel_id)) == (ours.id, ours.author.id, ours.room.id)
        assert read.id.created_at.timestamp() == ours.time
        assert len(read.attachments) == sum(hasattr(each, "media") for each in ours.message)
        mentioned = (
            set() if read.user_mentions_ids is hikari.UNDEFINED else {str(each) for each in read.user_mentions_ids}
        )
        assert {each.user for each in ours.message if isinstance(each, Mention) and not each.everyone} == mentioned
        compared += 1
    assert compared >= 8


async def test_a_file_that_is_too_large_is_said_to_be(fake: FakeDiscord) -> None:
    fake.largest = 2 * 1024 * 1024
    small, large = Media(url=PIXEL, name="dot.png"), Media(url="hub:large", name="film.mp4")
    async with connected(fake) as (adapter, host):
        host.files.kept["hub:large"] = Blob(b"x" * (3 * 1024 * 1024), "video/mp4")
        said = await adapter.send(row(ROOM, (Text("here it is"), Video(large)), 1))
        alone = await adapter.send(row(ROOM, (Text("给你"), Image(small), Video(large)), 2))
        host.files.kept["hub:large"] = Blob(b"x" * (11 * 1024 * 1024), "video/mp4")
        both = await adapter.send(row(ROOM, (Image(small), Video(large)), 3))
    assert fake.messages[said] == "here it is\n(film.mp4, 3.0 MB, is too large to be sent here.)"
    assert fake.messages[alone].startswith("给你\n（dot.png，0.0 MB，文件太大")
    assert fake.messages[both] == "(film.mp4, 11.0 MB, is too large to be sent here.)"
    assert [name for name, _, _ in fake.files[both]] == ["dot.png"], "what is small everywhere is no cause"


async def test_a_limit_of_everything_holds_for_everything(fake: FakeDiscord) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append("everything")
        with pytest.raises(DeliveryError):
            await adapter.send(row(ROOM, "no", 1))
        began, before = time.monotonic(), len(fake.calls)
        elsewhere = Room("discord", ME, "group", CHANNEL)
        await adapter.typing(elsewhere)
        assert len(fake.calls) == before, "a courtesy does not wait so long"
        await adapter.send(row(elsewhere, "yes", 2))
        assert time.monotonic() - began >= 0.5
        assert len(fake.calls) == before + 1


async def test_who_is_mentioned_more_than_once_is_called_once(fake: FakeDiscord) -> None:
    crowd = tuple(Mention(str(30_000 + number)) for number in range(120))
    async with connected(fake) as (adapter, _):
        sent = await adapter.send(row(ROOM, (Mention("20001"), Text(" and "), Mention("20001")), 1))
        await adapter.send(row(ROOM, crowd, 2))
    assert fake.messages[sent] == "<@20001> and <@20001>"
    assert [len(body["allowed_mentions"]["users"]) for body in fake.bodies] == [1, 100]


async def test_threads_are_written_to_where_they_are(fake: FakeDiscord) -> None:
    thread = Room("discord", ME, "group", CHANNEL, THREAD)
    async with connected(fake) as (adapter, _):
        sent = await adapter.send(row(thread, "in the thread"))
        await adapter.edit(thread, sent, (Text("better"),))
        await adapter.react(thread, sent, "👍")
        await adapter.typing(thread)
        await adapter.delete(thread, sent)
    own = f"/channels/{THREAD}/"
    assert sum(own in call for call in fake.calls) == 5
    assert fake.channels[sent] == THREAD


async def test_a_press_of_words_that_nobody_knows_is_heard_and_says_nothing(fake: FakeDiscord) -> None:
    async with connected(fake) as (_, host):
        fake.push("INTERACTION_CREATE", press(1, snowflake(1), f"hub:{'0' * 32}"))
        await host.until(lambda: bool(fake.callbacks))
        assert not host.events
    assert fake.callbacks == [{"type": 6}]
