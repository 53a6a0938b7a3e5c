"""The pictures of the documents are what is drawn today, but for what a newer library draws a dot elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.unit.rendering.drawn import difference, opened
from tools.pictures import samples

FOLDER = Path(__file__).parents[3] / "docs/pictures"
NAMES = [*(f"style-{name}.png" for name in ("light", "dark", "pink", "blue", "green")), "formulas.png"]


@pytest.fixture(scope="module")
def drawn_now() -> dict[str, bytes]:
    return samples()


def test_all_are_there(drawn_now: dict[str, bytes]) -> None:
    assert sorted(drawn_now) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_looks_as_in_the_documents(drawn_now: dict[str, bytes], name: str) -> None:
    golden, now = Image.open(FOLDER / name).convert("RGB"), opened(drawn_now[name])
    assert golden.width == now.width
    assert abs(golden.height - now.height) <= golden.height * 0.01, "run: python tools/pictures.py"
    assert difference(golden, now.resize(golden.size)) < 3, "run: python tools/pictures.py"


def test_the_comparison_sees_a_difference(drawn_now: dict[str, bytes]) -> None:
    light, dark = (opened(drawn_now[f"style-{name}.png"]) for name in ("light", "dark"))
    assert difference(light, dark.resize(light.size)) > 50
    assert difference(light, Image.new("RGB", light.size, "white")) > 3
