"""The page of troubles shows texts that the hub really says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from hubbub.core.phrases import Phrase
from hubbub.words import languages, say

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
KEYS = (
    "internal", "model_failed", "model_timeout", "model_busy", "model_auth", "model_context", "model_empty",
    "model_refused", "no_model",
)  # fmt: skip


@cache
def said() -> str:
    """Every text of the code, what is filled in as `…`; texts that are put together in code follow one another."""
    texts = []
    for path in sorted((ROOT / "src" / "hubbub").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


@pytest.mark.parametrize("shown", SHOWN)
def test_a_text_that_is_shown_is_said(shown: str) -> None:
    pieces = [piece for piece in shown.split("…") if len(piece.strip()) > 3]
    assert pieces
    sentences = [sentence for piece in pieces for sentence in re.split(r"(?<=\.) ", piece) if sentence.strip(" .,;:?'")]
    missing = [sentence for sentence in sentences if sentence not in said()]
    assert missing == []


def test_there_are_texts() -> None:
    assert len(SHOWN) > 30
    assert len(set(SHOWN)) == len(SHOWN)


@pytest.mark.parametrize("key", KEYS)
def test_what_a_person_is_told_is_there_in_every_language(key: str) -> None:
    for language in languages():
        assert say(Phrase(f"error.{key}", {"id": "…"}), language) in PAGE


def test_no_error_of_a_chat_is_left_out() -> None:
    from hubbub.words.en import SENTENCES

    assert {key.removeprefix("error.") for key in SENTENCES if key.startswith("error.")} == set(KEYS)
