"""What a room of a platform can do: data that translation and delivery read, never a platform's name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Delivery(StrEnum):
    """What may be done with a message whose sending was cut off.

    IDEMPOTENT: a key makes a second sending harmless, so it is sent again.
    EDITABLE: as BLIND, and what was sent can be edited afterwards.
    BLIND: nobody can tell whether it arrived: it is listed as unknown, not sent again (unless a setting says so).
    WINDOW: the platform fetches the answer itself; it is kept and every retry gets the same one.
    """

    IDEMPOTENT = "idempotent"
    EDITABLE = "editable"
    BLIND = "blind"
    WINDOW = "window"


LengthUnit = Literal["characters", "utf16", "bytes"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Limits and abilities of a room.

    ``max_length`` counts ``length_unit`` of one message's text (0: no limit). ``markdown`` names the dialect that
    `hubbub.markup` writes ("none": plain text). ``reply_within``: seconds in which a reply must be fetched, or None.
    ``quotes_call``: whoever is quoted is told of it, as of a mention.
    ``links``, ``locations`` and ``contacts``: a shared page, a place and somebody's card are shown as what they are.
    ``image_side``: pixels; a picture with a longer side is made smaller by the platform, a file is not (0: neither is).
    ``buttons``: how many one message may have (0: none).
    ``streams``: an answer may be shown while it is written, by editing one message (`ports.CanEdit`), at most every
    ``edit_every`` seconds. ``calls_per_second``: most messages and edits together of one account (0: no limit).
    ``bundle_over``: text of more characters goes out as a bundle of messages, where there are bundles (0: never).
    ``apart``: a message is words or one file, never both, and of files never two.
    ``resend_unknown``: the owner prefers a possible duplicate to a possible loss.
    """

    delivery: Delivery = Delivery.BLIND
    max_length: int = 0
    length_unit: LengthUnit = "characters"
    markdown: str = "none"
    mentions: bool = False
    quotes: bool = False
    quotes_call: bool = False
    images: bool = False
    image_side: int = 0
    files: bool = False
    audio: bool = False
    video: bool = False
    links: bool = False
    locations: bool = False
    contacts: bool = False
    apart: bool = False
    forwards: bool = False
    bundle_over: int = 0
    buttons: int = 0
    streams: bool = False
    edit_every: float = 1.0
    calls_per_second: float = 0.0
    reply_within: float | None = None
    resend_unknown: bool = False

    @property
    def promise(self) -> Delivery:
        """The delivery class that holds here, with the owner's preference taken into account."""
        blind = self.delivery in (Delivery.BLIND, Delivery.EDITABLE)
        return Delivery.IDEMPOTENT if self.resend_unknown and blind else self.delivery
