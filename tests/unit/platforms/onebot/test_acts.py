"""What the hub does in rooms by OneBot's actions, as a strict implementation takes them."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, MediaError, UserError
from hubbub.core.messages import Forward, Image, Text
from hubbub.core.ports import CanDecide, CanMute, CanPoke, CanUnfold
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.segments import MAX_SEGMENTS, read_bundle, read_said
from hubbub.platforms.onebot.settings import OneBotSettings
from hubbub.storage.codec import encode
from tests.fakes.onebot_peer import Conduct, Fault, OneBotPeer
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

GROUP = Room("onebot", "10001", "group", "30001")
PRIVATE = Room("onebot", "10001", "private", "20001")


@asynccontextmanager
async def connected(conduct: Conduct, seconds: float = 10.0) -> AsyncIterator[OneBotAdapter]:
    host = FakeHost()
    platform = OneBotAdapter(OneBotSettings(api_timeout_seconds=seconds), host.host)
    async with serving(platform.routes) as address:
        peer = await OneBotPeer(conduct).connect(f"ws://{address}/onebot/v11/ws")
        await host.until(lambda: host.up.get("10001", "") is None)
        yield platform
        peer.close()
    assert not [each for each in conduct.refused if not each.startswith("no action")]


def test_the_abilities_are_seen() -> None:
    for ability in (CanMute, CanPoke, CanDecide, CanUnfold):
        assert issubclass(OneBotAdapter, ability)


async def test_requests_are_decided_by_the_real_actions() -> None:
    conduct = Conduct()
    async with connected(conduct) as platform:
        await platform.decide(PRIVATE, Decision("friend", "f1", "20001", approve=True, words="Anna"))
        await platform.decide(PRIVATE, Decision("friend", "f2", "20002", approve=False, words="no"))
        await platform.decide(GROUP, Decision("join", "g1", "20001", approve=False, words="not now"))
        await platform.decide(GROUP, Decision("invite", "g2", "20001", approve=True, words="unused"))
    assert conduct.acts == [
        ("set_friend_add_request", {"flag": "f1", "approve": True, "remark": "Anna"}),
        ("set_friend_add_request", {"flag": "f2", "approve": False}),
        ("set_group_add_request", {"flag": "g1", "approve": False, "sub_type": "add", "reason": "not now"}),
        ("set_group_add_request", {"flag": "g2", "approve": True, "sub_type": "invite"}),
    ]


def test_the_parameters_are_those_that_the_oracle_has() -> None:
    from nonebot.adapters.onebot.v11 import bot

    stub = inspect.getsourcefile(bot)
    assert stub
    with open(stub + "i", encoding="utf-8") as file:  # noqa: PTH123 - a stub beside a module
        text = file.read()
    wanted = {
        "set_friend_add_request": ("flag", "approve", "remark"),
        "set_group_add_request": ("flag", "sub_type", "approve", "reason"),
        "set_group_ban": ("group_id", "user_id", "duration"),
        "get_group_member_info": ("group_id", "user_id", "no_cache"),
        "get_forward_msg": ("id",),
    }
    for action, params in wanted.items():
        head = text.partition(f"async def {action}(")[2].partition(") ->")[0]
        assert all(f"{name}:" in head for name in params), action


@pytest.mark.parametrize(
    ("roles", "user", "said"),
    [
        ({20001: "member"}, "20001", ""),
        ({20001: "admin"}, "20001", "act.mute.admin"),
        ({20001: "admin", 10001: "owner"}, "20001", ""),
        ({20001: "owner", 10001: "admin"}, "20001", "act.mute.admin"),
        ({10001: "member"}, "20001", "act.mute.no_right"),
    ],
)
async def test_who_may_be_muted(roles: dict[int, str], user: str, said: str) -> None:
    conduct = Conduct(roles=roles)
    async with connected(conduct) as platform:
        if said:
            with pytest.raises(UserError) as error:
                await platform.mute(GROUP, user, 30)
            assert error.value.user_text.key == said
        else:
            await platform.mute(GROUP, user, 30)
    wanted = {"group_id": 30001, "user_id": 20001, "duration": 30}
    assert conduct.acts == ([] if said else [("set_group_ban", wanted)])


async def test_a_mute_by_an_implementation_that_knows_no_roles() -> None:
    conduct = Conduct(missing=frozenset({"get_group_member_info"}))
    async with connected(conduct) as platform:
        await platform.mute(GROUP, "20001", 10**9)
        with pytest.raises(UserError):
            await platform.mute(PRIVATE, "20001", 1)
    assert conduct.acts == [("set_group_ban", {"group_id": 30001, "user_id": 20001, "duration": 30 * 86_400 - 60})]


@pytest.mark.parametrize(("kind", "seconds", "certain"), [("refuse", 10.0, True), ("silent", 0.2, False)])
async def test_what_is_refused_is_not_tried_again_and_what_is_not_answered_is_in_doubt(
    kind: Literal["refuse", "silent"], seconds: float, certain: bool
) -> None:
    conduct = Conduct(faults=deque([Fault(kind, action="set_friend_add_request")]))
    async with connected(conduct, seconds) as platform:
        with pytest.raises(DeliveryError) as error:
            await platform.decide(PRIVATE, Decision("friend", "f1", "20001", approve=True))
    assert (error.value.certain, error.value.permanent) == (certain, certain)


@pytest.mark.parametrize(
    ("missing", "room", "acts", "shown"),
    [
        (frozenset[str](), GROUP, [("group_poke", {"user_id": 20001, "group_id": 30001})], 0),
        (frozenset[str](), PRIVATE, [("friend_poke", {"user_id": 20001})], 0),
        (frozenset({"group_poke"}), GROUP, [], 1),
    ],
)
async def test_poking(missing: frozenset[str], room: Room, acts: Any, shown: int) -> None:
    conduct = Conduct(missing=missing)
    async with connected(conduct) as platform:
        await platform.poke(room, "20001")
    assert conduct.acts == acts
    assert [each.message for each in conduct.shown] == [[{"type": "poke", "data": {"qq": "20001"}}]] * shown


YO = [{"type": "text", "data": {"text": "yo"}}]
STANDARD = {
    "message": [
        {"type": "node", "data": {"user_id": "20001", "nickname": "Anna", "content": "[CQ:face,id=1]hi"}},
        {"type": "node", "data": {"user_id": "20002", "nickname": "Bo", "content": YO}},
    ]
}
GO_CQHTTP = {"messages": [{"content": "hi", "sender": {"nickname": "Anna", "user_id": 20001}, "time": 1}]}
NAPCAT = {
    "messages": [
        {
            "self_id": 10001,
            "user_id": 20001,
            "message_id": 5,
            "sender": {"user_id": 20001, "nickname": "Anna", "card": ""},
            "message": [
                {"type": "text", "data": {"text": "look"}},
                {"type": "image", "data": {"file": "a.png", "url": "https://q.example/a.png"}},
            ],
        }
    ]
}


async def test_bundles_are_asked_for() -> None:
    conduct = Conduct(bundles={"a": STANDARD, "b": GO_CQHTTP, "c": NAPCAT, "d": {"odd": 5}})
    async with connected(conduct) as platform:
        found = [await platform.unfold(GROUP, Forward(id=name)) for name in "abcd"]
        with pytest.raises(MediaError):
            await platform.unfold(GROUP, Forward(id="gone"))
    assert [[(node.author, node.name) for node in each.nodes] for each in found] == [
        [("20001", "Anna"), ("20002", "Bo")],
        [("20001", "Anna")],
        [("20001", "Anna")],
        [],
    ]
    assert found[0].nodes[1].message == (Text("yo"),)
    assert found[1].nodes[0].message == (Text("hi"),)
    assert [type(each) for each in found[2].nodes[0].message] == [Text, Image]


async def test_without_a_connection_no_bundle_is_to_be_had() -> None:
    platform = OneBotAdapter(OneBotSettings(), FakeHost().host)
    with pytest.raises(MediaError):
        await platform.unfold(GROUP, Forward(id="a"))


DEEP: Any = {"type": "node", "data": {"content": "end"}}
for _ in range(50):
    DEEP = {"type": "node", "data": {"content": [DEEP]}}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        [],
        {},
        {"messages": 5},
        {"message": [None, 5, {"type": "node"}, {"type": "node", "data": 5}, {"sender": 7, "content": {"a": 1}}]},
        {"messages": [{"sender": {"user_id": [1]}, "content": [[[]]]}] * 5000},
        {"message": [DEEP]},
        {"message": "[CQ:node,id=5]"},
        {"sender": "x", "message": 5, "user_id": {}},
    ],
    ids=lambda odd: str(odd)[:30],
)
def test_odd_answers_are_read_as_far_as_they_can_be(odd: Any) -> None:
    bundle, said = read_bundle(odd, "b"), read_said(odd, "5")
    assert bundle.id == "b"
    assert len(bundle.nodes) <= MAX_SEGMENTS
    assert said.message_id == "5"
    encode(Forward((said,)))
    encode(bundle)
