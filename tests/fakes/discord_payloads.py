"""What Discord sends, as its documents show it."""

from __future__ import annotations

import base64
from typing import Any

ME = "10001"
TOKEN = base64.urlsafe_b64encode(ME.encode()).decode().rstrip("=") + ".abc.def"
APPLICATION = "60001"
ALICE: dict[str, Any] = {
    "id": "20001",
    "username": "alice",
    "global_name": "Alice",
    "discriminator": "0",
    "avatar": None,
}
BOB: dict[str, Any] = {"id": "20002", "username": "bob", "global_name": None, "discriminator": "0", "avatar": None}
SELF: dict[str, Any] = {
    "id": ME,
    "username": "hub",
    "global_name": None,
    "discriminator": "0",
    "avatar": None,
    "bot": True,
}
DM, CHANNEL, GUILD = "30001", "40001", "50001"
FORUM, WELCOMES, SHUT = "40002", "40003", "40004"
"""Channels of the server: a forum, the one of Discord's notes of newcomers, one that the bot does not see."""
THREAD, POST = "40100", "40200"
OWNER, MODERATORS, BOTS_OWN = "20009", "70001", "70002"
"""Of the server: its owner, a role that manages it, the bot's own role."""
EPOCH_MS = 1_420_070_400_000
TIME_MS = 1_718_000_000_000
MANAGE, ADMINISTER = 1 << 5, 1 << 3


def snowflake(number: int) -> str:
    return str(((TIME_MS - EPOCH_MS + number) << 22) + 1)


def message(number: int, content: str, **more: Any) -> dict[str, Any]:
    """Alice writes to the bot in private."""
    found = {
        "id": snowflake(number), "channel_id": DM, "author": ALICE, "content": content, "type": 0, "tts": False,
        "timestamp": "2024-06-10T06:13:20+00:00", "edited_timestamp": None, "mention_everyone": False, "mentions": [],
        "mention_roles": [], "flags": 0, "attachments": [], "embeds": [], "pinned": False, "components": [],
    }  # fmt: skip
    return found | more


def said(number: int, content: str, *roles: str, **more: Any) -> dict[str, Any]:
    """Alice, who has these roles, writes in a channel of the server."""
    return message(number, content, channel_id=CHANNEL, guild_id=GUILD, member=member(*roles)) | more


def press(number: int, message_id: str, carries: str, **more: Any) -> dict[str, Any]:
    """Alice presses a button of the bot's message in private."""
    data = {"component_type": 2, "custom_id": carries}
    shown = message(0, "choose", id=message_id, author=SELF)
    return interaction(number, type=3, data=data, message=shown, user=ALICE, channel_id=DM) | more


def command(number: int, name: str, text: str = "", **more: Any) -> dict[str, Any]:
    """Alice gives a slash command in a channel of the server."""
    options = [{"name": "text", "type": 3, "value": text}] if text else []
    data = {"id": "80001", "name": name, "type": 1, "options": options}
    who = {"member": member() | {"user": ALICE, "permissions": "2048"}, "guild_id": GUILD}
    where = {"channel_id": CHANNEL, "channel": channel(CHANNEL)}
    return interaction(number, type=2, data=data, **who, **where) | more


def interaction(number: int, **more: Any) -> dict[str, Any]:
    found = {
        "id": snowflake(10_000 + number), "application_id": APPLICATION, "token": f"token{number}", "version": 1,
        "locale": "en-GB", "app_permissions": "0", "entitlements": [], "authorizing_integration_owners": {},
        "context": 0, "attachment_size_limit": 10_485_760,
    }  # fmt: skip
    return found | more


def member(*roles: str, **more: Any) -> dict[str, Any]:
    """Somebody on the server."""
    found = {"nick": None, "roles": list(roles), "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False}
    return found | {"flags": 0} | more


def role(ident: str, permissions: int = 0, **more: Any) -> dict[str, Any]:
    found = {
        "id": ident, "name": f"role {ident}", "color": 0, "hoist": False, "position": 1,
        "permissions": str(permissions), "managed": False, "mentionable": True, "flags": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
    }  # fmt: skip
    return found | more


def channel(name: str, kind: int = 0, **more: Any) -> dict[str, Any]:
    found = {
        "id": name, "type": kind, "guild_id": GUILD, "name": f"channel {name}", "position": 0, "parent_id": None,
        "permission_overwrites": [], "nsfw": False, "topic": None, "last_message_id": None, "rate_limit_per_user": 0,
    }  # fmt: skip
    return found | more


def thread(name: str, parent: str = CHANNEL, title: str = "a thread", **more: Any) -> dict[str, Any]:
    """A thread of a channel, or a post of a forum; with ``member`` the bot takes part."""
    found = {
        "id": name, "type": 11, "guild_id": GUILD, "parent_id": parent, "owner_id": ALICE["id"], "name": title,
        "message_count": 1, "member_count": 1, "rate_limit_per_user": 0, "last_message_id": None, "flags": 0,
        "total_message_sent": 1,
        "thread_metadata": {
            "archived": False, "auto_archive_duration": 1440, "archive_timestamp": "2024-06-10T06:13:20+00:00",
            "locked": False, "create_timestamp": "2024-06-10T06:13:20+00:00",
        },
    }  # fmt: skip
    return found | more


def thread_member(name: str, user: str = ME) -> dict[str, Any]:
    return {"id": name, "user_id": user, "join_timestamp": "2024-06-10T06:13:20+00:00", "flags": 0}


def server(**more: Any) -> dict[str, Any]:
    """The server, as a session begins with it."""
    roles = [
        role(GUILD, 2048, name="@everyone"),
        role(MODERATORS, MANAGE),
        role(BOTS_OWN, 0, managed=True, tags={"bot_id": ME}),
    ]
    found = {
        "id": GUILD, "name": "Server", "owner_id": OWNER, "roles": roles, "system_channel_id": WELCOMES,
        "system_channel_flags": 0, "channels": [channel(CHANNEL), channel(FORUM, 15), channel(WELCOMES)],
        "threads": [thread(THREAD), thread(POST, FORUM, "How do I bake?")], "members": [], "member_count": 3,
        "large": False, "unavailable": False, "emojis": [], "stickers": [], "features": [], "icon": None,
        "splash": None, "discovery_splash": None, "afk_channel_id": None, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0, "application_id": None,
        "rules_channel_id": None, "vanity_url_code": None, "description": None, "banner": None, "premium_tier": 0,
        "preferred_locale": "en-US", "public_updates_channel_id": None, "nsfw_level": 0,
        "premium_progress_bar_enabled": False, "safety_alerts_channel_id": None, "incidents_data": None,
        "joined_at": "2024-01-01T00:00:00+00:00", "voice_states": [], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [],
    }  # fmt: skip
    return found | more
