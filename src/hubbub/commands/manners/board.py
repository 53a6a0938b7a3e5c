"""The one place that knows how the bot behaves in which room."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.manners import log
from hubbub.commands.manners.requests import MOST, Requests, decided_body
from hubbub.commands.manners.rules import OFF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.commands.manners.requests import Asked
    from hubbub.commands.manners.rules import MannersRules, Occasion
    from hubbub.core.addresses import Room
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations
    from hubbub.core.work import Append


class Board:
    """Knows in memory what is stored; `load` reads it, and changes take effect as they are made.

    A change that was made elsewhere (another process on the same data) counts after the next `load`.
    """

    def __init__(self, conversations: Conversations, rules: MannersRules, clock: Clock) -> None:
        """Nothing is read before `load`."""
        self._conversations = conversations
        self._clock = clock
        self._changes = log.Changes()
        self._requests = Requests()
        self._heads = (0, 0)
        self.use(rules)

    def use(self, rules: MannersRules) -> None:
        """Go by other settings from now on."""
        self.rules = rules
        self._settle()

    async def load(self) -> None:
        """Read what is stored, if it changed since. Raises StoreError."""
        changes = await self._conversations.branch(log.OWNER, "config", log.CHANGES)
        requests = await self._conversations.branch(log.OWNER, "config", log.REQUESTS, limit=2 * MOST)
        heads = (changes.head, requests.head)
        if heads == self._heads:
            return
        self._heads = heads
        self._changes = log.Changes()
        self._changes.take(node.body for node in changes.nodes)
        self._requests = Requests()
        self._requests.take((node.body for node in requests.nodes), self._clock())
        self._settle()

    def _settle(self) -> None:
        """Filters that hold everywhere, as they stand."""
        everywhere = {word.casefold(): answer for word, answer in self.rules.filters.items()}
        self._everywhere = _over(everywhere, self._changes.filters.get(log.EVERYWHERE, {}))
        self.filters_at_all = bool(self._everywhere or self._changes.filters)
        """There may be something for `filtered` to find."""

    # --- words for occasions -------------------------------------------------------------------------------------

    def words(self, occasion: Occasion, room: Room) -> str:
        """What is said in a room on an occasion: `rules.OFF`, `rules.ON` or a text."""
        found = self._changes.words.get((occasion, _key(room)))
        return found if found is not None else self.rules.words.get(occasion, "") or OFF

    def set_words(self, occasion: Occasion, room: Room, words: str, by: str) -> Append:
        """Say something else there; returns what is to be stored."""
        return self._change(log.words_body(occasion, _key(room), words, by))

    # --- filters -------------------------------------------------------------------------------------------------

    def filtered(self, room: Room, text: str) -> str | None:
        """What is answered to a text with a filtered word in it, "" for nothing; None where there is no such word."""
        lowered = text.casefold()
        for filters in (self.filters(room), self._everywhere):
            for word, answer in filters.items():
                if word in lowered:
                    return answer
        return None

    def filters(self, room: Room | None) -> Mapping[str, str]:
        """Words of a room's own, or (None) those that hold everywhere, with their answers."""
        if room is None:
            return self._everywhere
        own = self._changes.filters.get(_key(room))
        return _over({}, own) if own else {}

    def set_filter(self, room: Room | None, word: str, answer: str | None, by: str) -> Append:
        """Filter a word, or (None) let it pass again; returns what is to be stored."""
        key = log.EVERYWHERE if room is None else _key(room)
        return self._change(log.filter_body(key, word.casefold(), answer, by))

    def _change(self, body: dict[str, object]) -> Append:
        self._changes.take((body,))
        self._settle()
        return log.write(log.CHANGES, body)

    # --- requests ------------------------------------------------------------------------------------------------

    def ask(self, asked: Asked) -> Append:
        """Let a request wait for an admin; returns what is to be stored."""
        return self._requested(asked.body())

    def waiting(self) -> tuple[Asked, ...]:
        """Requests that wait."""
        return self._requests.all(self._clock())

    def find(self, code: str) -> Asked | None:
        """The request of a code that waits."""
        return self._requests.find(code, self._clock())

    def decide(self, asked: Asked, by: str, *, approve: bool) -> Append:
        """It waits no more; returns what is to be stored."""
        return self._requested(decided_body(asked.code, by, approve=approve))

    def _requested(self, body: dict[str, object]) -> Append:
        self._requests.take((body,), self._clock())
        return log.write(log.REQUESTS, body)


def _over(settings: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """What was set, with what was changed over it."""
    return {word: answer for word, answer in {**settings, **changes}.items() if answer is not None}


def _key(room: Room) -> str:
    """A room with all its threads."""
    return (replace(room, thread="") if room.thread else room).key
