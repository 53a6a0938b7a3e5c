"""Conversations as files that people keep: Markdown to read, JSON for programs. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.contexts import body_of
from hubbub.conversations.shelf import first_words, turns_of
from hubbub.conversations.zones import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch

Format = Literal["markdown", "json"]
MIME = {"markdown": "text/markdown", "json": "application/json"}
SUFFIX = {"markdown": "md", "json": "json"}


@dataclass(frozen=True, slots=True)
class Titles:
    """What stands over parts of an export, in the reader's language. ``exported`` has the time in it already."""

    exported: str
    user: str
    assistant: str
    empty: str


def as_json(owner: str, branches: Sequence[Branch], now: float) -> str:
    """Conversations that were read whole, with all that is kept of every turn."""
    conversations = [
        {
            "name": branch.name,
            "updated_at": branch.updated_at,
            "turns": [{**body_of(turn), "time": turn.time} for turn in turns_of(branch)],
        }
        for branch in branches
    ]
    found = {"owner": owner, "exported_at": now, "conversations": conversations}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def as_markdown(branches: Sequence[Branch], titles: Titles, zone: tzinfo | None) -> str:
    """Conversations that were read whole, as a person reads them."""
    parts = [_conversation(branch, titles, zone) for branch in branches]
    return "\n\n".join([titles.exported, *parts]) + "\n"


def _conversation(branch: Branch, titles: Titles, zone: tzinfo | None) -> str:
    begin = first_words(branch)
    head = f"# {branch.name}" + (f": {begin}" if begin else "")
    turns = turns_of(branch)
    return "\n\n".join([head, *(_turn(turn, titles, zone) for turn in turns)] if turns else [head, titles.empty])


def _turn(turn: Turn, titles: Titles, zone: tzinfo | None) -> str:
    who = {"user": turn.name or titles.user, "assistant": titles.assistant}.get(turn.role, turn.role)
    model = f" ({turn.model})" if turn.model else ""
    when = f", {shown(turn.time, zone)}" if turn.time else ""
    pictures = "".join(f"\n\n![]({media.url})" for media in turn.images if media.url)
    return f"## {who}{model}{when}\n\n{turn.content}{pictures}".rstrip()
