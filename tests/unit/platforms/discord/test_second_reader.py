"""discord.py reads what comes in, and writes what goes out, as the hub does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest

from hubbub.core.addresses import Room
from hubbub.core.events import Deleted, Edited, Event, Joined, Left, Reacted, Received
from hubbub.core.messages import Button, Buttons, Mention, Message, Quote, Text, text_of
from hubbub.core.ports import MenuItem
from hubbub.platforms.discord.calls import drafts, nonce
from hubbub.platforms.discord.convert import Around, events
from hubbub.platforms.discord.servers import Servers
from hubbub.platforms.discord.slash import slash_commands
from hubbub.platforms.discord.wire import Frame
from tests.fakes.discord_payloads import APPLICATION, BOB, DM, GUILD, ME, SELF, server
from tests.fakes.discord_reader import Reader

CASES = json.loads((Path(__file__).parents[3] / "fixtures" / "discord" / "events.json").read_text(encoding="utf-8"))
LEFT = ("GUILD_MEMBER_REMOVE", {"guild_id": GUILD, "user": BOB})
DISPATCHED = {
    "MESSAGE_CREATE": "message",
    "MESSAGE_UPDATE": "message_edit",
    "MESSAGE_DELETE": "raw_message_delete",
    "MESSAGE_DELETE_BULK": "raw_bulk_message_delete",
    "MESSAGE_REACTION_ADD": "raw_reaction_add",
    "MESSAGE_REACTION_REMOVE": "raw_reaction_remove",
    "INTERACTION_CREATE": "interaction",
    "GUILD_MEMBER_ADD": "member_join",
    "GUILD_MEMBER_REMOVE": "raw_member_remove",
}


async def nobody(method: str, path: str) -> Any:
    raise AssertionError(f"{method} {path}: a session tells of its servers")


async def both() -> AsyncIterator[tuple[str, Event, Any]]:
    """Every event of the fixtures as the hub's, and as what discord.py hands to its users."""
    reader, known = Reader(), Servers(ME, nobody)
    begin = ("GUILD_CREATE", server())
    for name, data in (begin, *((case["payload"]["t"], case["payload"]["d"]) for case in CASES), LEFT):
        frame = Frame(0, data, 1, name)
        known.learn(frame)
        theirs = dict(await reader.take(name, data))
        if name in DISPATCHED:
            around = Around(ME, "s", server=await known.server(data), thread=await known.thread(data))
            for event in events(frame, around):
                yield name, event, theirs[DISPATCHED[name]]


def place(channel: Any) -> tuple[str, str]:
    """Channel and thread."""
    thread = isinstance(channel, discord.Thread)
    return (str(channel.parent_id), str(channel.id)) if thread else (str(channel.id), "")


async def test_it_reads_all_that_comes_alike() -> None:
    compared: list[str] = []
    async for name, event, theirs in both():
        if isinstance(event, Received):
            same = same_message if name == "MESSAGE_CREATE" else same_interaction
            same(event, theirs[0])
        elif name != "MESSAGE_CREATE":  # Discord's own notes of newcomers are messages to it
            same_happening(event, theirs)
        compared.append(type(event).__name__)
    assert set(compared) == {"Received", "Edited", "Deleted", "Reacted", "Joined", "Left"}
    assert len(compared) >= 28


def same_happening(event: Event, theirs: Any) -> None:
    raw = theirs[0]
    match event:
        case Edited():
            assert (event.message_id, text_of(event.message)) == (str(theirs[1].id), theirs[1].content)
        case Deleted():
            assert int(event.message_id) in (getattr(raw, "message_ids", None) or {raw.message_id})
            assert (event.room.thread or event.room.id) == str(raw.channel_id)
        case Reacted():
            emoji = f"{raw.emoji.name}:{raw.emoji.id}" if raw.emoji.id else raw.emoji.name
            assert (event.message_id, event.author.id) == (str(raw.message_id), str(raw.user_id))
            assert event.emoji == emoji
        case Joined():
            assert (event.author.id, event.time) == (str(raw.id), raw.joined_at.timestamp())
            assert event.room.id == str(raw.guild.system_channel.id)
        case Left():
            assert event.author.id == str(raw.user.id)


def same_message(event: Received, theirs: Any) -> None:
    assert (event.id, event.author.id, event.time) == (
        str(theirs.id), str(theirs.author.id), theirs.created_at.timestamp(),
    )  # fmt: skip
    assert (event.room.id, event.room.thread) == place(theirs.channel)
    assert event.room.direct == (theirs.guild is None)
    assert event.author.name == theirs.author.display_name
    mentioned = {each.user for each in event.message if isinstance(each, Mention) and not each.everyone}
    own = {ME for role in theirs.role_mentions if role.tags is not None and str(role.tags.bot_id) == ME}
    assert mentioned == {str(each.id) for each in theirs.mentions} | own
    quoted = [each.message_id for each in event.message if isinstance(each, Quote)]
    answers = theirs.type is discord.MessageType.reply
    assert quoted == ([str(theirs.reference.message_id)] if answers else [])
    assert sum(hasattr(each, "media") for each in event.message) == len(theirs.attachments)
    if theirs.guild is not None:
        rights = theirs.author.guild_permissions
        owns = theirs.author.id == theirs.guild.owner_id
        runs = rights.manage_guild or rights.administrator
        assert event.author.room_role == ("owner" if owns else "admin" if runs else "member")


