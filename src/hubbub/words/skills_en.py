"""English sentences of what is made for people by tools. See `hubbub.words.en`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.image.not_kept": "The picture was painted, but it cannot be kept for sending (error {id}).",
        "skill.clock": "tells the date and time, here and elsewhere",
        "skill.calculator": "works out arithmetic exactly",
        "skill.image": "paints pictures, and changes pictures that were sent",
        "skill.consent": "To let me use {names}, send {command}",
    }
)
