"""Where a text may be cut without breaking what a reader sees as one character.

Follows the extended grapheme clusters of Unicode Annex 29 but for its rarest rules (prepended marks, conjuncts of
Indic scripts).
"""

from __future__ import annotations

import unicodedata
from typing import Final

_ZWJ: Final = "\u200d"
_JOINERS: Final = frozenset({_ZWJ, "\u200c", "\uff9e", "\uff9f"})
_LEADING: Final = ((0x1100, 0x115F), (0xA960, 0xA97C))
_VOWEL: Final = ((0x1160, 0x11A7), (0xD7B0, 0xD7C6))
_TRAILING: Final = ((0x11A8, 0x11FF), (0xD7CB, 0xD7FB))
_SYLLABLE: Final = (0xAC00, 0xD7A3)
_SYLLABLES_PER_VOWEL: Final = 28


def boundary(text: str, index: int) -> bool:
    """Whether ``text`` may be cut before ``index``; its beginning and end always are boundaries."""
    if not 0 < index < len(text):
        return True
    before, after = text[index - 1], text[index]
    if after < "\u0300" or before in "\r\n":
        return not (before == "\r" and after == "\n")
    if before == _ZWJ or _extends(after):
        return False
    if _flag(before) and _flag(after):
        return _flags_before(text, index) % 2 == 0
    return not _hangul(ord(before), ord(after))


def _extends(character: str) -> bool:
    """It is drawn into the character before it: accents, joiners, skin tones, tags of flags."""
    return (
        character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
    )


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, index: int) -> int:
    count = 0
    while count < index and _flag(text[index - 1 - count]):
        count += 1
    return count


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _hangul(before: int, after: int) -> bool:
    """Both are parts of one Korean syllable."""
    composed = _SYLLABLE[0] <= before <= _SYLLABLE[1]
    if _within(before, _LEADING):
        return _within(after, (*_LEADING, *_VOWEL, _SYLLABLE))
    open_syllable = composed and (before - _SYLLABLE[0]) % _SYLLABLES_PER_VOWEL == 0
    if _within(before, _VOWEL) or open_syllable:
        return _within(after, (*_VOWEL, *_TRAILING))
    return (composed or _within(before, _TRAILING)) and _within(after, _TRAILING)
