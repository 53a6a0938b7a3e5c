"""Writes the page of commands: `python -m hubbub.commands [FILE]` in the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from hubbub.commands.builtin import BUILTIN
from hubbub.commands.reference import reference

PAGE = "docs/commands.md"

if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).write_text(reference(BUILTIN), encoding="utf-8")
