"""What is done with one accepted event: a command, an answer of a model, or nothing; as one unit for the store."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from hubbub.bridge.triggers import Triggers
from hubbub.chat.answer import Chat
from hubbub.commands.registry import Commands
from hubbub.core.ports import Answer, Control, Platform, Streamed, Streams
from hubbub.dispatch.delivery import Sender

log = logging.getLogger(__name__)

_NOTHING = Answer()
_END = Streamed(end=True)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the road leads: what the composition root puts together."""

    commands: Commands
    chat: Chat
    triggers: Triggers
    platforms: Mapping[str, Platform]
    streams: Streams
    language: str = "en"


class Road:
    """Handles entries for the `Dispatcher`."""

    def __init__(self, ways: Ways, sender: Sender) -> None:
        """``sender`` takes what is stored."""
        self._ways = ways
        self._sender = sender
        self.control: Control | None = None
        """For commands; set by the composition root, which is built around this."""
