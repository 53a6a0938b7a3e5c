"""A phrase in a language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hubbub.core.phrases import Phrase, Sentence
from hubbub.words import (
    assistant_en,
    assistant_zh,
    commands_en,
    commands_zh,
    en,
    happenings_en,
    happenings_zh,
    nodes_en,
    nodes_zh,
    pages_en,
    pages_zh,
    people_en,
    people_zh,
    pictures_en,
    pictures_zh,
    roles_en,
    roles_zh,
    rooms_en,
    rooms_zh,
    skills_en,
    skills_zh,
    streaming_en,
    streaming_zh,
    userdata_en,
    userdata_zh,
    zh,
)

# The first one is the language of last resort: sentences of unknown languages are looked up there.
CATALOGUES: Final = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                **assistant_en.SENTENCES,
                **en.SENTENCES,
                **commands_en.SENTENCES,
                **happenings_en.SENTENCES,
                **nodes_en.SENTENCES,
                **pages_en.SENTENCES,
                **people_en.SENTENCES,
                **pictures_en.SENTENCES,
                **roles_en.SENTENCES,
                **rooms_en.SENTENCES,
                **skills_en.SENTENCES,
                **streaming_en.SENTENCES,
                **userdata_en.SENTENCES,
            }
        ),
        "zh": MappingProxyType(
            {
                **assistant_zh.SENTENCES,
                **zh.SENTENCES,
                **commands_zh.SENTENCES,
                **happenings_zh.SENTENCES,
                **nodes_zh.SENTENCES,
                **pages_zh.SENTENCES,
                **people_zh.SENTENCES,
                **pictures_zh.SENTENCES,
                **roles_zh.SENTENCES,
                **rooms_zh.SENTENCES,
                **skills_zh.SENTENCES,
                **streaming_zh.SENTENCES,
                **userdata_zh.SENTENCES,
            }
        ),
    }
)
_LAST_RESORT: Final = CATALOGUES["en"]


class _Values(dict[str, object]):
    """The values of a phrase; a mark without one stays visible as it is written."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def languages() -> tuple[str, ...]:
    """The languages that there is a catalogue for."""
    return tuple(CATALOGUES)


def filled(sentence: str, values: Mapping[str, object]) -> str:
    """A sentence that somebody wrote themselves, its marks filled; as it is where its braces are none."""
    try:
        return sentence.format_map(_Values(values))
    except (ValueError, IndexError, AttributeError, KeyError, TypeError):
        return sentence


def say(phrase: Sentence, language: str) -> str:
    """The sentence of a phrase, its marks filled; plain text is said as it is.

    Values that are phrases are said in the same language. Never raises: a key that no catalogue has is said as
    itself, because it is on its way to a person already (a test holds that there is none).
    """
    if isinstance(phrase, str):
        return phrase
    sentence = CATALOGUES.get(language, _LAST_RESORT).get(phrase.key)
    if sentence is None:
        return phrase.key
    values = _Values(phrase.values)
    for name, value in phrase.values.items():
        if isinstance(value, Phrase):
            values[name] = say(value, language)
    return sentence.format_map(values)
