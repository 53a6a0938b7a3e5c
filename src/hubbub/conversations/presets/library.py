"""Reading presets: those of the hub by language, and a folder of ``NAME.txt`` and of lists ``[{"act", "prompt"}]``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LANGUAGES = ("zh", "en")
_HERE = Path(__file__).parent
LONGEST = 100_000
"""Characters of one preset; longer files are left out."""
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Presets:
    """``texts`` by name; ``other`` by name and language, where it differs. ``faults``: what is left out."""

    texts: Mapping[str, str] = field(default_factory=dict)
    other: Mapping[tuple[str, str], str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def text(self, name: str, language: str) -> str:
        """A preset in a language if there is one in it, else as it is; "" if there is none."""
        return self.other.get((name, language)) or self.texts.get(name, "")

    def with_more(self, texts: Mapping[str, str]) -> Presets:
        """These, and others that take the place of those of the same name."""
        other = {key: text for key, text in self.other.items() if key[0] not in texts}
        return Presets({**self.texts, **texts}, other, self.faults)


def shipped() -> Presets:
    """Those of the hub; without a language they are Chinese."""
    other = {(name, language): text for language in LANGUAGES for name, text in _texts(language)}
    return Presets({name: text for (name, language), text in other.items() if language == LANGUAGES[0]}, other)


def of_folder(folder: Path) -> Presets:
    """Those of a folder; none where there is no folder."""
    texts: dict[str, str] = {}
    faults: list[str] = []
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            if file.suffix == ".txt" and file.stat().st_size <= _MOST_BYTES:
                texts[file.stem] = _bounded(file.read_text(encoding="utf-8-sig"))
            elif file.suffix == ".json" and file.stat().st_size <= _MOST_BYTES:
                texts |= of_acts(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            faults.append(f"{file}: no preset, left out: {str(error)[:200]}")
    return Presets({name: text for name, text in texts.items() if text}, {}, tuple(faults))


def of_acts(text: str) -> dict[str, str]:
    """Those of a list ``[{"act": name, "prompt": text}]``; entries of another form are passed over.

    Raises:
        ValueError: it is no JSON list.
    """
    found = json.loads(text)
    if not isinstance(found, list):
        message = 'should be a list of {"act", "prompt"}'
        raise ValueError(message)  # noqa: TRY004 - one kind of fault for all of a file
    pairs = ((each.get("act"), each.get("prompt")) for each in found if isinstance(each, dict))
    return {
        name.strip(): _bounded(prompt)
        for name, prompt in pairs
        if isinstance(name, str) and isinstance(prompt, str) and name.strip() and prompt.strip()
    }


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        message = f"more than {LONGEST} characters"
        raise ValueError(message)
    return text.strip()


def _texts(language: str) -> Iterator[tuple[str, str]]:
    for file in sorted((_HERE / language).glob("*.txt")):
        yield file.stem, file.read_text(encoding="utf-8").strip()
