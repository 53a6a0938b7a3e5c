"""Text as typst takes it: user text becomes string literals and nothing else.

What stands in a string literal is never read as code, so nobody can write a document's code in a message.
"""

from __future__ import annotations

import re
import unicodedata

# Half characters and controls but tab and newline; typst would show them as boxes, or refuse them. Marks that turn the
# direction of text by force, too: they serve to deceive, and typst falls over some of them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\ufeff]")
_NARROW_BREAK = "\u200b"
_WORD = re.compile(r"[^\s\u200b\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{12,}")
_JOINTS = re.compile(r"(?<=[/?&=_.,:;+\-\\|%])(?=[^\s\u200b])")
_WIDE = ("W", "F")
_RIGHT_TO_LEFT = ("R", "AL")


def literal(text: str) -> str:
    """A string literal of typst's that means this text."""
    clean = _UNPRINTABLE.sub("", text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + clean.replace("\n", "\\n").replace("\t", "\\t") + '"'


def breakable(text: str, longest: int) -> str:
    """The text with places for a new line within words of more than ``longest`` characters."""

    def broken(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) <= longest:
            return word
        pieces = _JOINTS.split(word)
        return _NARROW_BREAK.join(_cut(piece, longest) for piece in pieces)

    return _WORD.sub(broken, text) if longest < len(text) else text


def _cut(word: str, longest: int) -> str:
    if len(word) <= longest:
        return word
    pieces: list[str] = []
    begin = 0
    for index in range(1, len(word)):
        if index - begin >= longest and unicodedata.category(word[index])[0] != "M" and word[index - 1] != "\u200d":
            pieces.append(word[begin:index])
            begin = index
    pieces.append(word[begin:])
    return _NARROW_BREAK.join(pieces)


def wide(line: str) -> int:
    """How many narrow letters a line takes."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(each) in _WIDE else 1 for each in line)


def leftward(text: str) -> bool:
    """The text is written from right to left: its first letter says so."""
    for character in text:
        if character < "\u0590":
            if character.isalpha():
                return False
            continue
        direction = unicodedata.bidirectional(character)
        if direction in _RIGHT_TO_LEFT:
            return True
        if direction == "L":
            return False
    return False
