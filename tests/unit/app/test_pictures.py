"""Whole pictures, as the Repeater's API makes them: what stands over them is what the settings say."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.app.pictures import WholePictures
from hubbub.core.messages import Blob
from hubbub.core.pictures import Card, Look, Paper, Wish
from hubbub.dispatch.drawing import DrawingRules


class Renderer:
    styles = ("light", "dark")

    def __init__(self) -> None:
        self.looks: list[Look] = []

    async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
        self.looks.append(look)
        return [Blob(text.encode(), "image/png")]

    async def document(self, paper: Paper) -> Blob:
        raise NotImplementedError


async def test_what_stands_over_them() -> None:
    renderer, card = Renderer(), Card(title="Hub's", author="Hub", avatar=b"png")
    plain = WholePictures(renderer, DrawingRules(), lambda: 0.0)
    assert await plain.png("x", Wish(style="dark")) == b"x"
    headed = WholePictures(renderer, DrawingRules(card=card, show_model=True), lambda: 0.0)
    await headed.png("x", Wish(style="dark", model="m"))
    await headed.png("x", Wish(title="Mine", model="m"))
    assert renderer.looks == [
        Look("dark", whole=True),
        Look("dark", card=Card("Hub's", "Hub", model="m", avatar=b"png"), whole=True),
        Look(card=Card("Mine", "Hub", model="m", avatar=b"png"), whole=True),
    ]
