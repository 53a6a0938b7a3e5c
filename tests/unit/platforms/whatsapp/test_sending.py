"""What is sent to WhatsApp, and what of its answers means what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Blob, Contact, File, Image, Location, Media, Text
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from tests.contract.platform_suite import PIXEL, row
from tests.contract.test_whatsapp import settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.whatsapp import NUMBER, PERSON, FakeWhatsApp, Wrong, whatsapp

ROOM = Room("whatsapp", NUMBER, "private", PERSON)
PICTURE = Image(Media(url=PIXEL))


@asynccontextmanager
async def connected(fake: FakeWhatsApp, **more: Any) -> AsyncIterator[tuple[WhatsAppAdapter, FakeHost]]:
    host = FakeHost()
    adapter = WhatsAppAdapter(settings(fake, **more), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: host.up.get(NUMBER, "") is None)
    try:
        yield adapter, host
    finally:
        run.cancel()
        await asyncio.wait((run,))


@pytest.fixture
async def fake() -> AsyncIterator[FakeWhatsApp]:
    async with whatsapp() as server:
        yield server


async def test_markdown_becomes_whatsapps_marks(fake: FakeWhatsApp) -> None:
    text = "# Title\n**bold** *it* ~~no~~ `x` [page](https://e.org)\n\n- one\n- two\n\n> so\n\n```py\na = 1\n```"
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (Text(text),)))
    assert fake.texts[0][1] == (
        "*Title*\n\n*bold* _it_ ~no~ `x` page (https://e.org)\n\n- one\n- two\n\n> so\n\n```a = 1```"
    )
    assert fake.sent[0][1]["text"]["preview_url"] is True


async def test_a_text_stands_beside_its_picture_where_it_may(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (Text("a dot"), PICTURE), 1))
        await adapter.send(row(ROOM, (Text("dots " * 300), PICTURE), 2))
        await adapter.send(row(ROOM, (Text("listen"), Audio(Media(url="data:audio/ogg;base64,T2dn"))), 3))
    assert [body["type"] for _, body in fake.sent] == ["image", "text", "image", "text", "audio"]
    assert fake.sent[0][1]["image"] == {"id": "media1", "caption": "a dot"}
    assert fake.uploads["media1"][0] == "image/png"


async def test_a_document_has_its_name(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (File(Media(url="https://e.org/a.pdf", name="a.pdf")),)))
    assert fake.sent[0][1]["document"] == {"link": "https://e.org/a.pdf", "filename": "a.pdf"}


async def test_places_and_replies(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (Location(1.0, 2.0, "here"),), 1))
        await adapter.send(row(ROOM, "as asked", 2, reply_to="wamid.1"))
    assert fake.sent[0][1]["location"] == {"latitude": 1.0, "longitude": 2.0, "name": "here"}
    assert fake.sent[1][1]["context"] == {"message_id": "wamid.1"}


async def test_cards_go_in_one_message(fake: FakeWhatsApp) -> None:
    cards = (Contact("Bob B", ("+49 30 1234", "+49 151 1"), "49301234"), Contact("", ("110",)))
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (Text("these two:"), *cards)))
    assert [body["type"] for _, body in fake.sent] == ["text", "contacts"]
    bob, police = fake.sent[1][1]["contacts"]
    assert bob["name"] == {"formatted_name": "Bob B", "first_name": "Bob B"}
    assert [phone.get("wa_id") for phone in bob["phones"]] == ["49301234", None]
    assert police["name"]["formatted_name"] == "110"


async def test_people_who_hide_their_number_and_groups_are_written_to(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.send(row(Room("whatsapp", NUMBER, "private", "US.1349"), "hello", 1))
        await adapter.send(row(Room("whatsapp", NUMBER, "group", "Y2Fw"), "all", 2))
    (_, hidden), (_, group) = fake.sent
    assert (hidden["recipient"], "to" in hidden) == ("US.1349", False)
    assert (group["to"], group["recipient_type"]) == ("Y2Fw", "group")


@pytest.mark.parametrize(
    ("wrong", "certain", "permanent", "wait"),
    [
        ("refused", True, False, 5.0),
        ("flood", True, False, 6.0),
        ("server_error", False, False, None),
        ("silent", True, True, None),
        ("expired", True, False, None),
    ],
)
async def test_what_a_failure_means(
    fake: FakeWhatsApp, wrong: Wrong, certain: bool, permanent: bool, wait: float | None
) -> None:
    async with connected(fake) as (adapter, _):
        fake.wrong.append(wrong)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, "hello"))
    assert (caught.value.certain, caught.value.permanent, caught.value.retry_after) == (certain, permanent, wait)


async def test_after_a_day_of_silence_a_template_is_used(fake: FakeWhatsApp) -> None:
    async with connected(fake, template="news", template_language="de") as (adapter, _):
        fake.wrong.append("silent")
        assert await adapter.send(row(ROOM, (Text("one\n\ntwo", verbatim=True),)))
    template = fake.sent[0][1]["template"]
    assert (template["name"], template["language"]) == ("news", {"code": "de"})
    assert fake.texts[0][1] == "one two"


async def test_what_is_half_sent_is_not_certain(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, (Text("first " * 300), Image(Media(url="hub:gone")))))
    assert len(fake.sent) == 1
    assert not caught.value.certain


async def test_files_that_came_in_are_fetched(fake: FakeWhatsApp) -> None:
    fake.uploads["111"] = ("image/jpeg", b"picture")
    async with connected(fake, max_file_bytes=10) as (adapter, _):
        assert await adapter.fetch(Media(file_id="111")) == Blob(b"picture", "image/jpeg")
        fake.uploads["112"] = ("image/jpeg", b"x" * 11)
        for gone in ("112", "113"):
            with pytest.raises(MediaError):
                await adapter.fetch(Media(file_id=gone))


async def test_files_are_fetched_where_nothing_is_sent(fake: FakeWhatsApp) -> None:
    fake.uploads["111"] = ("image/jpeg", b"picture")
    adapter = WhatsAppAdapter(settings(fake), FakeHost().host)  # as a worker has it
    assert await adapter.fetch(Media(file_id="111")) == Blob(b"picture", "image/jpeg")


async def test_a_number_that_cannot_be_looked_up_is_told_and_tried_again(fake: FakeWhatsApp) -> None:
    fake.down = True
    host = FakeHost()
    adapter = WhatsAppAdapter(settings(fake), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: "down" in str(host.up.get(NUMBER)))
    fake.down = False
    await host.until(lambda: host.up.get(NUMBER, "") is None)
    run.cancel()
    await asyncio.wait((run,))
