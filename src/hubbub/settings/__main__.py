"""Writes what is made from the settings' models: `python -m hubbub.settings [FOLDER]` in the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from hubbub.settings.example import example
from hubbub.settings.loading import root_of
from hubbub.settings.plugins import built_in, for_people
from hubbub.settings.reference import reference


def documents() -> dict[str, str]:
    """File by file, with the platforms of this package alone: what else is installed here is no part of it."""
    root = root_of(for_people(built_in()))
    return {"config.example.toml": example(root), "docs/settings.md": reference(root)}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