def same_interaction(event: Received, theirs: Any) -> None:
    assert (event.id, event.author.id) == (str(theirs.id), str(theirs.user.id))
    assert event.locale == str(theirs.locale)
    if theirs.type is discord.InteractionType.application_command:
        assert (event.room.id, event.room.thread) == place(theirs.channel)
        assert text_of(event.message).split()[0] == f"/{theirs.data['name']}"
    else:
        assert text_of(event.message) == theirs.data["custom_id"]


# --- what goes out ---------------------------------------------------------------------------------------------------

BUTTONS = Buttons(((Button("Yes", "/yes"), Button("No", "/no")), (Button("Page", url="https://example.org/"),)))


def view() -> Any:
    """The same buttons, as its users make them."""
    found = discord.ui.View(timeout=None)
    for row, label, more in (
        (0, "Yes", {"custom_id": "/yes"}),
        (0, "No", {"custom_id": "/no"}),
        (1, "Page", {"url": "https://example.org/"}),
    ):
        given: dict[str, Any] = {"label": label, "row": row} | more
        found.add_item(discord.ui.Button(style=discord.ButtonStyle.secondary, **given))
    return found


def written(**given: Any) -> dict[str, Any]:
    """What discord.py would send."""
    people = [discord.Object(int(name)) for name in given.pop("calls", ())]
    allowed = discord.AllowedMentions(everyone=False, roles=False, users=people or False, replied_user=True)
    with discord.http.handle_message_parameters(allowed_mentions=allowed, **given) as found:
        assert isinstance(found.payload, dict)
        return {key: value for key, value in found.payload.items() if key not in ("tts", "flags", "attachments")}


def reply_to(name: int) -> dict[str, Any]:
    reference = discord.MessageReference(message_id=name, channel_id=int(DM), fail_if_not_exists=False)
    return {key: value for key, value in reference.to_message_reference_dict().items() if key != "type"}


def plain(body: Any) -> Any:
    """Without what says nothing: places of buttons, what is not disabled, empty lists; numbers as texts."""
    if isinstance(body, dict):
        said = {key: plain(value) for key, value in body.items() if key not in ("id", "disabled", "channel_id")}
        return {key: value for key, value in said.items() if value not in (None, [])}
    if isinstance(body, list | tuple):
        return [plain(each) for each in body]
    return str(body) if type(body) is int else body


@pytest.mark.parametrize(
    ("message", "quoted", "given"),
    [
        ((Text("hello"),), "", {"content": "hello"}),
        ((Mention("20001", "Alice"), Text(" look")), "", {"content": "<@20001> look", "calls": ["20001"]}),
        ((Text("as asked"),), "7001", {"content": "as asked"}),
        ((Text("which?"), BUTTONS), "", {"content": "which?"}),
    ],
)
async def test_it_writes_messages_alike(message: Message, quoted: str, given: dict[str, Any]) -> None:
    (draft,) = drafts(message)
    more: dict[str, Any] = {"view": view()} if BUTTONS in message else {}
    theirs = written(nonce=nonce("a"), **given, **more)
    if quoted:
        theirs["message_reference"] = reply_to(int(quoted))
    assert plain(draft.body(nonce("a"), quoted)) == plain(theirs)


async def test_it_reads_our_slash_commands() -> None:
    item = MenuItem("room", "modes", ("group", "channel"), admins=True)
    chinese = MenuItem("room", "设置", ("group", "channel"), admins=True, alias="群设置")
    (body,) = slash_commands({"en": [item], "zh": [chinese]})
    given: Any = body | {"id": "80001", "application_id": APPLICATION, "version": "1"}
    state: Any = Reader().state
    read = discord.app_commands.AppCommand(data=given, state=state)
    assert (read.name, read.description) == ("room", "modes")
    assert read.name_localizations == dict.fromkeys((discord.Locale.chinese, discord.Locale.taiwan_chinese), "群设置")
    assert read.description_localizations[discord.Locale.chinese] == "设置"
    assert read.default_member_permissions == discord.Permissions(manage_guild=True)
    # It reads what it writes one off, so what it writes is what counts.
    assert body["contexts"] == discord.app_commands.AppCommandContext(guild=True).to_array()
    option: Any = read.options[0]
    assert (option.name, option.type, option.required) == ("text", discord.AppCommandOptionType.string, False)


def test_the_room_of_a_private_chat_is_its_channel() -> None:
    data = {"id": "1", "channel_id": DM, "content": "x", "author": SELF | {"id": "5"}, "type": 0}
    (event,) = events(Frame(0, data, 1, "MESSAGE_CREATE"), Around(ME))
    assert event.room == Room("discord", ME, "private", DM)
