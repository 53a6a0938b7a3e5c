"""Which replies become pictures, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import pytest
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import MediaError, RenderError, StoreError
from hubbub.core.messages import Blob, File, Image, Media, Mention, Message, Raw, Text
from hubbub.core.pictures import Card, Look, Paper, Wish
from hubbub.core.ports import Answer
from hubbub.core.work import Outgoing
from hubbub.dispatch.drawing import Drawing, DrawingRules, Place

ROOM = Room("fake", "me", "private", "ann")
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


class Renderer:
    """Draws nothing, but says what it was asked."""

    styles = ("light",)

    def __init__(self, count: int = 1, error: Exception | None = None) -> None:
        self.count, self.error = count, error
        self.looks: list[Look] = []

    async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
        self.looks.append(look)
        if self.error:
            raise self.error
        return [Blob(f"{number}{text}".encode(), "image/png", f"{number}.png") for number in range(self.count)]

    async def document(self, paper: Paper) -> Blob:
        raise RenderError(paper.title)


class Files:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.kept: list[tuple[Blob, float, str]] = []

    async def keep(self, blob: Blob, seconds: float, owner: str = "") -> str:
        if self.error:
            raise self.error
        self.kept.append((blob, seconds, owner))
        return f"hub:{len(self.kept)}"

    async def fetch(self, media: Media) -> Blob:
        raise MediaError(media.url)


def more(message: Message) -> Sequence[Outgoing]:
    return [Outgoing(ROOM, message)]


PLACE = Place("ann", Capabilities(images=True), more)


def drawing(renderer: Renderer | None = None, files: Files | None = None, **rules: object) -> Drawing:
    return Drawing(renderer or Renderer(), files or Files(), DrawingRules(**rules), lambda: 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hub", "room", "owner", "wanted"),
    [
        ("never", "", "", False),
        ("always", "", "", True),
        ("always", "never", "", False),
        ("never", "always", "", True),
        ("never", "never", "always", True),
        ("always", "always", "never", False),
        ("auto", "", "", False),
    ],
)
def test_the_reader_goes_before_the_room_and_the_room_before_the_hub(
    hub: str, room: str, owner: str, wanted: bool
) -> None:
    assert drawing(when=hub).wanted(Wish(owner), room, (Text("words"),)) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TABLE, True),
        ("a\n```\ncode\n```", True),
        ("$$x$$", True),
        (r"see \(x^2\)", True),
        (r"so $x^2$ is", True),
        ("x" * 200, True),
        ("plain **bold** words, `code`, - a list", False),
        ("it costs $5 or $6", False),
        ("a | b", False),
        ("---", False),
    ],
)
def test_auto_sees_what_text_shows_badly(text: str, wanted: bool) -> None:
    assert drawing(when="auto", characters=200).wanted(Wish(), "", (Text(text),)) is wanted


def test_an_answer_with_data_of_its_own_stays_as_it_is() -> None:
    assert not drawing(when="always").wanted(Wish(), "", (Text("x"), Raw("http", "answer")))
    assert not drawing(when="always").wanted(Wish(), "", (Image(Media("hub:1")),))


async def test_pictures_stand_for_words_and_say_them() -> None:
    renderer, files = Renderer(3), Files()
    rules = {"card": Card(author="Hub"), "show_time": True, "show_model": True, "zone": UTC, "seconds": 9.0}
    answer = Answer((Mention("7"), Text(TABLE)), sends=(Outgoing(ROOM, (Text("last"),)),))
    drawn = await drawing(renderer, files, **rules).drawn(answer, Wish(style="pink", model="m"), PLACE)
    assert drawn.message == (Mention("7"), Image(Media("hub:1", name="0.png", mime="image/png", size=30), alt=TABLE))
    urls = [each.media.url for out in drawn.sends[:2] for each in out.message if isinstance(each, Image)]
    assert urls == ["hub:2", "hub:3"]
    assert drawn.sends[2:] == answer.sends
    assert [(seconds, owner) for _, seconds, owner in files.kept] == [(9.0, "ann")] * 3
    assert renderer.looks == [Look("pink", card=Card(author="Hub", time="1970-01-01 00:00", model="m"))]


@pytest.mark.parametrize(
    ("card", "shown"),
    [(None, Card(title="Mine")), (Card("Hub's", "Hub"), Card("Mine", "Hub"))],
)
async def test_the_readers_title_goes_before_the_hubs(card: Card | None, shown: Card) -> None:
    renderer = Renderer()
    await drawing(renderer, Files(), card=card).drawn(Answer((Text("x"),)), Wish(title="Mine"), PLACE)
    assert renderer.looks == [Look(card=shown)]


async def test_the_renderer_is_told_what_the_room_would_make_smaller() -> None:
    renderer = Renderer()
    place = Place("ann", Capabilities(images=True, image_side=2560), more)
    await drawing(renderer).drawn(Answer((Text("x"),)), Wish(), place)
    assert renderer.looks == [Look(side=2560)]


@pytest.mark.parametrize("fault", [RenderError("too long"), StoreError("full")])
async def test_what_cannot_be_drawn_or_kept_is_text(fault: Exception) -> None:
    broken = (Renderer(error=fault), None) if isinstance(fault, RenderError) else (None, Files(fault))
    answer = Answer((Text("words"),))
    assert await drawing(*broken).drawn(answer, Wish(), PLACE) is answer


@pytest.mark.parametrize(
    ("capabilities", "kind"),
    [
        (Capabilities(images=True), Image),
        (Capabilities(images=True, image_side=3600), Image),
        (Capabilities(images=True, image_side=2000), Image),
        (Capabilities(images=True, image_side=2000, files=True), File),
    ],
)
async def test_a_picture_that_would_be_made_smaller_goes_as_a_file(capabilities: Capabilities, kind: type) -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + (900).to_bytes(4, "big") + (3600).to_bytes(4, "big")

    class Tall(Renderer):
        @override
        async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
            return [Blob(png, "image/png")]

    drawn = await drawing(Tall()).drawn(Answer((Text("x"),)), Wish(), Place("ann", capabilities, more))
    assert [type(each) for each in drawn.message] == [kind]
