"""Pictures are kept before the question is asked."""

from __future__ import annotations

from typing import Any, cast

from hubbub.core.addresses import Room
from hubbub.core.errors import MediaError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Blob, Image, Media, Message, Text
from hubbub.core.ports import Platform
from hubbub.dispatch.seeing import Seeing
from tests.contract.platform_suite import PIXEL
from tests.fakes.platform_host import MemoryFiles


class Platforms:
    async def fetch(self, media: Media) -> Blob:
        if media.file_id == "gone":
            raise MediaError("gone")
        return Blob(b"picture", "image/jpeg")


def received(*message: Any) -> Received:
    room = Room("test", "b", "private", "p")
    return Received("1", room, Author("p"), cast("Message", message), 0.0, "1", addressed=True)


def seeing() -> tuple[Seeing, MemoryFiles]:
    files = MemoryFiles()
    return Seeing(files, {"test": cast("Platform", Platforms())}, 60.0), files


def urls(event: Received) -> list[str]:
    return [each.media.url for each in event.message if isinstance(each, Image)]


async def test_pictures_are_kept_wherever_they_are() -> None:
    eyes, files = seeing()
    files.pages["https://e.org/a.png"] = Blob(b"page", "image/png")
    words = Text("what is it?")
    pictures = (Image(Media(file_id="f1")), Image(Media(url=PIXEL)), Image(Media(url="https://e.org/a.png"), alt="a"))
    event = await eyes.seen(received(words, *pictures), "owner")
    assert event.message[0] == words
    assert urls(event) == ["hub:1", "hub:2", "hub:3"]
    assert [blob.data[:4] for blob in files.kept.values()] == [b"pict", b"\x89PNG", b"page"]
    first, _, third = (each for each in event.message if isinstance(each, Image))
    assert (first.media.file_id, first.media.mime, first.media.size, third.alt) == ("f1", "image/jpeg", 7, "a")


async def test_a_picture_that_cannot_be_had_stays_as_it_came() -> None:
    eyes, _ = seeing()
    event = received(Image(Media(file_id="gone")), Image(Media(url="https://e.org/no.png")), Image(Media(url="hub:9")))
    assert await eyes.seen(event, "owner") == event


def test_only_pictures_concern_it() -> None:
    eyes, _ = seeing()
    assert eyes.concerns(received(Text("x"), Image(Media(url=PIXEL))))
    assert not eyes.concerns(received(Text("x")))
