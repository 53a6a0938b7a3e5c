"""English sentences of what is made for people by tools. See `hubbub.words.en`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.image.not_kept": "The picture was painted, but it cannot be kept for sending (error {id}).",
        "command.tools.help": "shows the tools that I may use while I answer; switches them on and off",
        "command.tools.none": "This hub has no tools switched on.",
        "command.tools.head": "Tools that I may use while I answer:",
        "command.tools.line": "- {name}: {title} ({state})",
        "command.tools.on": "on",
        "command.tools.off": "off",
        "command.tools.asks": "waits for {command}",
        "command.tools.how": "To change it: {command} off or on; with names off, on, allow (not asking again) or ask",
        "command.tools.unknown": "There is no tool {name}. There are: {names}.",
        "skill.clock": "tells the date and time, here and elsewhere",
        "skill.calculator": "works out arithmetic exactly",
        "skill.image": "paints pictures, and changes pictures that were sent",
        "skill.consent": "To let me use {names}, send {command}",
    }
)
