"""The families of commands that every hub has, in the order in which help lists them."""

from typing import Final

from hubbub.commands import (
    administration,
    audit,
    basics,
    conversation,
    exporting,
    forgetting,
    looks,
    models,
    operations,
    people,
    preferences,
    prompts,
    roles,
    rooms,
    shelf,
    statistics,
    usage,
)

BUILTIN: Final = (
    *basics.COMMANDS,
    *conversation.COMMANDS,
    *shelf.COMMANDS,
    *models.COMMANDS,
    *prompts.COMMANDS,
    *roles.COMMANDS,
    *preferences.COMMANDS,
    *usage.COMMANDS,
    *looks.COMMANDS,
    *exporting.COMMANDS,
    *forgetting.COMMANDS,
    *rooms.COMMANDS,
    *people.COMMANDS,
    *administration.COMMANDS,
    *statistics.COMMANDS,
    *audit.COMMANDS,
    *operations.COMMANDS,
)
