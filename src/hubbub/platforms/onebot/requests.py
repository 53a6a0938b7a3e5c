"""OneBot's requests as the hub's events. Pure."""

from __future__ import annotations

from hubbub.core.acts import RequestKind
from hubbub.core.events import Requested
from hubbub.core.identities import Author
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.fields import identity_of, needed, room_of, time_of
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject

_REQUESTS: dict[tuple[str, str], RequestKind] = {
    ("friend", ""): "friend",
    ("group", "add"): "join",
    ("group", "invite"): "invite",
}
_BEFORE_ANSWER = "答案："


def read_request(frame: WireObject, account: str, now: float) -> Requested:
    """The event of a request. Raises BadFrame."""
    time = time_of(frame, now)
    user = needed(frame, "user_id")
    kind = scalar(frame.get("request_type"))
    found = _REQUESTS.get((kind, scalar(frame.get("sub_type")) if kind == "group" else ""))
    if found is None:
        raise BadFrame(Flaw.UNKNOWN, kind[:50])
    ticket, comment = needed(frame, "flag"), scalar(frame.get("comment"))
    identity, room = identity_of(frame, time, "flag"), room_of(frame, account, user)
    return Requested(identity, room, Author(user), time, found, ticket, comment, _answer(comment))


def _answer(comment: str) -> str | None:
    """What somebody answered to the question of a group, which QQ writes before it; None where there is none."""
    _, sign, answer = comment.rpartition(_BEFORE_ANSWER)
    return answer if sign else None
