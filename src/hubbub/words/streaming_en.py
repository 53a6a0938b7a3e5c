"""English sentences about answers that are shown while they are written."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.stream.help": "shows answers while they are written: on or off",
        "command.stream.how": "To change it: {command} on or {command} off",
        "command.stream.off": "Answers come when they are whole.",
        "command.stream.on": "Answers are shown while they are written.",
        "command.stream.unable": "In this chat they come when they are whole.",
    }
)
