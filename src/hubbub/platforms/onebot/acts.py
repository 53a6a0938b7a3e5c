"""What the hub does in rooms by OneBot's actions: muting, poking, deciding on requests, asking for bundles."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import DeliveryError, MediaError, UserError
from hubbub.core.phrases import Phrase
from hubbub.platforms.onebot.actions import number
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.segments import read_bundle, read_said
from hubbub.platforms.onebot.wire import CallError

if TYPE_CHECKING:
    from hubbub.core.acts import Decision
    from hubbub.core.addresses import Room
    from hubbub.core.messages import Forward, Node
    from hubbub.platforms.onebot.accounts import Line
    from hubbub.platforms.onebot.wire import WireObject

log = logging.getLogger(__name__)

_RUN_ROOMS = ("owner", "admin")
_LONGEST_MUTE = 30 * 86_400 - 60


async def mute(line: Line, room: Room, user: str, seconds: int) -> None:
    """See `ports.CanMute.mute`. Only an owner silences admins, and nobody an owner."""
    if room.kind != "group":
        raise UserError(Phrase("act.mute.only_groups"))
    mine, theirs = await _role(line, room, room.account), await _role(line, room, user)
    if mine and mine not in _RUN_ROOMS:
        raise UserError(Phrase("act.mute.no_right"))
    if theirs == "owner" or (theirs == "admin" and mine != "owner"):
        raise UserError(Phrase("act.mute.admin"))
    params = {"group_id": number(room.id), "user_id": number(user), "duration": min(seconds, _LONGEST_MUTE)}
    await _once(line, "set_group_ban", params)


async def _role(line: Line, room: Room, user: str) -> str:
    """What a member is in a group; "" where that cannot be told."""
    params = {"group_id": number(room.id), "user_id": number(user), "no_cache": True}
    try:
        found = await line.call("get_group_member_info", params)
    except DeliveryError as error:
        log.debug("the role of %s in %s is not known: %s", user, room.key, error)
        return ""
    return scalar(found.get("role")) if isinstance(found, dict) else ""


async def poke(line: Line, room: Room, user: str) -> None:
    """See `ports.CanPoke.poke`. go-cqhttp has it as a segment of a message, and in groups only."""
    group = room.kind == "group"
    target: WireObject = {"user_id": number(user)}
    if group:
        target["group_id"] = number(room.id)
    try:
        await _once(line, "group_poke" if group else "friend_poke", target)
    except DeliveryError as error:
        if not (group and isinstance(error.__cause__, CallError) and error.__cause__.unsupported):
            raise
        segment = {"type": "poke", "data": {"qq": user}}
        await _once(line, "send_group_msg", {"group_id": number(room.id), "message": [segment]})


async def decide(line: Line, decision: Decision) -> None:
    """See `ports.CanDecide.decide`."""
    params: WireObject = {"flag": decision.ticket, "approve": decision.approve}
    if decision.kind == "friend":
        if decision.words and decision.approve:
            params["remark"] = decision.words
        await _once(line, "set_friend_add_request", params)
        return
    params["sub_type"] = "add" if decision.kind == "join" else "invite"
    if decision.words and not decision.approve:
        params["reason"] = decision.words
    await _once(line, "set_group_add_request", params)


async def unfold(line: Line, bundle: Forward) -> Forward:
    """See `ports.CanUnfold.unfold`. The standard calls its id ``id``, go-cqhttp ``message_id``."""
    try:
        found: Any = await line.call("get_forward_msg", {"id": bundle.id, "message_id": bundle.id})
    except DeliveryError as error:
        msg = f"the bundle {bundle.id[:100]} is not to be had: {error}"
        raise MediaError(msg) from error
    return read_bundle(found, bundle.id)


async def reread(line: Line, message_id: str) -> Node:
    """See `ports.CanReread.reread`."""
    try:
        found: Any = await line.call("get_msg", {"message_id": number(message_id)})
    except DeliveryError as error:
        msg = f"the message {message_id[:100]} is not to be had: {error}"
        raise MediaError(msg) from error
    return read_said(found, message_id)


async def _once(line: Line, action: str, params: WireObject) -> None:
    """Call an action; what was refused is not tried again, for it would be refused again."""
    try:
        await line.call(action, params)
    except CallError as error:
        raise DeliveryError(str(error), certain=error.certain, permanent=error.certain) from error
