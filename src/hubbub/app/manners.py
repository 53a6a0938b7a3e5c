"""How the bot behaves in rooms, as the settings say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.commands.manners.rules import MannersRules

if TYPE_CHECKING:
    from hubbub.settings import Settings


def manners_of(settings: Settings) -> MannersRules:
    """What is done beside answering."""
    given = settings.manners
    return MannersRules(
        words={"welcome": given.welcome, "farewell": given.farewell},
        on_poke=given.poke,
        poke_words=given.poke_words,
        on_recall=given.recalled,
        policies={"friend": given.friend_requests, "join": given.join_requests, "invite": given.invites},
        approve_words=tuple(word for word in given.approve_words if word),
        friend_remark=given.friend_remark,
        reject_reason=given.reject_reason,
        filters={word: answer for word, answer in given.filters.items() if word},
        overhear=given.overhear,
    )
