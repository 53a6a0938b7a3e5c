"""What the Repeater's API calls on besides a store: in memory, and as strict as the contracts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hubbub.api.flat import flat_png
from hubbub.api.repeater_parts import RepeaterParts, RepeaterSettings
from hubbub.conversations.userdata import UserData
from hubbub.conversations.users import owner_of_user
from hubbub.conversations.variables import Variables, expand
from hubbub.core.calls import CallQuery, LoggedCall, ModelCall
from hubbub.core.events import Received
from hubbub.core.messages import Blob, Message, Raw, Text, text_of
from hubbub.core.pictures import Wish
from tests.fakes.memory import MemoryConversations


@dataclass
class MemoryFiles:
    kept: dict[str, tuple[Blob, float]] = field(default_factory=dict)

    async def put(self, file_id: str, blob: Blob, expires_at: float, owner: str = "", most: int = 0) -> None:
        self.kept[file_id] = (blob, expires_at)

    async def get(self, file_id: str, now: float) -> Blob | None:
        blob, expires_at = self.kept.get(file_id, (None, 0.0))
        return blob if expires_at > now else None


@dataclass
class MemoryCalls:
    """In the order of their times; a page is never longer than it may be."""

    kept: list[LoggedCall] = field(default_factory=list)

    async def add(self, calls: Sequence[ModelCall]) -> int:
        self.kept += [LoggedCall(len(self.kept) + 1 + at, call) for at, call in enumerate(calls)]
        self.kept.sort(key=lambda each: each.place)
        return len(calls)

    async def find(self, query: CallQuery) -> Sequence[LoggedCall]:
        found = [
            each
            for each in self.kept
            if query.owner in ("", each.call.owner)
            and query.model in ("", each.call.model)
            and query.since <= each.call.at < query.until
            and (query.after is None or each.place > query.after)
        ]
        return found[: query.limit]


@dataclass
class Asked:
    """What the API did besides reading and writing."""

    reloaded: int = 0
    recalled: list[Received] = field(default_factory=list)
    broken: Exception | None = None

    async def reload(self) -> None:
        if self.broken is not None:
            raise self.broken
        self.reloaded += 1


class PaperPictures:
    styles = frozenset(("light", "dark"))

    def __init__(self) -> None:
        self.drawn: list[tuple[str, Wish]] = []
        self.broken: Exception | None = None

    async def png(self, markdown: str, wish: Wish) -> bytes:
        if self.broken is not None:
            raise self.broken
        self.drawn.append((markdown, wish))
        return flat_png(4, 4, b"\xff\xff\xff")


async def expanded(owner: str, user_id: str, user_name: str, text: str) -> str:
    return expand(text, Variables(user_id, user_name, "nomodel", "Hubbub", "1", (2024, 6, 28), time.time()))


def parts(
    conversations: MemoryConversations, asked: Asked | None = None, pictures: PaperPictures | None = None, **given: Any
) -> RepeaterParts:
    """``given``: settings that are not as they are by themselves."""
    asked = asked or Asked()
    return RepeaterParts(
        data=UserData(conversations, time.time),
        owner_of=partial(owner_of_user, home=""),
        nickname=lambda name, user_id: {"Robert": "Bob", "u9": "Nine"}.get(name) or name,
        expand=expanded,
        reload=asked.reload,
        recall=asked.recalled.append,
        pictures=pictures or PaperPictures(),
        settings=RepeaterSettings(**given),
    )


def completion(event: Received) -> Message:
    """An answer as the chat gives it to this API; words of the hub to everybody else."""
    text = f"echo: {text_of(event.message)}"
    if "completion" not in event.options:
        return (Text(text),)
    answer = {
        "content": text,
        "reasoning_content": "think ",
        "model_name": "Deepseek V3",
        "model_type": event.options.get("model", "chat"),
        "model_id": "deepseek-chat",
        "model": "main",
    }
    return (Text(text), Raw("http", "answer", answer))
