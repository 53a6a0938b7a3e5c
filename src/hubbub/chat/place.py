"""Where a question goes: to the end of its branch, or behind an earlier turn, as the beginning of another version.

The second is asked for by the option ``behind`` of a request: ``{"branch": name, "node": id}``, where id 0 is the
beginning. The event's own branch is the new version; the named one stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.conversations.branches import since
from hubbub.core.work import MoveHead, Write

if TYPE_CHECKING:
    from hubbub.core.events import Received
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch

OPTION = "behind"


@dataclass(frozen=True, slots=True)
class Place:
    """The branch as the question finds it, and what makes it so. ``base`` is empty where it is so already."""

    branch: Branch
    base: tuple[Write, ...] = ()


async def place_of(conversations: Conversations, event: Received, owner: str, limit: int) -> Place:
    """The place of a question, with at most ``limit`` turns before it.

    What ``behind`` names but is not there counts as not named: nobody's branch ever leads into another's.
    """
    branch = await conversations.branch(owner, "context", event.branch, limit=limit)
    behind = event.options.get(OPTION)
    if not isinstance(behind, dict):
        return Place(branch)
    source = await conversations.branch(owner, "context", str(behind.get("branch", "")))
    node = behind.get("node")
    position = next((at + 1 for at, each in enumerate(source.nodes) if each.id == node), 0 if node == 0 else -1)
    if position < 0:
        return Place(branch)
    before = since(source, position)
    start = replace(before, name=branch.name, nodes=before.nodes[-limit:] if limit else before.nodes)
    return Place(start, (MoveHead(owner, "context", branch.name, start.head, "version"),))
