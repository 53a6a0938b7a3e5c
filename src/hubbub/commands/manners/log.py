"""Changes of manners as they are stored: nodes of a branch, one change each, read from the first to the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from hubbub.commands.access.rules import RESERVED
from hubbub.commands.manners.rules import Occasion
from hubbub.conversations.branches import HIDDEN
from hubbub.core.work import Append

if TYPE_CHECKING:
    from collections.abc import Iterable

OWNER = f"{RESERVED}manners"
CHANGES = f"{HIDDEN}manners"
REQUESTS = f"{HIDDEN}requests"

EVERYWHERE = "*"
"""Instead of a room's key: all rooms."""
_OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)


@dataclass(slots=True)
class Changes:
    """All that was set in a chat, as it stands: words by occasion and room, filters by room and word.

    A filter that was taken away stays as None: it holds against one of the settings.
    """

    words: dict[tuple[Occasion, str], str] = field(default_factory=dict)
    filters: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def take(self, bodies: Iterable[object]) -> None:
        """Apply changes; what is not understood is passed over."""
        for body in bodies:
            if isinstance(body, dict) and isinstance(room := body.get("room"), str):
                self._take_words(room, body)
                self._take_filter(room, body)

    def _take_words(self, room: str, body: dict[str, object]) -> None:
        words = body.get("words")
        for occasion in _OCCASIONS:
            if body.get("occasion") == occasion and isinstance(words, str):
                self.words[occasion, room] = words

    def _take_filter(self, room: str, body: dict[str, object]) -> None:
        word, answer = body.get("filter"), body.get("answer")
        if isinstance(word, str) and word and (answer is None or isinstance(answer, str)):
            self.filters.setdefault(room, {})[word] = answer


def words_body(occasion: Occasion, room: str, words: str, by: str) -> dict[str, object]:
    """Words were set for an occasion in a room; ``by`` is who said so."""
    return {"room": room, "occasion": occasion, "words": words, "by": by}


def filter_body(room: str, word: str, answer: str | None, by: str) -> dict[str, object]:
    """A filter was set or (None) taken away."""
    return {"room": room, "filter": word, "answer": answer, "by": by}


def write(branch: str, body: dict[str, object]) -> Append:
    """Store a change, behind all others, also those that somebody else stores meanwhile."""
    return Append(OWNER, "config", branch, (body,))
