"""The command image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import pytest
from typing_extensions import override

from hubbub.commands.command import CommandContext
from hubbub.commands.registry import Commands
from hubbub.conversations.limits import Limits, Meter
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import MediaError, ProviderError, Unstorable
from hubbub.core.identities import Role
from hubbub.core.messages import Blob, Image, Media, Message, Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer
from hubbub.core.quotas import Counts, Reservation, Shortage, decide
from hubbub.core.work import Entry, Spend
from tests.fakes.memory import MemoryConversations
from tests.fakes.platform_host import MemoryFiles
from tests.unit.commands.given import NOW, Person, received

if TYPE_CHECKING:
    from hubbub.commands.command import Asking, Means

CAT = Blob(b"\x89PNG cat", "image/png", "picture.png")
OWNER = "test:private:u1"


@dataclass
class FakePainter:
    broken: bool = False
    price: int = 0
    wishes: list[tuple[str, bytes]] = field(default_factory=list)

    async def paint(self, wish: str) -> Blob:
        return await self.repaint(wish, Blob(b""))

    async def repaint(self, wish: str, picture: Blob) -> Blob:
        if self.broken:
            raise ProviderError("the safety system", user_text=Phrase("error.model_refused"))
        self.wishes.append((wish, picture.data))
        return CAT


class FakeUsage:
    """So much was used today."""

    def __init__(self, messages: int) -> None:
        self.messages = messages

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        counts = {(quota.scope, quota.day): Counts(self.messages) for quota in wanted.quotas}
        return decide(wanted, counts, {})

    async def release(self, hold: str) -> None:
        pass


@dataclass
class FakeMeans:
    painter: FakePainter | None = field(default_factory=FakePainter)
    can: Capabilities | None = field(default_factory=lambda: Capabilities(images=True))
    used: int = 0
    files: MemoryFiles | None = field(default_factory=MemoryFiles)
    conversations: MemoryConversations = field(default_factory=lambda: MemoryConversations(clock=lambda: NOW))

    @property
    def meter(self) -> Meter:
        limits = Limits(messages_per_day=20, message_characters=50)
        return Meter(cast("MemoryConversations", FakeUsage(self.used)), limits, lambda: NOW)  # type: ignore[arg-type]  # it reads only this

    def capabilities(self, room: Room) -> Capabilities | None:
        return self.can

    async def fetch(self, room: Room, media: Media) -> Blob:
        if not media.file_id:
            raise MediaError("gone")
        return Blob(media.file_id.encode())


async def gives(message: str | Message, means: FakeMeans) -> Answer:
    event = received(message)
    commands = Commands()
    call = commands.find(event, text_of(event.message))
    assert call is not None
    asking = cast("Asking", _Asking())
    context = CommandContext(Entry(1, "lane", event), event, OWNER, Role.USER, cast("Means", means), asking)
    return await commands.run(call, context)


class _Asking(Person):
    """Somebody who is answered in English, and sees that it takes a while."""

    def busy(self) -> _Asking:
        return self

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_a_picture_comes_of_a_description() -> None:
    means = FakeMeans()
    answer = await gives("@image生成一只 黑色的猫", means)
    (shown,) = answer.message
    assert isinstance(shown, Image)
    assert means.files
    assert means.files.kept[shown.media.url] == CAT
    assert means.painter
    assert means.painter.wishes == [("生成一只 黑色的猫", b"")]
    (spend,) = answer.writes
    assert isinstance(spend, Spend)
    assert (spend.owner, spend.messages) == (OWNER, 1)


async def test_a_picture_costs_what_the_painter_says() -> None:
    (spend,) = (await gives("/image a cat", FakeMeans(FakePainter(price=40_000_000)))).writes
    assert isinstance(spend, Spend)
    assert (spend.messages, spend.cost, spend.shares) == (1, 40_000_000, ("hub:all",))


async def test_a_picture_that_is_sent_along_is_changed() -> None:
    means = FakeMeans()
    await gives((Text("/image make it blue"), Image(Media(file_id="sent"))), means)
    await gives((Text("/image edit make it red"), Image(Media(file_id="sent"))), means)
    assert means.painter
    assert means.painter.wishes == [("make it blue", b"sent"), ("make it red", b"sent")]


@pytest.mark.parametrize(
    ("text", "change", "told"),
    [
        ("/image", {}, "/image"),
        ("/image a cat", {"painter": None}, "No model that paints"),
        ("/image a cat", {"can": Capabilities()}, "No pictures can be sent here"),
        ("/image a cat", {"can": None}, "No pictures can be sent here"),
        ("/image a cat", {"used": 20}, "20"),
        ("/image " + "cat " * 20, {}, "50"),
        ("/image edit make it blue", {}, "no picture to change"),
        ("/image a cat", {"painter": FakePainter(broken=True)}, "please try later (error "),
    ],
)
async def test_what_cannot_be_is_told(text: str, change: dict[str, object], told: str) -> None:
    answer = await gives(text, replace(FakeMeans(), **change))  # type: ignore[arg-type]  # of the table above
    assert told in text_of(answer.message)
    assert not answer.writes
    assert "safety" not in text_of(answer.message)


class FullFiles(MemoryFiles):
    @override
    async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
        raise Unstorable("too large")


async def test_a_picture_that_cannot_be_kept_is_told_and_counted_and_not_painted_again() -> None:
    means = FakeMeans(files=FullFiles())
    answer = await gives("/image a cat", means)
    assert "cannot be kept" in text_of(answer.message)
    assert "too large" not in text_of(answer.message)
    (spend,) = answer.writes
    assert isinstance(spend, Spend)
    assert means.painter
    assert len(means.painter.wishes) == 1


async def test_a_picture_that_is_gone_is_told() -> None:
    answer = await gives((Text("/image edit blue"), Image(Media(url="https://x/y"))), FakeMeans())
    assert "please try later" in text_of(answer.message)
