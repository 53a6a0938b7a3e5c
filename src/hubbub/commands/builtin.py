"""The families of commands that every hub has, in the order in which help lists them."""

from typing import Final

from hubbub.commands import basics, conversation, exporting, forgetting, shelf

BUILTIN: Final = (
    *basics.COMMANDS,
    *conversation.COMMANDS,
    *shelf.COMMANDS,
    *exporting.COMMANDS,
    *forgetting.COMMANDS,
)
