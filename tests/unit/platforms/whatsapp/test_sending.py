"""What is sent to WhatsApp, and what of its answers means what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Blob, Contact, File, Image, Location, Media, Segment, Text, Video
from hubbub.platforms.whatsapp import faults
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from tests.contract.platform_suite import PIXEL, row
from tests.contract.test_whatsapp import settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.whatsapp import NUMBER, PERSON, TOKEN, FakeWhatsApp, Wrong, message, notice, said, value, whatsapp
from tests.fakes.whatsapp_rules import MEGABYTE
from tests.journeys.inside import until

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
        ("expired", True, False, 60.0),
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


@pytest.mark.parametrize(("wrong", "shown"), [("expired", 1), ("refused", 1), ("server_error", 2)])
async def test_a_part_that_is_refused_leaves_a_doubt(
    fake: FakeWhatsApp, wrong: Wrong, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(faults._LATER, 130429, 0.01)
    async with connected(fake) as (adapter, _):
        fake.wrong += ["", *[wrong] * 9]
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, (Text("first " * 300), PICTURE)))
    assert len(fake.sent) == shown
    assert not caught.value.certain


async def test_a_part_that_comes_too_quickly_comes_a_little_later(
    fake: FakeWhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(faults._LATER, 131056, 0.01)
    async with connected(fake) as (adapter, _):
        fake.wrong += ["", "flood", "flood"]
        assert await adapter.send(row(ROOM, (Text("first " * 300), PICTURE))) == "wamid.out1"
    assert [body["type"] for _, body in fake.sent] == ["text", "image"]


async def test_what_waits_too_long_for_a_connection_was_not_sent(fake: FakeWhatsApp) -> None:
    """More rooms at once than connections, and answers that take long: there is no doubt about those who had none."""
    async with connected(fake, api_timeout_seconds=0.5) as (adapter, _):
        fake.wrong += ["unconfirmed"] * 200
        rooms = [Room("whatsapp", NUMBER, "private", str(each)) for each in range(150)]
        sends = [adapter.send(row(room, "hi", number)) for number, room in enumerate(rooms)]
        faults = await asyncio.gather(*sends, return_exceptions=True)
    certain = [each.certain for each in faults if isinstance(each, DeliveryError)]
    assert len(certain) == 150
    assert certain.count(False) >= len(fake.sent)
    assert certain.count(True) > 0


async def test_nothing_is_shown_of_a_message_whose_file_cannot_be_had(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _):
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, (Text("first " * 300), Image(Media(url="hub:gone")))))
    assert not fake.sent
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_an_upload_that_is_cut_off_leaves_no_doubt(fake: FakeWhatsApp) -> None:
    async with connected(fake, api_timeout_seconds=0.5) as (adapter, _):
        fake.silent_uploads = True
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(ROOM, (PICTURE,)))
    assert (caught.value.certain, caught.value.permanent) == (True, False)


@pytest.mark.parametrize(
    ("segment", "blob", "kind"),
    [
        (Image(Media(url="hub:1")), Blob(b"x", "image/webp", "a.webp"), "document"),
        (Image(Media(url="hub:1")), Blob(b"x" * (5 * MEGABYTE + 1), "image/png"), "document"),
        (Image(Media(url="hub:1")), Blob(b"x" * 5 * MEGABYTE, "image/png"), "image"),
        (Image(Media(url="https://e.org/a.png")), Blob(b"x", "image/png"), "image"),
        (Audio(Media(url="hub:1")), Blob(b"x", "audio/ogg"), "audio"),
        (Audio(Media(url="hub:1")), Blob(b"x" * (16 * MEGABYTE + 1), "audio/mpeg"), "document"),
        (Video(Media(url="hub:1")), Blob(b"x", "video/mp4"), "video"),
        (File(Media(url="hub:1", name="notes.csv")), Blob(b"a,b", "text/csv"), "document"),
    ],
)
async def test_files_are_shown_as_what_they_may_be(fake: FakeWhatsApp, segment: Segment, blob: Blob, kind: str) -> None:
    async with connected(fake) as (adapter, host):
        host.files.pages[segment.media.url] = blob  # type: ignore[union-attr]  # all of these have one
        await adapter.send(row(ROOM, (segment,)))
    ((_, body),) = fake.sent
    assert body["type"] == kind
    assert fake.uploads[body[kind]["id"]][1] == blob.data
    assert ("filename" in body[kind]) is (kind == "document")
    assert body[kind].get("voice", False) is (blob.mime == "audio/ogg")
    assert not fake.refused


async def test_a_file_that_whatsapp_cannot_take_is_not_tried_for_ever(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, host):
        host.files.pages["hub:1"] = Blob(b"PK", "application/zip", "a.zip")
        with pytest.raises(DeliveryError, match="one of the following types") as caught:
            await adapter.send(row(ROOM, (File(Media(url="hub:1")),)))
    assert (caught.value.certain, caught.value.permanent) == (True, True)


async def test_what_is_answered_was_read_and_writing_is_shown_now_and_then(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, _), serving(adapter.routes) as address:
        for number in (1, 2):
            assert await fake.bring(said("hello", number), f"http://{address}/whatsapp/webhook") == 200
            await adapter.send(row(ROOM, "hi", number))
            await adapter.send(row(ROOM, "and more", number))
            await until(lambda: len(fake.marks) == number)  # noqa: B023 - awaited at once
        assert await fake.bring(said("hello", 3), f"http://{address}/whatsapp/webhook") == 200
        for _ in range(3):
            await adapter.typing(ROOM)
        await adapter.typing(Room("whatsapp", NUMBER, "private", "nobody"))
        await adapter.send(row(ROOM, "hi", 3))
    assert [each["message_id"] for each in fake.marks] == ["wamid.1", "wamid.2", "wamid.3"]
    assert ["typing_indicator" in each for each in fake.marks] == [False, False, True]


async def test_nothing_is_shown_as_read_where_that_is_off(fake: FakeWhatsApp) -> None:
    async with connected(fake, read_marks=False) as (adapter, _), serving(adapter.routes) as address:
        assert await fake.bring(said("hello", 1), f"http://{address}/whatsapp/webhook") == 200
        await adapter.typing(ROOM)
        await adapter.send(row(ROOM, "hi", 1))
    assert not fake.marks


async def test_each_number_writes_and_hears_by_itself(fake: FakeWhatsApp) -> None:
    fake.numbers["400500600"] = "EAAother"
    accounts = [{"phone_number_id": "400500600", "access_token": "EAAother"}]
    async with connected(fake, accounts=accounts) as (adapter, host), serving(adapter.routes) as address:
        await host.until(lambda: host.up.get("400500600", "") is None)
        other = value(messages=[message(2, text={"body": "to the other"})])
        other["metadata"] = other["metadata"] | {"phone_number_id": "400500600"}
        body = notice(value(messages=[message(1, text={"body": "to the one"})]), other)
        assert await fake.bring(body, f"http://{address}/whatsapp/webhook") == 200
        assert [(each.room.account, each.id) for each in host.events] == [(NUMBER, "wamid.1"), ("400500600", "wamid.2")]
        for number, event in enumerate(host.events):
            await adapter.send(row(event.room, "hi", number))
        fake.uploads["111"] = ("image/jpeg", b"picture")
        assert (await adapter.fetch(Media(file_id="111"))).data == b"picture"
    assert list(fake.senders.values()) == [NUMBER, "400500600"]


async def test_a_token_that_ends_is_told_and_looked_for_until_it_holds_again(fake: FakeWhatsApp) -> None:
    async with connected(fake) as (adapter, host):
        fake.numbers[NUMBER] = "EAAanother"
        with pytest.raises(DeliveryError, match="make one of a system user") as caught:
            await adapter.send(row(ROOM, "hello"))
        assert (caught.value.certain, caught.value.permanent) == (True, False)
        await host.until(lambda: "code 190" in str(host.up[NUMBER]))
        with pytest.raises(DeliveryError, match="not connected"):
            await adapter.send(row(ROOM, "hello"))
        fake.numbers[NUMBER] = TOKEN
        await host.until(lambda: host.up[NUMBER] is None)
        assert await adapter.send(row(ROOM, "hello"))


async def test_files_that_came_in_are_fetched(fake: FakeWhatsApp) -> None:
    fake.uploads["111"] = ("image/jpeg", b"picture")
    async with connected(fake, max_file_bytes=3_000_000) as (adapter, _):
        assert await adapter.fetch(Media(file_id="111")) == Blob(b"picture", "image/jpeg")
        large = bytes(range(256)) * 10_000
        fake.uploads["114"] = ("image/jpeg", large)
        assert (await adapter.fetch(Media(file_id="114"))).data == large, "it comes in many pieces"
        fake.uploads["112"] = ("image/jpeg", b"x" * 3_000_001)
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
