"""What commands have the hub do beside talking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.acts import Decision, Mute, Poke, TakeBack
from hubbub.core.capabilities import Delivery
from hubbub.core.ports import CanDecide, CanDelete, CanMute, CanPoke
from hubbub.core.work import Outgoing

if TYPE_CHECKING:
    from hubbub.core.acts import Act
    from hubbub.core.addresses import Room
    from hubbub.core.messages import Message


def able(platform: object, act: type[Act]) -> bool:
    """Whether a platform has the ability for acts of a kind."""
    ability: type = {Mute: CanMute, Poke: CanPoke, TakeBack: CanDelete, Decision: CanDecide}[act]
    return isinstance(platform, ability)


def deed(room: Room, message: Message, entry: int) -> Outgoing:
    """A message that begins with a `Do`, as a unit sends it.

    What a platform says of repeated messages does not hold for acts, so what was cut off is never done again by
    itself: it is listed as unknown.
    """
    return Outgoing(room, message, delivery=Delivery.BLIND, entry=entry)
