"""A thread is a conversation of its own: a branch among the contexts of whoever writes there.

Prompts, settings and limits are the person's in the whole group, so that nobody sets them anew in every thread, and
nobody has more of the hub by opening threads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.core.events import Received


def placed(event: Received) -> Received:
    """A message on the branch of the thread that it was said in; as it is where it was said in none."""
    room = event.room
    if not room.thread or event.branch:
        return event
    return replace(event, branch=f"{room.id}/{room.thread}")
