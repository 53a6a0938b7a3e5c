"""A model's reply as pictures, where its reader wants that and the room can show them.

The pictures are made before the reply is stored, so a crash sends neither twice. Whatever goes wrong with them, the
reply goes out as text.
"""

from __future__ import annotations

import logging
import re
import struct
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubbub.core.errors import RenderError, StoreError
from hubbub.core.messages import File, Image, Media, Raw, Text, text_of
from hubbub.core.pictures import Card, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from hubbub.core.capabilities import Capabilities
    from hubbub.core.messages import Blob, Message
    from hubbub.core.pictures import Wish
    from hubbub.core.ports import Answer, Clock, Files, Renderer
    from hubbub.core.work import Outgoing


log = logging.getLogger(__name__)

# Where a PNG says how wide and how high it is.
_SIZE, _HEAD = struct.Struct(">II"), 24
NEVER, ALWAYS, AUTO = "never", "always", "auto"
# What text alone shows badly: code, tables, formulas.
_BETTER_SEEN: Final = re.compile(
    r"^ {0,3}(?:```|~~~)|^ {0,3}\|?[ :]*-{3,}[ :]*\|[-| :]*$"
    r"|\$\$|\\\[|\\\(|\\begin\{|(?<![\w$\\])\$[^\s$][^$\n]*[\\^_=]",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class DrawingRules:
    """``when`` neither the reader nor the room chose otherwise. From ``characters`` on, auto makes pictures.

    ``seconds``: how long pictures are kept for their delivery. ``card`` stands over each, with the time or the model
    where that is wanted.
    """

    when: str = NEVER
    characters: int = 1500
    seconds: float = 86_400.0
    card: Card | None = None
    show_time: bool = False
    show_model: bool = False
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where pictures go: whose they are, what the room can do, and what makes messages of those behind the first."""

    owner: str
    capabilities: Capabilities
    more: Callable[[Message], Sequence[Outgoing]]


class Drawing:
    """Makes pictures of answers."""

    def __init__(self, renderer: Renderer, files: Files, rules: DrawingRules, clock: Clock) -> None:
        """Nothing is started before the first picture."""
        self._renderer = renderer
        self._files = files
        self._rules = rules
        self._clock = clock

    def always(self, wish: Wish, room: str) -> bool:
        """Whether every reply is to become pictures; ``room`` is what its room's rule says."""
        return (wish.when or room or self._rules.when) == ALWAYS

    def wanted(self, wish: Wish, room: str, message: Message) -> bool:
        """Whether a reply is to become pictures; ``room`` is what its room's rule says. Quick where it is not."""
        when = wish.when or room or self._rules.when
        if when == NEVER or any(type(each) is Raw for each in message):
            return False
        text = text_of(message)
        if when == ALWAYS:
            return bool(text)
        return len(text) >= self._rules.characters or _BETTER_SEEN.search(text) is not None

    async def drawn(self, answer: Answer, wish: Wish, place: Place) -> Answer:
        """The answer with pictures for words."""
        text = text_of(answer.message)
        try:
            card = card_of(self._rules, wish, self._clock())
            blobs = await self._renderer.pictures(text, Look(wish.style, card=card, side=place.capabilities.image_side))
            images = await self._kept(blobs, text, place)
        except (RenderError, StoreError) as error:
            log.warning("a reply goes out as text: %s", error)
            return answer
        rest = tuple(each for each in answer.message if type(each) is not Text)
        sends = [each for image in images[1:] for each in place.more((image,))]
        return replace(answer, message=(*rest, images[0]), sends=(*sends, *answer.sends))

    async def _kept(self, blobs: Sequence[Blob], text: str, place: Place) -> list[Image | File]:
        """The pictures as segments; the first one says all that is on them in words."""
        found: list[Image | File] = []
        for blob in blobs:
            url = await self._files.keep(blob, self._rules.seconds, place.owner)
            media = Media(url, name=blob.name, mime=blob.mime, size=len(blob.data))
            large = 0 < place.capabilities.image_side < _longest_side(blob.data)
            as_file = large and place.capabilities.files
            found.append(File(media) if as_file else Image(media, "" if found else text))
        return found


def card_of(rules: DrawingRules, wish: Wish, now: float) -> Card | None:
    """What stands over pictures: what the settings say, and the reader's own title before the hub's."""
    if rules.card is None and not rules.show_time and not rules.show_model and not wish.title:
        return None
    card = rules.card or Card()
    return replace(
        card,
        title=wish.title or card.title,
        time=f"{datetime.fromtimestamp(now, rules.zone):%Y-%m-%d %H:%M}" if rules.show_time else "",
        model=wish.model if rules.show_model else "",
    )


def _longest_side(png: bytes) -> int:
    """Width or height of a PNG, in pixels."""
    return max(_SIZE.unpack_from(png, 16)) if len(png) >= _HEAD else 0
