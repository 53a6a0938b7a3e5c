"""Every sentence exists in every language with the same marks, and every key that the code names exists."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import hubbub
from hubbub.words.say import CATALOGUES

SOURCES = Path(hubbub.__file__).parent
KEYS = frozenset(CATALOGUES["en"])


def marks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", [language for language in CATALOGUES if language != "en"])
def test_catalogues_have_the_same_keys_and_marks(language: str) -> None:
    other = CATALOGUES[language]
    assert set(other) == KEYS
    assert {key: marks(sentence) for key, sentence in other.items()} == {
        key: marks(sentence) for key, sentence in CATALOGUES["en"].items()
    }


@pytest.mark.parametrize("language", CATALOGUES)
def test_sentences_are_sentences(language: str) -> None:
    for key, sentence in CATALOGUES[language].items():
        assert sentence == sentence.strip(), key
        assert all(name.isidentifier() for name in marks(sentence)), key


def test_chinese_is_chinese() -> None:
    same = {key for key, sentence in CATALOGUES["zh"].items() if sentence == CATALOGUES["en"][key]}
    assert not same


def named_keys(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Keys given to a `Phrase`, and to keyword arguments and fields that are called a phrase's key."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Phrase":
            first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "key"), None)
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value
            elif isinstance(first, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "*" for part in first.values]
                yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            family = node.value.partition(".")[0]
            if family in FAMILIES and node.value.replace(".", "").replace("_", "").isalpha() and "." in node.value:
                yield node.lineno, node.value


FAMILIES = {key.partition(".")[0] for key in KEYS}


def test_every_key_that_the_code_names_exists() -> None:
    missing = []
    for path in SOURCES.rglob("*.py"):
        if path.parent.name == "words":
            continue
        for line, key in named_keys(ast.parse(path.read_text(encoding="utf-8"))):
            start, star, end = key.partition("*")
            known = any(k.startswith(start) and k.endswith(end) for k in KEYS) if star else key in KEYS
            if not known:
                missing.append(f"{path.relative_to(SOURCES)}:{line}: {key}")
    assert not missing, "\n".join(missing)


def test_every_sentence_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py") if path.parent.name != "words")
    by_rule = ("role.", "error.model_")  # composed from a role's name; said by providers
    unused = [key for key in KEYS if f'"{key}"' not in text and not key.startswith(by_rule)]
    assert not unused
