"""People on a Discord server: channels, threads, posts of forums, slash commands, and who runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_gateway import MESSAGE_CONTENT
from tests.fakes.discord_payloads import (
    ALICE,
    BOB,
    CHANNEL,
    FORUM,
    GUILD,
    ME,
    MODERATORS,
    OWNER,
    POST,
    SELF,
    SHUT,
    THREAD,
    TOKEN,
    WELCOMES,
    channel,
    command,
    member,
    said,
    thread,
)
from tests.journeys.inside import inside, until

MENTION = f"<@{ME}>"
MEMBERS = 1 << 15


def bot(fake: FakeDiscord, more: str = "") -> str:
    return f'[platforms.discord]\ntoken = "{TOKEN}"\napi_base = "{fake.url}"\nmembers = true\n{more}\n'


class Server:
    """What is said there, and what is answered."""

    def __init__(self, fake: FakeDiscord) -> None:
        self.fake = fake
        self.number = 0

    async def says(self, words: str, *roles: str, where: str = CHANNEL, **more: Any) -> None:
        self.number += 1
        called = [SELF] if MENTION in words else []
        given = {"channel_id": where, "mentions": called} | more
        self.fake.push("MESSAGE_CREATE", said(self.number, words, *roles, **given))

    async def reads(self, words: str, *roles: str, where: str = CHANNEL, **more: Any) -> str:
        """What is answered there; the last message, once there is one more."""
        before = len(self.fake.messages)
        await self.says(words, *roles, where=where, **more)
        await until(lambda: len(self.fake.messages) > before)
        last = list(self.fake.messages)[-1]
        assert self.fake.channels[last] == where
        return self.fake.messages[last]


async def test_threads_and_posts_are_conversations_of_their_own(tmp_path: Path) -> None:
    rooms = '[rooms."discord/*/group/*/*"]\ntrigger = ["mention", "reply", "prefix", "thread"]\n'
    async with discord() as fake, inside(tmp_path, bot(fake, rooms)) as hub:
        await until(lambda: fake.sockets)
        people = Server(fake)
        assert await people.reads(f"{MENTION} in the channel") == "LLM-OK in the channel"
        await people.says("nobody is asked", where=THREAD)
        assert await people.reads(f"{MENTION} in the thread", where=THREAD) == "LLM-OK in the thread"
        assert await people.reads("it goes on", where=THREAD) == "LLM-OK it goes on"
        asked = [[each["content"] for each in request.body["messages"]] for request in hub.model.requests]
        assert not any("in the channel" in words for words in asked[-1])
        assert any("in the thread" in words for words in asked[-1])
        fake.push("THREAD_CREATE", thread("40300", FORUM, "Which flour?", newly_created=True))
        answer = await people.reads(f"{MENTION} I have rye.", where="40300", id="40300")
        assert answer.split() == ["LLM-OK", "Which", "flour?", "I", "have", "rye."]
        assert not fake.refused


async def test_who_runs_a_server_runs_its_rooms(tmp_path: Path) -> None:
    async with discord() as fake, inside(tmp_path, bot(fake)):
        await until(lambda: fake.sockets)
        fake.people = [member() | {"user": BOB | {"id": OWNER}}]
        people = Server(fake)
        assert "may not" in await people.reads("/room always", author=BOB)
        assert await people.reads("/room always", MODERATORS) == "Here I answer every message."
        assert await people.reads("hello", author=BOB) == "LLM-OK hello"
        assert await people.reads("hello", author=BOB, where=THREAD) == "LLM-OK hello"
        assert "say nothing" in await people.reads("/room off", MODERATORS, where=THREAD)
        await people.says(f"{MENTION} hello", author=BOB, where=THREAD)
        assert await people.reads("still here", author=BOB) == "LLM-OK still here"
        assert await people.reads("/admin", author=BOB) == f"bob asks for you.\n<@{OWNER}> <@{ALICE['id']}>"
        assert fake.members[BOB["id"]]["communication_disabled_until"]


async def test_members_are_greeted_where_discord_greets(tmp_path: Path) -> None:
    async with discord() as fake:
        fake.flags = MESSAGE_CONTENT | MEMBERS
        async with inside(tmp_path, bot(fake)):
            await until(lambda: fake.sockets)
            people = Server(fake)
            await people.reads("/welcome Hello {at}!", MODERATORS, where=WELCOMES)
            await people.reads("/farewell {name} is gone.", MODERATORS, where=WELCOMES)
            fake.push(
                "GUILD_MEMBER_ADD", member(joined_at="2024-06-10T06:13:20+00:00") | {"user": BOB, "guild_id": GUILD}
            )
            await until(lambda: "Hello <@20002>!" in fake.messages.values())
            fake.push("GUILD_MEMBER_REMOVE", {"user": BOB, "guild_id": GUILD})
            await until(lambda: "bob is gone." in fake.messages.values())


async def test_slash_commands_are_answered_in_their_own_message(tmp_path: Path) -> None:
    async with discord() as fake, inside(tmp_path, bot(fake)):
        await until(lambda: fake.sockets and fake.commands)
        given = next(each for each in fake.commands if each["name"] == "room")
        assert given["name_localizations"]["zh-CN"] == "群设置"
        fake.push("INTERACTION_CREATE", command(1, "echo", "an echo"))
        await until(lambda: "an echo" in fake.messages.values())
        fake.push("INTERACTION_CREATE", command(2, "echo", "in the dark", channel_id=SHUT, channel=channel(SHUT)))
        await until(lambda: "in the dark" in fake.messages.values())
        assert all(fake.thinking[token] for token in ("token1", "token2"))
        people = Server(fake)
        await people.reads("/room off", MODERATORS, where=POST)
        fake.push("INTERACTION_CREATE", command(3, "echo", "unheard", channel_id=POST, channel=thread(POST, FORUM)))
        await until(lambda: "token3" in fake.tokens and "token3" not in fake.thinking)
        assert "unheard" not in fake.messages.values()
        assert not fake.refused
