"""What was said in a room lately, out of the inbox: nothing is kept for it besides."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import owner_of
from hubbub.storage.speech import MOST, message_in

# Lanes of a group's members begin alike; which room it was, the event says.
_LATELY = (
    "SELECT event FROM inbox WHERE id < :before AND id >= :before - :most"
    " AND (substr(lane, 1, length(:lane)) = :lane OR lane IN (SELECT value FROM json_each(:lanes))) ORDER BY id DESC"
)


def said(room: Room, before: int, limit: int, lanes: Sequence[str], db: sqlite3.Connection) -> list[Received]:
    """See `store.Journal.said`."""
    found: list[Received] = []
    own = owner_of(room, "", shared=True)
    where = {"before": before, "most": MOST, "lane": own, "lanes": json.dumps(list(lanes))}
    for row in db.execute(_LATELY, where):
        event = message_in(row[0], room)
        if event is not None:
            found.append(event)
            if len(found) >= limit:
                break
    return found
