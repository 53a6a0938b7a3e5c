"""How a picture by tags is shown."""

from __future__ import annotations

from hubbub.commands.album import shown
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import Forward, Image, Media, Node, Text

PICTURE = Image(Media("hub:1"), alt="Night")


def test_words_and_picture_where_there_are_no_bundles() -> None:
    text = Text("tags:[cat]", verbatim=True)
    assert shown(PICTURE, "tags:[cat]", Capabilities(images=True), "me") == (text, PICTURE)
    bundle = Forward((Node("me", "", (text,)), Node("me", "", (PICTURE,))))
    assert shown(PICTURE, "tags:[cat]", Capabilities(images=True, forwards=True), "me") == (bundle,)
