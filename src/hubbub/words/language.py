"""Which language a person is answered in."""

from __future__ import annotations

from hubbub.words.say import languages

_LAST_RESORT = "en"
_KNOWN = frozenset(languages())

# Unified ideographs with extension A, and the supplementary planes that hold the rest.
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF))
_KANA = (0x3041, 0x30FF)


def choose(*candidates: str) -> str:
    """The first candidate that there is a catalogue for, English if there is none.

    Candidates are language tags of any spelling ("zh", "zh-CN", "zh_Hant_TW.UTF-8", "en-GB"); empty and unknown ones
    are passed over. The last one is usually the hub's own setting.
    """
    for candidate in candidates:
        if candidate in _KNOWN:
            return candidate
        if candidate:
            primary = candidate.replace("_", "-").partition("-")[0].lower()
            if primary in _KNOWN:
                return primary
    return _LAST_RESORT


def guess(text: str) -> str:
    """The language that a text shows by its script: "zh" for Chinese characters, "" where nothing is certain.

    Looks at the first 200 characters. Latin letters say nothing: commands are written with them in every language.
    """
    if text.isascii():
        return ""
    han = False
    for character in text[:200]:
        code = ord(character)
        if _KANA[0] <= code <= _KANA[1]:
            return ""
        han = han or any(first <= code <= last for first, last in _HAN)
    return "zh" if han else ""
