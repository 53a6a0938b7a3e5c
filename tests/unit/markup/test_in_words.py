"""Places and cards in words."""

from __future__ import annotations

import pytest

from hubbub.core.messages import Contact, Location
from hubbub.markup.in_words import in_words


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Location(31.2304, 121.4737, "The Bund", "Shanghai"), "📍 The Bund, Shanghai (31.2304, 121.474)"),
        (Location(-1.0, 2.5), "📍 (-1, 2.5)"),
    ],
)
def test_a_place_has_its_names_and_degrees(place: Location, words: str) -> None:
    assert in_words(place) == words


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        (Contact("Bob B", ("+49301234", "110"), "20002", "BEGIN:VCARD"), "👤 Bob B +49301234 110"),
        (Contact("Bob B"), "👤 Bob B"),
        (Contact("", ("110",)), "👤 110"),
        (Contact("", user="20002"), "👤 20002"),
        (Contact(""), "👤"),
    ],
)
def test_a_card_has_name_and_numbers_or_else_whom_it_is(contact: Contact, words: str) -> None:
    assert in_words(contact) == words
