"""What is sent to Telegram, and what of its answers means what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hubbub.bridge.translate import fit
from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, MediaError, StoreError
from hubbub.core.messages import Audio, Blob, Contact, File, Image, Location, Media, Mention, Message, Text, Video
from hubbub.platforms.telegram.adapter import TelegramAdapter
from tests.contract.platform_suite import PIXEL, row
from tests.contract.test_telegram import settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.telegram import TOKEN, FakeTelegram, Wrong, telegram

PRIVATE = Room("telegram", "10001", "private", "20001")
GROUP = Room("telegram", "10001", "group", "-30001")
PICTURE = Image(Media(url=PIXEL))


@asynccontextmanager
async def connected(fake: FakeTelegram, **more: Any) -> AsyncIterator[tuple[TelegramAdapter, FakeHost]]:
    host = FakeHost()
    adapter = TelegramAdapter(settings(fake, poll_seconds=1, **more), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: host.up.get("10001", "") is None)
    try:
        yield adapter, host
    finally:
        run.cancel()
        await asyncio.wait((run,))


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram() as server:
        yield server


async def sent(fake: FakeTelegram, message: Message, room: Room = PRIVATE) -> list[str]:
    """The methods that sending a message took."""
    async with connected(fake) as (adapter, _):
        before = len(fake.calls)
        await adapter.send(row(room, message))
        return [name for name, _ in fake.calls[before:] if name.startswith("send")]


async def test_markdown_becomes_what_telegram_shows(fake: FakeTelegram) -> None:
    assert await sent(fake, (Text("# Title\n**bold** `a<b` [x](https://e.org)\n\n```py\nif a < b:\n```"),)) == [
        "sendMessage"
    ]
    (call,) = fake.called("sendMessage")
    assert call["text"] == (
        '<b>Title</b>\n\n<b>bold</b> <code>a&lt;b</code> <a href="https://e.org">x</a>\n\n'
        '<pre><code class="language-py">if a &lt; b:</code></pre>'
    )


async def test_what_was_typed_is_shown_as_it_is(fake: FakeTelegram) -> None:
    await sent(fake, (Text("<b>*not* bold</b> & so", verbatim=True),))
    assert list(fake.messages.values()) == ["<b>*not* bold</b> & so"]


async def test_markup_that_telegram_cannot_read_is_sent_plain(fake: FakeTelegram) -> None:
    fake.wrong.append("unreadable")
    assert await sent(fake, (Text("**bold**"),)) == ["sendMessage", "sendMessage"]
    assert list(fake.messages.values()) == ["**bold**"]


async def test_a_short_text_stands_below_its_picture_and_a_long_one_before_it(fake: FakeTelegram) -> None:
    assert await sent(fake, (Text("a dot"), PICTURE)) == ["sendPhoto"]
    assert await sent(fake, (Text("dots " * 300), PICTURE)) == ["sendMessage", "sendPhoto"]


async def test_pictures_go_as_one_album(fake: FakeTelegram) -> None:
    assert await sent(fake, (Text("dots"), PICTURE, Image(Media(url="https://e.org/a.png")), PICTURE)) == [
        "sendMediaGroup"
    ]
    (call,) = fake.called("sendMediaGroup")
    media = json.loads(call["media"])
    assert [each["type"] for each in media] == ["photo"] * 3
    assert media[0]["caption"] == "dots"
    assert media[1]["media"] == "https://e.org/a.png"


FILM, PAPER, SONG = Video(Media(url=PIXEL)), File(Media(url=PIXEL, name="a.pdf")), Audio(Media(url=PIXEL), voice=False)


@pytest.mark.parametrize(
    ("files", "calls"),
    [
        ((PICTURE, FILM), ["sendMediaGroup"]),
        ((PAPER, PAPER), ["sendMediaGroup"]),
        ((SONG, SONG), ["sendMediaGroup"]),
        ((PICTURE, PAPER), ["sendPhoto", "sendDocument"]),
        ((PICTURE,) * 21, ["sendMediaGroup", "sendMediaGroup", "sendPhoto"]),
    ],
)
async def test_what_may_be_in_one_album_goes_so(fake: FakeTelegram, files: Message, calls: list[str]) -> None:
    assert await sent(fake, (Text("look"), *files)) == calls
    assert [text for text in fake.messages.values() if text] == ["look"]


@pytest.mark.parametrize(
    ("message", "wrong", "calls"),
    [
        ((Text("**a** dot"),), "too_long", ["sendMessage"] * 2),
        ((Text("**a** dot"), PICTURE), "unreadable", ["sendPhoto"] * 2),
        ((Text("**a** dot"), PICTURE), "too_long", ["sendPhoto"] * 2),
        ((Text("**dots**"), PICTURE, PICTURE), "unreadable", ["sendMediaGroup"] * 2),
        ((Text("a dot"), PICTURE), "no_photo", ["sendPhoto", "sendDocument"]),
        ((Text("dots"), PICTURE, PICTURE), "no_photo", ["sendMediaGroup"] * 2),
        ((Text("hear"), Audio(Media(url=PIXEL))), "no_voice", ["sendVoice", "sendAudio"]),
    ],
)
async def test_a_file_that_is_not_taken_so_goes_otherwise(
    fake: FakeTelegram, message: Message, wrong: Wrong, calls: list[str]
) -> None:
    fake.wrong.append(wrong)
    assert await sent(fake, message) == calls
    (words,) = (text for text in fake.messages.values() if text)
    assert words == (str(getattr(message[0], "text", "")) if wrong in ("unreadable", "too_long") else words)


async def test_pictures_of_an_album_that_telegram_cannot_fetch_are_fetched_here(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, host):
        host.files.pages["https://e.org/a.png"] = Blob(b"PNG", "image/png")
        fake.wrong.append("unfetched")
        await adapter.send(row(PRIVATE, (Image(Media(url="https://e.org/a.png")), PICTURE)))
    first, second = (json.loads(call["media"])[0]["media"] for call in fake.called("sendMediaGroup"))
    assert (first, second[:9]) == ("https://e.org/a.png", "attach://")


async def test_what_is_refused_in_every_way_is_refused_for_good(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        for number, message in enumerate(((Text("x"), PICTURE), (Text("x"), PICTURE, PICTURE))):
            fake.wrong += ["unreadable", "no_photo", "no_photo"]
            with pytest.raises(DeliveryError) as caught:
                await adapter.send(row(PRIVATE, message, number))
            assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_what_is_too_large_is_refused_for_good(fake: FakeTelegram) -> None:
    fake.wrong.append("too_large")
    async with connected(fake) as (adapter, _):
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(PRIVATE, (PICTURE,)))
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_what_stands_below_a_picture_is_edited(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        number = await adapter.send(row(PRIVATE, (Text("a dot"), PICTURE)))
        await adapter.edit(PRIVATE, number, (Text("**the** dot"),))
    assert fake.messages[int(number)] == "the dot"


async def test_an_address_that_telegram_cannot_fetch_is_fetched_here(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, host):
        host.files.pages["https://e.org/a.pdf"] = Blob(b"%PDF", "application/pdf")
        fake.wrong.append("unfetched")
        await adapter.send(row(PRIVATE, (File(Media(url="https://e.org/a.pdf")),)))
    first, second = fake.called("sendDocument")
    assert first["document"] == "https://e.org/a.pdf"
    assert second["document"].startswith("attach://") or second["document"] == "JVBERg=="


async def test_a_file_that_is_gone_is_refused_for_good(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(PRIVATE, (Image(Media(url="hub:gone")),)))
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_a_group_that_moved_is_found_at_its_new_number(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, host):
        fake.wrong.append("migrated")
        assert await adapter.send(row(GROUP, "one", 1))
        assert await adapter.send(row(GROUP, "two", 2))
        assert host.facts.values == {"telegram/moved/-30001": "-1000000030001"}
    chats = [call["chat_id"] for call in fake.called("sendMessage")]
    assert chats == ["-30001", "-1000000030001", "-1000000030001"]


async def test_where_the_store_cannot_tell_where_a_group_is_nothing_was_sent(
    fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> str | None:
        raise StoreError

    async with connected(fake) as (adapter, host):
        with monkeypatch.context() as patch:
            patch.setattr(host.facts, "get", away)
            with pytest.raises(DeliveryError) as caught:
                await adapter.send(row(GROUP, "one", 1))
        assert (caught.value.certain, caught.value.permanent) == (True, False)
        assert await adapter.send(row(GROUP, "one", 1))
    assert len(fake.called("sendMessage")) == 1


async def test_a_topic_and_a_reply_are_named(fake: FakeTelegram) -> None:
    topic = Room("telegram", "10001", "group", "-30001", "5")
    async with connected(fake) as (adapter, _):
        await adapter.send(row(topic, "here", reply_to="77"))
    (call,) = fake.called("sendMessage")
    assert call["message_thread_id"] == "5"
    assert json.loads(call["reply_parameters"]) == {"message_id": 77, "allow_sending_without_reply": True}


async def test_people_are_mentioned_by_number_and_by_name(fake: FakeTelegram) -> None:
    await sent(fake, (Mention("20002", "Bob"), Text(" and "), Mention("@carol", "carol")))
    (call,) = fake.called("sendMessage")
    assert call["text"] == '<a href="tg://user?id=20002">Bob</a> and @carol'


async def test_places_are_sent_as_places(fake: FakeTelegram) -> None:
    assert await sent(fake, (Location(1.0, 2.0),)) == ["sendLocation"]
    assert await sent(fake, (Location(1.0, 2.0, "here", "Main Street"),)) == ["sendVenue"]


async def test_places_and_cards_go_out_as_such(fake: FakeTelegram) -> None:
    message = (Location(1.0, 2.0), Contact("Bob", ("110",)))
    async with connected(fake) as (adapter, _):
        assert fit(message, adapter.capabilities(PRIVATE)) == [message]


async def test_cards_are_sent_as_cards_with_all_their_numbers(fake: FakeTelegram) -> None:
    bob = Contact("Bob, B", ("+49301234", "+49 30 5678"))
    given = Contact("Carol", ("110",), "20003", "BEGIN:VCARD\nVERSION:3.0\nFN:Carol\nEND:VCARD")
    assert await sent(fake, (Text("these two:"), bob, given, Contact("Dan", ("112",), vcard="x" * 3000))) == [
        "sendMessage", "sendContact", "sendContact", "sendContact",
    ]  # fmt: skip
    first, second, third = fake.called("sendContact")
    assert (first["phone_number"], first["first_name"]) == ("+49301234", "Bob, B")
    assert first["vcard"].split("\r\n") == [
        "BEGIN:VCARD", "VERSION:3.0", "N:;Bob\\, B;;;", "FN:Bob\\, B", "TEL:+49301234", "TEL:+49 30 5678", "END:VCARD",
    ]  # fmt: skip
    assert second["vcard"] == given.vcard
    assert "vcard" not in third


async def test_a_card_without_a_number_is_said(fake: FakeTelegram) -> None:
    assert await sent(fake, (Contact("Bob", user="7"),)) == ["sendMessage"]
    assert list(fake.messages.values()) == ["👤 Bob"]


async def test_a_flood_says_when_to_come_again(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append("flood")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(PRIVATE, "much"))
    assert (caught.value.certain, caught.value.permanent, caught.value.retry_after) == (True, False, 7.0)


async def test_a_server_error_leaves_it_open(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append("server_error")
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(PRIVATE, "perhaps"))
    assert (caught.value.certain, caught.value.permanent) == (False, False)


async def test_what_is_half_sent_is_not_certain(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(PRIVATE, (Text("first " * 300), Image(Media(url="hub:gone")))))
    assert list(fake.messages.values()) == ["first " * 300]
    assert not caught.value.certain


async def test_nobody_listens_where_nobody_is(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        for room in (Room("telegram", "10001", "private", "404"), Room("telegram", "10001", "private", "x")):
            with pytest.raises(DeliveryError) as caught:
                await adapter.send(row(room, "anybody?"))
            assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_files_that_came_in_are_fetched(fake: FakeTelegram) -> None:
    fake.files["abc"] = b"content"
    async with connected(fake) as (adapter, _):
        assert await adapter.fetch(Media(file_id="abc", name="a.txt", mime="text/plain")) == Blob(
            b"content", "text/plain", "a.txt"
        )
        for media in (Media(file_id="other"), Media(file_id="abc", size=10**9)):
            with pytest.raises(MediaError):
                await adapter.fetch(media)


async def test_a_server_of_ones_own_gives_files_by_their_path(fake: FakeTelegram, tmp_path: Path) -> None:
    fake.folder = tmp_path / "bots"
    fake.folder.mkdir()
    for name, place in (("abc", fake.folder), ("secret", tmp_path), ("big", fake.folder)):
        fake.files[name] = b"content" * (100 if name == "big" else 1)
        (place / name).write_bytes(fake.files[name])
    fake.files["../secret"] = fake.files["gone"] = b""
    async with connected(fake, api_folder=fake.folder, max_file_bytes=500) as (adapter, _):
        assert (await adapter.fetch(Media(file_id="abc"))).data == b"content"
        for name in ("../secret", "gone", "big"):
            with pytest.raises(MediaError):
                await adapter.fetch(Media(file_id=name))
    async with connected(fake) as (adapter, _):
        with pytest.raises(MediaError, match="api_folder"):
            await adapter.fetch(Media(file_id="abc"))


async def test_files_are_fetched_where_nothing_is_sent(fake: FakeTelegram) -> None:
    fake.files["abc"] = b"content"
    adapter = TelegramAdapter(settings(fake), FakeHost().host)  # as a worker has it
    assert (await adapter.fetch(Media(file_id="abc"))).data == b"content"
    await adapter._bots["10001"].bot.request.shutdown()


async def test_the_commands_are_listed_in_both_languages(fake: FakeTelegram) -> None:
    async with connected(fake):
        pass
    members, admins = ["help", "new", "banme"], ["help", "new", "banme", "room"]
    assert {scope: [each["command"] for each in menu] for scope, menu in fake.menus.items()} == {
        "default": ["help", "new"],
        "default zh": ["help", "new"],
        "all_group_chats": members,
        "all_group_chats zh": members,
        "all_chat_administrators": admins,
        "all_chat_administrators zh": admins,
    }
    assert fake.menus["default zh"][0]["description"] == "列出命令"


async def test_a_wrong_token_is_told_with_its_remedy(fake: FakeTelegram) -> None:
    host = FakeHost()
    adapter = TelegramAdapter(settings(fake, token=TOKEN[:-1] + "x"), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: bool(host.up.get("10001")))
    assert "BotFather" in str(host.up["10001"])
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(row(PRIVATE, "hello"))
    assert (caught.value.certain, caught.value.permanent) == (True, False)
    run.cancel()
    await asyncio.wait((run,))


async def test_two_programs_with_one_token_are_told(fake: FakeTelegram) -> None:
    fake.fetching = 1
    host = FakeHost()
    run = asyncio.create_task(TelegramAdapter(settings(fake), host.host).run())
    await host.until(lambda: "another program" in str(host.up.get("10001")))
    run.cancel()
    await asyncio.wait((run,))
