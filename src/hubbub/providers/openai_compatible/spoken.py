"""What was said in a conversation, encoded once: a question that goes on with it is encoded alone.

Turns never change, so what was encoded for the last question of a conversation stays right as far as all of that is
said again. They are mostly the very objects, which compares at once; one between them may be said otherwise this time,
without its picture.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

import orjson

from hubbub.providers.openai_compatible.wire import message_of

if TYPE_CHECKING:
    from hubbub.core.turns import Turn

_MOST_BYTES = 3_000_000
_SHORT = 8


class Spoken:
    """The messages of requests as JSON, with a memory of the conversations that went on lately."""

    def __init__(self, most: int = _MOST_BYTES, *, thoughts: bool = False) -> None:
        """Remember at most so many bytes; the conversations that rested longest are forgotten first.

        ``thoughts``: see `message_of`.
        """
        self._most = most
        self.thoughts = thoughts
        self._message = partial(message_of, thoughts=True) if thoughts else message_of
        self._size = 0
        self._known: OrderedDict[str, tuple[tuple[Turn, ...], bytes]] = OrderedDict()

    def messages(self, key: str, turns: tuple[Turn, ...]) -> list[object]:
        """What `orjson` writes as the list of messages; ``key`` tells conversations apart ("": not remembered)."""
        begin = 1 if turns and turns[0].role == "system" else 0
        said = turns[begin:-1]
        if not key or len(said) < _SHORT:
            return [self._message(turn) for turn in turns]
        data = self._encoded(key, said)
        return [*map(self._message, turns[:begin]), orjson.Fragment(data), self._message(turns[-1])]

    def _encoded(self, key: str, said: tuple[Turn, ...]) -> bytes:
        known, data = self._known.pop(key, ((), b""))
        self._size -= len(data)
        count = len(known)
        if known and said[:count] == known:
            if count < len(said):
                data = b"%b,%b" % (data, self._joined(said[count:]))
        else:
            data = self._joined(said)
        self._known[key] = (said, data)
        self._size += len(data)
        while self._size > self._most:
            _, (_, dropped) = self._known.popitem(last=False)
            self._size -= len(dropped)
        return data

    def _joined(self, turns: tuple[Turn, ...]) -> bytes:
        """Messages as they stand in a list, without its brackets."""
        return orjson.dumps([self._message(turn) for turn in turns])[1:-1]
