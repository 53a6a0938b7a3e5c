"""A sentence for people, by its key in the catalogues: what it says is decided where the language is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Phrase:
    """``key`` names the sentence in `hubbub.words`, ``values`` fill its marks."""

    key: str
    values: dict[str, object] = field(default_factory=dict)


Sentence: TypeAlias = "Phrase | str"
"""What is said in the reader's language where it can be, and as it is where it came from elsewhere."""
