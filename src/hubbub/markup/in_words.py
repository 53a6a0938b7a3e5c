"""What is no text, in words: for people and models who cannot be shown it."""

from __future__ import annotations

from hubbub.core.messages import Contact, Location


def in_words(thing: Location | Contact) -> str:
    """A place: its names and degrees. A card: name and numbers, or else who it is on the platform that it is of."""
    if isinstance(thing, Location):
        names = ", ".join(filter(None, (thing.title, thing.address)))
        return " ".join(filter(None, ("📍", names, f"({thing.latitude:.6g}, {thing.longitude:.6g})")))
    known = " ".join(filter(None, (thing.name, *thing.phones)))
    return f"👤 {known or thing.user}".strip()
