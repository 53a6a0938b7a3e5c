"""English sentences about the role of the model and about pictures that a model paints."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.help.menu": (
            "This is the menu:\n"
            "@help: this menu\n"
            "@clear: begin a new conversation, without a role\n"
            "@image: a picture by your description, such as @image a black cat\n"
            "@prompt-set: give me a role, such as @prompt-set You are an experienced programmer\n"
            "@export: your conversation as a file\n"
            "All commands: /help. Everything else goes to the model as a question."
        ),
        "command.prompt_set.help": "give the model a role: {prefix}prompt-set You are a seasoned programmer",
        "command.prompt_set.done": "As you wish.",
        "command.image.help": "a picture by description: {prefix}image a black cat; changed: {prefix}image edit TEXT",
        "command.image.none": "No model that paints is set; please ask the admin.",
        "command.image.no_room": "No pictures can be sent here.",
        "command.image.which": "There is no picture to change; please send one first.",
        "command.image.failed": "There is no picture this time, please try later (error {id}).",
        "command.clear.done": 'A new conversation has begun; "@prompt-set ROLE" gives me another role.',
    }
)
