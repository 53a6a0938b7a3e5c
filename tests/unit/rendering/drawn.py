"""Pictures as tests look at them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

from hubbub.rendering.themes import Themes
from hubbub.rendering.typesetting import Typesetter

LOOK = {
    "kind": "picture",
    "width": 400,
    "size": 16,
    "scale": 1,
    "height": 2400,
    "most": 20,
    "dots": 10**9,
    "card": None,
}


def job(text: str, style: str = "light", **more: Any) -> dict[str, Any]:
    theme = Themes().find(style)
    return {**LOOK, "text": text, "theme": {"dark": theme.dark, "colours": dict(theme.colours)}, **more}


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


def drawn(typesetter: Typesetter, text: str, **more: Any) -> Image.Image:
    (data,) = typesetter.pictures(job(text, **more))
    return opened(data)


def ink(picture: Image.Image) -> Image.Image:
    """What is on the card of a light picture, cut out; an empty picture where there is nothing."""
    width, height = picture.size
    inside = picture.crop((30, 30, width - 30, height - 30))
    box = inside.convert("L").point(lambda value: 255 if value < 200 else 0).getbbox()
    return inside.crop(box) if box else Image.new("RGB", (0, 0))


def bands(picture: Image.Image) -> list[bytes]:
    """What stands on a light card, line by line."""
    seen = ink(picture)
    rows = [
        any(value < 200 for value in seen.crop((0, y, seen.width, y + 1)).convert("L").tobytes())
        for y in range(seen.height)
    ]
    found: list[bytes] = []
    begin = None
    for y, dark in enumerate([*rows, False]):
        if dark and begin is None:
            begin = y
        elif not dark and begin is not None:
            found.append(ink(_framed(seen.crop((0, begin, seen.width, y)))).tobytes())
            begin = None
    return found


def _framed(picture: Image.Image) -> Image.Image:
    framed = Image.new("RGB", (picture.width + 60, picture.height + 60), "white")
    framed.paste(picture, (30, 30))
    return framed


def colours(picture: Image.Image) -> int:
    """How many dots are really coloured, not grey."""
    found: Mapping[Any, int] = {pixel: count for count, pixel in picture.getcolors(1 << 24) or ()}
    return sum(count for pixel, count in found.items() if max(pixel) - min(pixel) > 60)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0 to 255, after both are made the same small size."""
    size = (max(one.width // 3, 1), max(one.height // 3, 1))
    pairs = zip(one.resize(size).convert("L").tobytes(), other.resize(size).convert("L").tobytes(), strict=True)
    return sum(abs(first - second) for first, second in pairs) / (size[0] * size[1])
