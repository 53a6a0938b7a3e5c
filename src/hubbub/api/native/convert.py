"""Pure: a request's body to the event it is, and rows of the store to JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from hubbub.api.callers import Caller
from hubbub.api.kept import addressed
from hubbub.api.native.wire import MessageIn
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Message, Text, summary_of, text_of
from hubbub.core.status import NodeStatus
from hubbub.core.work import GivenUp, Receipt, Row


@dataclass(frozen=True, slots=True)
class Request:
    """What comes with a body: who asks, under which key, when (seconds since the epoch), in which language."""

    caller: Caller
    key: str
    time: float
    locale: str = ""


def received(body: MessageIn, request: Request) -> Received:
    """The event of a request.

    The room is the owner's own, a conversation is a thread of it; the event's id holds the owner too, so that a key
    which two owners use never shows the one what the other was answered. A caller who is an admin of the hub has the
    role "owner" there, by which commands know one.

    Raises:
        Refused: the token is bound to another owner.
    """
    owner = request.caller.speaks_as(body.owner)
    branch = body.conversation or ""
    message: Message = (
        (Text(body.text),) if body.text is not None else tuple(segment.core() for segment in body.segments or ())
    )
    return Received(
        id=f"{quote(owner, safe='')}/{request.key}",
        room=Room("http", request.caller.id, "private", owner, branch),
        author=Author(owner, room_role="owner" if request.caller.may("admin") else "member"),
        message=message,
        time=request.time,
        message_id=request.key,
        addressed=True,
        locale=request.locale,
        owner=owner,
        branch=branch,
        options=body.options.model_dump(exclude_none=True) if body.options is not None else {},
    )


def reply_json(row: Row) -> dict[str, object]:
    """One reply; segments are dataclasses, which orjson writes as they are."""
    return {"id": row.id, "segments": addressed(row.out.message), "text": text_of(row.out.message)}


def answer_json(key: str, receipt: Receipt, rows: Sequence[Row]) -> bytes:
    """The body of a whole answer."""
    return orjson.dumps(
        {
            "id": key,
            "entry": receipt.entry.id,
            "replies": [reply_json(row) for row in rows],
            "duplicate": receipt.duplicate,
        }
    )


def given_up_json(entry: GivenUp) -> dict[str, object]:
    """One message that came in and could not be handled; what is not known of it any more is empty."""
    event = entry.event
    room = event.room if event is not None else None
    return {
        "id": entry.id,
        "platform": room.platform if room else "",
        "account": room.account if room else "",
        "room": room.key if room else "",
        "author": event.author.id if event is not None else "",
        "kind": event.type if event is not None else "",
        "text": text_of(event.message) if isinstance(event, Received) else "",
        "error": entry.error,
        "accepted_at": entry.time,
    }


def delivery_json(row: Row) -> dict[str, object]:
    """One delivery."""
    room = row.out.room
    return {
        "id": row.id,
        "platform": room.platform,
        "account": room.account,
        "room": room.key,
        "state": row.state,
        "text": summary_of(row.out.message),
        "segments": row.out.message,
        "attempts": row.attempts,
        "error": row.error,
        "entry": row.out.entry,
        "message_id": row.message_id,
        "created_at": row.created_at,
        "next_at": row.next_at,
        "told": row.told,
        "told_at": row.told_at,
    }


def node_json(node: NodeStatus) -> dict[str, object]:
    """A process on the hub's database, as the API tells it."""
    return {
        "node": node.node,
        "roles": list(node.roles),
        "address": node.address,
        "heard_at": node.heard_at,
        "conversations": node.lanes,
        "names": list(node.names),
    }
