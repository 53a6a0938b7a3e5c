"""What the settings say of the bot's manners."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.acts import RequestKind

Policy = Literal["ignore", "approve", "reject", "ask"]
OnPoke = Literal["off", "poke", "words"]
OnRecall = Literal["off", "log", "tell"]
Occasion = Literal["welcome", "farewell"]

OFF, ON = "off", "on"
"""Instead of words for an occasion: none, or the hub's own."""


@dataclass(frozen=True, slots=True)
class MannersRules:
    """``words``: for occasions, `OFF`, `ON` or a text with marks.

    ``policies``: what is done with requests of a kind. ``approve_words``: one of them in a request's comment lets in,
    whatever the policy. ``filters``: what is answered to messages with a word in them, "" nothing. ``overhear``: to
    messages of groups, too, that are not for the bot.
    """

    words: Mapping[Occasion, str] = field(default_factory=dict)
    on_poke: OnPoke = "off"
    poke_words: tuple[str, ...] = ()
    on_recall: OnRecall = "off"
    policies: Mapping[RequestKind, Policy] = field(default_factory=dict)
    approve_words: tuple[str, ...] = ()
    friend_remark: str = ""
    reject_reason: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    overhear: bool = False
