"""Texts made of markup, code, letters of all scripts and nonsense; the same number is always the same text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

MARKS: Final = (
    *("$", "$$", "\\(", "\\)", "\\[", "\\]", "```", "```python\n", "~~~", "|", "| a | b |\n|---|:-:|\n", "|---|---|\n"),
    *("\n", "\n\n", "\r\n", "\t", "    ", "> ", "- ", "- [ ] ", "1. ", "99999999999999. ", "# ", "###### ", "---\n"),
    *(
        "[^1]",
        "[^1]: ",
        "[",
        "](",
        "](http://x.y)",
        "![",
        "![a](b)",
        "**",
        "*",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "<b>",
        "-->",
    ),
    *(
        "<!--",
        "&amp;",
        "&#0;",
        "&#x10ffff;",
        "https://x.y/z?a=b&c",
        "mailto:a@b.c",
        "javascript:1",
        "\\",
        "\\\\",
        "\\$",
    ),
)
FORMULAS: Final = (
    *("\\frac{", "}", "{", "\\text{", "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{cases}", "&", "^", "_", "\\sqrt["),
    *("\\left(", "\\right)", "\\ce{", "\\sum_{i=0}^n", "\\operatorname{", "\\mathbb{R}", "\\hat", "\\not", "\\tag{1}"),
    *("\\color{red}", "\\def\\x{\\x\\x}\\x", "\\input{/etc/passwd}", "\\href{http://x.y}{z}", "\\over", "'", "''", "!"),
)
CODE: Final = (
    *(
        '#read("/etc/passwd")',
        '#import "@preview/cetz:0.3.0"',
        "#while true {}",
        "#eval(",
        '")',
        '"',
        "#",
        "std.",
        "sys.",
    ),
    *(
        "#let x = x",
        "//",
        "/*",
        "*/",
        "#{",
        "}",
        "#[",
        "]",
        "context ",
        "#panic()",
        "$#x$",
        "<label>",
        "@label",
        "\\u{0}",
    ),
)
SIGNS: Final = (
    *(
        "\x00",
        "\x1b",
        "\u202e",
        "\u202d",
        "\u2066",
        "\ufeff",
        "\u200d",
        "\u200b",
        "\ufe0f",
        "\u20e3",
        "\u034f",
        "\U000e0041",
    ),
    *("😀", "🏳️‍🌈", "👨‍👩‍👧‍👦", "🇨🇳", "🇨", "1️⃣", "👍🏽", "❤️‍🔥", "e\u0301\u0301\u0301", "\u0d4d\u200d", "ក្រ", "क्षि"),
    *("中", "文字", "かな", "한글", "عربى", "עברית", "ไทย", "ﷺ", "𝔘", "𠮷", "\ud800", "\uffff", "Ａ", "ǅ", "ß", "ı"),
)
# First and last signs of what is looked at letter by letter.
SCRIPTS: Final = (
    *((0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x3FF), (0x400, 0x52F), (0x530, 0x6FF), (0x700, 0xDFF), (0xE00, 0x11FF)),
    *((0x1200, 0x1FFF), (0x2000, 0x2BFF), (0x2C00, 0x33FF), (0x3400, 0x9FFF), (0xA000, 0xD7FF), (0xE000, 0xFFFF)),
    *((0x10000, 0x11FFF), (0x12000, 0x1AFFF), (0x1B000, 0x1F2FF), (0x1F300, 0x1FAFF), (0x20000, 0x10FFFF)),
)
_WORDS: Final = ["the", "quick", "brown", "fox", "今天", "天气", "x1", "y_2", "3.14", "foo()", "bar-baz"]
# Out of a hundred texts so many are long.
_LONG: Final = 2


def nonsense(number: int, more: Sequence[str] = ()) -> str:
    """A text; ``more`` may occur in it."""
    chance = random.Random(number)
    kinds = [MARKS, FORMULAS, CODE, SIGNS, _WORDS, (*more, "\n\n")]
    # A text has a leaning of its own, so that some are nearly all formula, or code, or one script.
    weights = [chance.random() ** 2 for _ in kinds]
    script = chance.choice(SCRIPTS)
    length = chance.randint(0, 400) if chance.randrange(100) < _LONG else int(40 * chance.random() ** 2) + 1
    pieces = []
    for _ in range(length):
        if chance.random() < 0.3:
            pieces.append("".join(chr(chance.randint(*script)) for _ in range(chance.randint(1, 8))))
        else:
            pieces.append(chance.choice(chance.choices(kinds, weights)[0]))
        if chance.random() < 0.2:
            pieces.append(" ")
    text = "".join(pieces)
    return f"${text}$" if chance.random() < 0.1 else text
