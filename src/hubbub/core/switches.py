"""How people switch a room (`/room`), as it is stored and read in more than one place."""

from typing import Final

INHERIT: Final = "inherit"
"""A switch that takes back what was switched: a thread is as its room, a room as the settings say."""
KEYWORD: Final = "word:"
"""A switch that begins so goes on with a word, by which messages of the room call the bot."""
