"""English sentences about what happens in rooms, and what is done there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "act.refused": "That did not work: the platform refused it.",
    }
)
