"""What is done with one accepted event: a command, an answer of a model, or nothing; as one unit for the store."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hubbub.bridge.translate import fit
from hubbub.bridge.triggers import Triggers
from hubbub.chat.answer import Chat
from hubbub.chat.stop import StopSignal
from hubbub.commands.context import CommandContext
from hubbub.commands.registry import Commands
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import HubbubError
from hubbub.core.events import Event, Received, event_key
from hubbub.core.identities import Role, owner_of
from hubbub.core.messages import Message, Quote, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer, Control, Conversations, Platform, Streamed, Streams
from hubbub.core.work import Committed, Entry, Outgoing, State, Unit
from hubbub.dispatch.delivery import Sender
from hubbub.words import say

log = logging.getLogger(__name__)

_NOTHING = Answer()
_END = Streamed(end=True)
