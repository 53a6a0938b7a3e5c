"""The families of commands that every hub has."""

from typing import Final

from hubbub.commands import basics, conversation

BUILTIN: Final = (*basics.COMMANDS, *conversation.COMMANDS)
