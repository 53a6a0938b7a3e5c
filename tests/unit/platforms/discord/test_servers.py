"""Threads, posts of forums, and who runs a server: as a session tells it, and as it is asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from hubbub.core.errors import DeliveryError
from hubbub.platforms.discord.places import Server, Thread
from hubbub.platforms.discord.rest import Refused
from hubbub.platforms.discord.servers import Servers
from hubbub.platforms.discord.wire import BadFrameError, Frame
from tests.fakes.discord_payloads import (
    ADMINISTER,
    ALICE,
    BOTS_OWN,
    CHANNEL,
    FORUM,
    GUILD,
    ME,
    MODERATORS,
    OWNER,
    POST,
    SELF,
    THREAD,
    WELCOMES,
    channel,
    role,
    said,
    server,
    thread,
    thread_member,
)


class Api:
    """Answers what it has, and counts what it is asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def ask(self, method: str, path: str) -> Any:
        assert method == "GET"
        self.asked.append(path)
        found = self.answers.get(path.rpartition("/")[2])
        if isinstance(found, Exception):
            raise found
        return found


def told(*events: tuple[str, Any], api: Api | None = None) -> Servers:
    found = Servers(ME, (api or Api()).ask)
    for number, (name, data) in enumerate((("GUILD_CREATE", server()), *events), 1):
        found.learn(Frame(0, data, number, name))
    return found


async def thread_of(servers: Servers, name: str) -> Thread | None:
    return await servers.thread({"guild_id": GUILD, "channel_id": name})


async def the(servers: Servers) -> Server:
    found = await servers.server({"guild_id": GUILD})
    assert found is not None
    return found


async def test_a_session_tells_of_its_servers() -> None:
    servers = told()
    assert await thread_of(servers, CHANNEL) is None
    assert await thread_of(servers, THREAD) == Thread(CHANNEL, "a thread")
    assert await thread_of(servers, POST) == Thread(FORUM, "How do I bake?")
    assert await servers.thread({"channel_id": THREAD}) is None
    found = await the(servers)
    assert (found.greets, found.own) == (WELCOMES, frozenset((BOTS_OWN,)))
    assert [found.role("1", roles) for roles in ((), (MODERATORS,), (BOTS_OWN,))] == ["member", "admin", "member"]
    assert found.role(OWNER, ()) == "owner"


async def test_what_changes_counts_at_once() -> None:
    changes = (
        ("GUILD_ROLE_CREATE", {"guild_id": GUILD, "role": role("70003", ADMINISTER)}),
        ("GUILD_ROLE_UPDATE", {"guild_id": GUILD, "role": role(MODERATORS, 0)}),
        ("THREAD_CREATE", thread("40300", FORUM, "new", newly_created=True)),
        ("CHANNEL_DELETE", channel(CHANNEL)),
    )
    servers = told(*changes)
    found = await the(servers)
    assert [found.role("1", (each,)) for each in ("70003", MODERATORS)] == ["admin", "member"]
    assert await thread_of(servers, "40300") == Thread(FORUM, "new")
    servers.learn(Frame(0, {"guild_id": GUILD, "role_id": "70003"}, 9, "GUILD_ROLE_DELETE"))
    assert (await the(servers)).role("1", ("70003",)) == "member"
    servers.learn(Frame(0, server(owner_id="5"), 10, "GUILD_UPDATE"))
    assert (await the(servers)).role("5", ()) == "owner"


async def test_everybody_runs_a_server_whose_common_role_does() -> None:
    servers = told(("GUILD_ROLE_UPDATE", {"guild_id": GUILD, "role": role(GUILD, ADMINISTER)}))
    assert (await the(servers)).role("1", ()) == "admin"


