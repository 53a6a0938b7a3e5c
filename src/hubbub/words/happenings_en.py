"""English sentences about what happens in rooms, and what is done there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "act.mute.admin": "Whoever runs the group cannot be muted.",
        "act.mute.no_right": "I cannot mute anybody here: please make me an admin of the group.",
        "act.mute.only_groups": "People can be muted in groups only.",
        "act.refused": "That did not work: the platform refused it.",
    }
)
