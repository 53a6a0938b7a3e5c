"""English sentences about rooms and the people in them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "buttons.choose": "Choose",
        "buttons.retry": "Try again",
        "slash.text": "what stands behind the command",
        "command.start.help": "tells in short who I am",
        "command.start": (
            "Hello! I am an assistant: write to me, send me a picture or a voice message, and I answer.\n"
            "In groups, mention me or reply to me. {command} lists what else I can do."
        ),
        "command.me.help": "tells what the platform tells me about you",
        "command.me": (
            "ID: {id}\nName: {name}\nUser name: {username}\nBot: {bot}\nRole here: {role}\nLanguage: {language}"
        ),
        "command.admin.help": "calls those who run this group",
        "command.admin.called": "{name} asks for you.",
        "command.admin.nobody": "Nobody runs this group but bots.",
        "command.admin.unknown": "I cannot find out who runs this group.",
        "command.banme.help": "silences you for a few seconds, if you dare",
        "command.banme.done": "{name}, you are silent for {seconds} seconds.",
        "command.banme.cannot": "I can silence nobody on this platform.",
        "command.me.yes": "yes",
        "command.me.no": "no",
    }
)
