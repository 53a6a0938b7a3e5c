"""Pages that there are in both languages show the same commands, keys and variables, in the same order of headings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def shown(name: str) -> tuple[list[int], list[int], set[str], list[str]]:
    """Levels of headings, columns of tables line by line, what code begins with, and blocks of code."""
    text = (DOCS / name).read_text(encoding="utf-8")
    prose = FENCE.sub("", text)
    heads = [len(signs) for signs in re.findall(r"^(#+) ", prose, re.MULTILINE)]
    rows = [line.count("|") for line in prose.splitlines() if line.startswith("|")]
    codes = {re.split(r"[ （]", code)[0] for code in re.findall(r"`([^`\n]+)`", prose)}
    return heads, rows, codes, FENCE.findall(text)


@pytest.mark.parametrize("name", ["hosting", "rooms"])
def test_both_languages_show_the_same(name: str) -> None:
    assert shown(f"{name}.md") == shown(f"{name}.zh.md")
