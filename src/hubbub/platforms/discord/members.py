"""Silencing members of a server ("Modify Guild Member")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.phrases import Phrase
from hubbub.platforms.discord.rest import Refused, Rest

_LONGEST = timedelta(days=28)


async def mute(rest: Rest, room: Room, user: str, seconds: int) -> None:
    """See `ports.CanMute.mute`."""
    if room.kind != "group":
        raise UserError(Phrase("act.mute.only_groups"))
    if not user.isdecimal():
        message = f"{user!r} is nobody on Discord"
        raise DeliveryError(message, certain=True, permanent=True)
    channel = await rest.call("GET", f"/channels/{quote(room.id, safe='')}")
    until = datetime.now(UTC) + min(timedelta(seconds=seconds), _LONGEST) if seconds > 0 else None
    body = {"communication_disabled_until": until.isoformat() if until is not None else None}
    server = str(channel["guild_id"]) if isinstance(channel, dict) and channel.get("guild_id") else ""
    if not server:
        raise UserError(Phrase("act.mute.only_groups"))
    try:
        await rest.call("PATCH", f"/guilds/{server}/members/{user}", body, bucket=f"/guilds/{server}/members")
    except Refused as refused:
        if refused.status == HTTPStatus.FORBIDDEN:  # also for whoever stands above the bot
            raise UserError(Phrase("act.mute.no_right")) from refused
        raise
