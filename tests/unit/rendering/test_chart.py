"""Charts below a text: columns as high as their numbers, in the colours of the theme."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from hubbub.core.pictures import Chart, Look
from hubbub.rendering import sources
from hubbub.rendering.renderer import TypstRenderer
from tests.unit.rendering.drawn import drawn, job, opened

if TYPE_CHECKING:
    from PIL import Image

    from hubbub.rendering.typesetting import Typesetter

BLUE = (9, 105, 218)
LINES = ((0, "0"), (2000, "2k"), (4000, "4k"))


def columns(picture: Image.Image) -> list[int]:
    """How high each column is, from the left."""
    found: list[int] = []
    was = 0
    for x in range(picture.width):
        tall = sum(picture.getpixel((x, y)) == BLUE for y in range(picture.height))
        if tall and not was:
            found.append(0)
        if tall:
            found[-1] = max(found[-1], tall)
        was = tall
    return found


def test_columns_are_as_high_as_their_numbers(typesetter: Typesetter) -> None:
    chart = Chart((0, 1000, 2000, 0, 4000, 1), ((0, "10-01"), (5, "10-06")), LINES)
    picture = drawn(typesetter, "text", chart=asdict(chart))
    quarter, half, whole, little = columns(picture)
    assert abs(half * 2 - whole) <= 3
    assert abs(quarter * 4 - whole) <= 6
    assert 1 <= little < quarter // 4, "what is not nothing shows"
    assert picture.height > drawn(typesetter, "text").height + whole


def test_nothing_to_draw_is_drawn_too(typesetter: Typesetter) -> None:
    for values in ((), (0, 0)):
        assert columns(drawn(typesetter, "text", chart=asdict(Chart(values)))) == []


def test_what_stands_beside_it_is_never_done() -> None:
    bad = '") + read("x'
    code = sources.picture(job("text", chart=asdict(Chart((1,), ((0, bad),), ((0, bad), (1, bad)))))).code.decode()
    assert bad not in code


async def test_a_look_has_one() -> None:
    renderer = TypstRenderer()
    try:
        (blob,) = await renderer.pictures("text", Look(scale=1.0, chart=Chart((1, 2), (), ((0, "0"), (2, "2")))))
        assert len(columns(opened(blob.data))) == 2
        (blob,) = await renderer.pictures("text", Look(scale=1.0))
        assert columns(opened(blob.data)) == []
    finally:
        await renderer.close()
