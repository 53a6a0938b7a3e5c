"""An independent client writes to the same strict server: the server takes its messages, and ours are the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pywa.client import WhatsApp as TheirClient
from pywa.types.templates import BodyText, TemplateLanguage

from hubbub.core.messages import Audio, Blob, File, Image, Location, Media, Message, Text, Video
from hubbub.platforms.whatsapp.statuses import Mark
from tests.contract.platform_suite import row
from tests.fakes.serving import serving
from tests.fakes.whatsapp import NUMBER, PERSON, TOKEN, FakeWhatsApp, said, whatsapp
from tests.unit.platforms.whatsapp.test_sending import ROOM, connected

MARK = Mark("key-1", PERSON).text()
PNG, OGG, PDF, MP4 = b"\x89PNG", b"OggS", b"%PDF", b"ftyp"


@pytest.fixture
async def fake() -> AsyncIterator[FakeWhatsApp]:
    async with whatsapp() as server:
        yield server
        assert all("24 hours" in each for each in server.refused)


async def theirs(fake: FakeWhatsApp, call: str, *arguments: Any, **more: Any) -> None:
    """Let the other client do something."""
    with httpx.Client() as session:
        client = TheirClient(phone_id=NUMBER, token=TOKEN, session=session)
        session.base_url = httpx.URL(f"{fake.url}/v23.0")
        await asyncio.to_thread(getattr(client, call), *arguments, **more)


def alike(fake: FakeWhatsApp) -> bool:
    """Whether the last two messages are the same, but for the ids of what was uploaded for each."""
    bodies = [body | {body["type"]: body[body["type"]] | {"id": ""}} for _, body in fake.sent[-2:]]
    kinds = [fake.uploads.get(body[body["type"]].get("id", "")) for _, body in fake.sent[-2:]]
    return (bodies[0], kinds[0]) == (bodies[1], kinds[1])


async def test_a_text_that_answers(fake: FakeWhatsApp) -> None:
    await theirs(fake, "send_message", PERSON, "as asked", reply_to_message_id="wamid.1", tracker=MARK)
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, "as asked", 1, reply_to="wamid.1"))
    assert alike(fake)


@pytest.mark.parametrize(
    ("call", "arguments", "message", "blob"),
    [
        (
            "send_image",
            {"image": PNG, "caption": "a dot", "mime_type": "image/png"},
            (Text("a dot"), Image(Media(url="hub:1"))),
            Blob(PNG, "image/png", "a.png"),
        ),
        (
            "send_document",
            {"document": PDF, "filename": "a.pdf", "mime_type": "application/pdf"},
            (File(Media(url="hub:1", name="a.pdf")),),
            Blob(PDF, "application/pdf", "a.pdf"),
        ),
        ("send_voice", {"voice": OGG, "mime_type": "audio/ogg"}, (Audio(Media(url="hub:1")),), Blob(OGG, "audio/ogg")),
        ("send_video", {"video": MP4, "mime_type": "video/mp4"}, (Video(Media(url="hub:1")),), Blob(MP4, "video/mp4")),
    ],
)
async def test_files(fake: FakeWhatsApp, call: str, arguments: Any, message: Message, blob: Blob) -> None:
    await theirs(fake, call, PERSON, **arguments, tracker=MARK)
    async with connected(fake) as (adapter, host):
        host.files.pages["hub:1"] = blob
        await adapter.send(row(ROOM, message))
    assert alike(fake)


async def test_a_place(fake: FakeWhatsApp) -> None:
    await theirs(fake, "send_location", PERSON, 39.5, 116.25, "here", "Beijing", tracker=MARK)
    async with connected(fake) as (adapter, _):
        await adapter.send(row(ROOM, (Location(39.5, 116.25, "here", "Beijing"),)))
    assert alike(fake)


async def test_a_template(fake: FakeWhatsApp) -> None:
    body = {"type": "body", "parameters": BodyText.params("one two").to_dict()["parameters"]}  # type: ignore[arg-type]
    mark = Mark("key-1", PERSON, "template").text()
    await theirs(fake, "send_template", PERSON, "news", TemplateLanguage.GERMAN, [body], tracker=mark)
    async with connected(fake, template="news", template_language="de") as (adapter, _):
        fake.wrong.append("silent")
        await adapter.send(row(ROOM, "one\ntwo"))
    assert alike(fake)


async def test_reactions_and_marks(fake: FakeWhatsApp) -> None:
    await theirs(fake, "send_reaction", PERSON, "👍", "wamid.1")
    await theirs(fake, "indicate_typing", "wamid.1")
    async with connected(fake) as (adapter, _), serving(adapter.routes) as address:
        await fake.bring(said("hello", 1), f"http://{address}/whatsapp/webhook")
        await adapter.react(ROOM, "wamid.1", "👍")
        await adapter.typing(ROOM)
    assert fake.effects[:2] == fake.effects[2:] == [("react", "wamid.1"), ("type", "")]
    assert fake.marks[0] == fake.marks[1]
