"""Models see the content of pictures that the hub keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hubbub.app.sight import SightedModels
from hubbub.core.messages import Blob, Media
from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Delta, Turn
from tests.fakes.platform_host import MemoryFiles


class Models:
    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    def default(self) -> ModelSpec:
        return ModelSpec("m")

    def find(self, name: str) -> ModelSpec | None:
        return ModelSpec(name)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        self.asked.append(request)
        yield Delta(content="yes", finish="stop")


async def test_what_is_kept_is_shown_and_what_is_gone_is_said() -> None:
    models, files = Models(), MemoryFiles()
    url = await files.keep(Blob(b"abc", "image/png"), 60)
    images = (Media(url=url), Media(url="hub:gone"), Media(url="https://e.org/a.png"))
    turns = (Turn("system", "s"), Turn("user", "what is it?", images=images))
    sighted = SightedModels(models, files)
    assert [piece.content async for piece in sighted.stream(ChatRequest("m", turns))] == ["yes"]
    first, second = models.asked[0].turns
    assert first == turns[0]
    assert [each.url for each in second.images] == ["data:image/png;base64,YWJj", "https://e.org/a.png"]
    assert second.content == "[image]\nwhat is it?"


async def test_a_question_without_pictures_is_asked_as_it_is() -> None:
    models = Models()
    request = ChatRequest("m", (Turn("user", "hello"),))
    assert [piece.content async for piece in SightedModels(models, MemoryFiles()).stream(request)] == ["yes"]
    assert models.asked[0] is request
