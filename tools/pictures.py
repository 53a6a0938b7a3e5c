"""Draw the sample pictures of the documents: `python tools/pictures.py` in the repository writes docs/pictures.

A test draws them again and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hubbub.rendering.themes import Themes
from hubbub.rendering.typesetting import Typesetter

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests/fixtures/rendering/sample.md"
FORMULAS = ROOT / "tests/fixtures/rendering/formulas.txt"
LOOK = {"width": 520, "size": 15, "scale": 1.25, "height": 3000, "most": 1, "dots": 10**9}
CARD = {"title": "Hubbub", "author": "gpt-demo", "time": "2026-11-20 10:00", "model": "", "avatar": ""}


def samples() -> dict[str, bytes]:
    """Each picture by its name in the folder of pictures."""
    typesetter, themes = Typesetter(), Themes()
    text = SAMPLE.read_text(encoding="utf-8")
    found = {}
    for name in themes.names:
        theme = themes.find(name)
        colours = {"dark": theme.dark, "colours": dict(theme.colours)}
        job = {**LOOK, "text": text, "theme": colours, "card": CARD if name == "dark" else None}
        found[f"style-{name}.png"] = typesetter.pictures(job)[0]
    formulas = FORMULAS.read_text(encoding="utf-8").splitlines()
    theme = themes.find("light")
    lists = "\n".join(f"{number}. ${latex}$" for number, latex in enumerate(formulas, 1))
    job = {
        **LOOK,
        "height": 9000,
        "scale": 0.8,
        "text": lists,
        "theme": {"dark": False, "colours": dict(theme.colours)},
        "card": None,
    }
    return {**found, "formulas.png": typesetter.pictures(job)[0]}


def main() -> int:
    """Write them."""
    folder = ROOT / "docs/pictures"
    for name, data in samples().items():
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
