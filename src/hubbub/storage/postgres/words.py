"""Short words from process to process, on the channel by which they wake each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.storage.postgres.presence import Presence
    from hubbub.storage.postgres.signals import Signals


class ClusterWords:
    """`store.Words` over NOTIFY."""

    def __init__(self, signals: Signals, presence: Presence) -> None:
        """Nothing is told where ``presence`` knows of no others."""
        self._signals = signals
        self._presence = presence

    def tell(self, topic: str, text: str) -> None:
        """See `store.Words.tell`."""
        if self._presence.others:
            self._signals.word(topic, text)

    def hear(self, topic: str, hearer: Callable[[str], None]) -> None:
        """See `store.Words.hear`."""
        self._signals.hear(topic, hearer)
