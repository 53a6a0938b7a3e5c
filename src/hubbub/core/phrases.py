"""A sentence for people, by its key in the catalogues: what it says is decided where the language is known."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phrase:
    """``key`` names the sentence in `hubbub.words`, ``values`` fill its marks."""

    key: str
    values: dict[str, object] = field(default_factory=dict)
