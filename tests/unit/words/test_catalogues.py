"""Every sentence exists in every language with the same marks, and every key that the code names exists."""

import ast
import re
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
    same = {key: sentence for key, sentence in CATALOGUES["zh"].items() if sentence == CATALOGUES["en"][key]}
    # What is made of marks and signs alone is the same in every language.
    assert not [key for key, sentence in same.items() if re.search(r"[^\W\d]", re.sub(r"{\w+}", "", sentence))]


def named_keys(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings that look like keys; where a part is made at run time, "*" stands for it."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        else:
            continue
        if re.fullmatch(rf"(?:{FAMILIES})(?:\.[a-z_*]+)+", text):
            yield node.lineno, text


# Families of keys whose names no file and no setting has.
FAMILIES = "error|chat|command|role|duration|page|console|prompt|branch|access|limit|argument|confirm|export|reason"
# Kinds of branches, of each of which the same is said.
KINDS = ("userdata.context.", "userdata.prompt.", "userdata.config.")
# Words of the API that the hub imitates, and names of files.
OTHERS = frozenset(("chat.completion", "chat.completion.chunk"))


def test_every_key_that_the_code_names_exists() -> None:
    missing = []
    for path in SOURCES.rglob("*.py"):
        if path.parent.name in ("words", "cli"):  # a command line speaks English
            continue
        for line, key in named_keys(ast.parse(path.read_text(encoding="utf-8"))):
            start, star, end = key.partition("*")
            known = any(k.startswith(start) and k.endswith(end) for k in KEYS) if star else key in KEYS
            if not known and key not in OTHERS:
                missing.append(f"{path.relative_to(SOURCES)}:{line}: {key}")
    assert not missing, "\n".join(missing)


def test_every_sentence_is_used() -> None:
    code = (path for path in SOURCES.rglob("*.py") if path.parent.name != "words")
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*code, *SOURCES.rglob("templates/*.html")))
    used = set(re.findall(r"""["']((?:\w+\.)+\w+)["']""", text))
    # At run time: kinds of branches, names of roles and scopes, what somebody chose, kinds of a provider's failure.
    made = ("role.", "scope.", "command.room.", "command.lang.room_", "command.deliveries.", "error.model_", *KINDS)
    assert sorted(key for key in KEYS - used if not key.startswith(made)) == []