@pytest.mark.parametrize(
    ("name", "data", "joined"),
    [
        ("MESSAGE_CREATE", said(1, "hi", channel_id=THREAD), False),
        ("MESSAGE_CREATE", said(1, "<@10001>", channel_id=THREAD, mentions=[SELF]), True),
        ("MESSAGE_CREATE", said(1, "an answer", channel_id=THREAD, author=SELF), True),
        ("THREAD_MEMBERS_UPDATE", {"id": THREAD, "guild_id": GUILD, "added_members": [thread_member(THREAD)]}, True),
        ("THREAD_MEMBERS_UPDATE", {"id": THREAD, "added_members": [thread_member(THREAD, "20002")]}, False),
        ("THREAD_MEMBER_UPDATE", thread_member(THREAD) | {"guild_id": GUILD}, True),
        ("THREAD_LIST_SYNC", {"threads": [thread(THREAD)], "members": [thread_member(THREAD)]}, True),
        ("THREAD_UPDATE", thread(THREAD, member=thread_member(THREAD)), True),
        ("THREAD_UPDATE", thread(THREAD, owner_id=ME), True),
        ("THREAD_UPDATE", thread(THREAD, owner_id=ALICE["id"]), False),
    ],
)
async def test_who_is_asked_or_writes_in_a_thread_takes_part(name: str, data: Any, joined: bool) -> None:
    servers = told((name, data))
    assert await thread_of(servers, THREAD) == Thread(CHANNEL, "a thread", joined)
    servers.learn(Frame(0, thread(THREAD, title="renamed"), 5, "THREAD_UPDATE"))
    assert await thread_of(servers, THREAD) == Thread(CHANNEL, "renamed", joined)
    servers.learn(Frame(0, {"id": THREAD, "removed_member_ids": [ME]}, 6, "THREAD_MEMBERS_UPDATE"))
    assert await thread_of(servers, THREAD) == Thread(CHANNEL, "renamed")


async def test_what_an_earlier_process_heard_is_asked_for_once() -> None:
    found = thread(THREAD, member=thread_member(THREAD))
    api = Api(**{THREAD: found, CHANNEL: channel(CHANNEL), GUILD: server(channels=[], threads=[])})
    servers = Servers(ME, api.ask)
    for _ in range(2):
        assert await thread_of(servers, THREAD) == Thread(CHANNEL, "a thread", joined=True)
        assert await thread_of(servers, CHANNEL) is None
        assert (await the(servers)).owner == OWNER
    assert api.asked == [f"/channels/{THREAD}", f"/channels/{CHANNEL}", f"/guilds/{GUILD}"]


async def test_what_is_refused_is_not_asked_again_and_what_fails_is_later() -> None:
    shut = Refused("Missing Access", 403, permanent=True)
    api = Api(**{"1001": shut, "1002": DeliveryError("away", certain=True)})
    servers = Servers(ME, api.ask)
    for name in ("1001", "1001", "1002", "1002", "1003"):
        assert await thread_of(servers, name) is None
    assert api.asked == ["/channels/1001", "/channels/1002"], "what comes in waits for one failure, not for each"


async def test_odd_answers_are_as_none() -> None:
    odd: dict[str, Any] = {"id": "x", "type": 11, "roles": [{}]}
    servers = Servers(ME, Api(**{"1001": odd, GUILD: odd | {"id": GUILD}}).ask)
    assert await thread_of(servers, "1001") is None
    assert await servers.server({"guild_id": GUILD}) is None


async def test_an_interaction_brings_its_channel_along() -> None:
    api = Api()
    servers = Servers(ME, api.ask)
    servers.learn(Frame(0, {"channel": thread(THREAD)}, 1, "INTERACTION_CREATE"))
    assert await thread_of(servers, THREAD) == Thread(CHANNEL, "a thread")
    assert not api.asked


@pytest.mark.parametrize(
    "name", ["GUILD_CREATE", "THREAD_CREATE", "GUILD_ROLE_CREATE", "MESSAGE_CREATE", "GUILD_DELETE"]
)
@pytest.mark.parametrize("data", [None, [], {}, {"guild_id": GUILD, "id": "1", "type": 11, "roles": [{}]}])
def test_odd_events_are_refused_or_passed_over(name: str, data: Any) -> None:
    servers = told()
    with suppress(BadFrameError):
        servers.learn(Frame(0, data, 1, name))


async def test_a_server_that_is_away_for_a_while_is_known() -> None:
    servers = told(
        ("GUILD_DELETE", {"id": GUILD, "unavailable": True}), ("GUILD_CREATE", {"id": GUILD, "unavailable": True})
    )
    assert (await the(servers)).owner == OWNER
    servers.learn(Frame(0, {"id": GUILD}, 5, "GUILD_DELETE"))
    assert await servers.server({"guild_id": GUILD}) is None
