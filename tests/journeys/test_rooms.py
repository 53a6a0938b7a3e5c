"""What happens in rooms of QQ beside messages, and what the bot does there: through a whole hub."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.work import State
from tests.fakes.onebot_peer import Conduct, Fault
from tests.journeys.inside import Inside, Talker, inside, until

ADMIN, ANNA, BO, GROUP = 30001, 20001, 20002, 900
OWNERS = f'[access]\nowners = ["onebot:{ADMIN}"]\n'


def notice(kind: str, **more: Any) -> dict[str, Any]:
    head = {"time": int(time.time()), "self_id": 10001, "post_type": "notice", "notice_type": kind}
    return {**head, "group_id": GROUP, "user_id": ANNA, **more}


def request(kind: str, flag: str, comment: str = "", **more: Any) -> dict[str, Any]:
    head = {"time": int(time.time()), "self_id": 10001, "post_type": "request", "request_type": kind}
    return {**head, "user_id": ANNA, "comment": comment, "flag": flag, **more}


def poke(user: int = ANNA, target: int = 10001, **more: Any) -> dict[str, Any]:
    return notice("notify", sub_type="poke", user_id=user, target_id=target, **more)


async def quiet(hub: Inside, qq: Talker) -> None:
    """All that was pushed is read, and nothing is under way any more."""
    shown = qq.peer.conduct.shown
    qq.number += 1000
    qq.say("/echo all is read", 99_999)
    await until(lambda: any(each.target == 99_999 for each in shown))
    shown[:] = [each for each in shown if each.target != 99_999]
    await until(lambda: hub.hub.control.status().waiting == 0 and hub.hub.control.status().undelivered == 0)


def shown(qq: Talker) -> list[list[dict[str, Any]]]:
    return [each.message for each in qq.peer.conduct.shown]


AT = {"type": "at", "data": {"qq": str(ANNA)}}


async def test_who_comes_is_welcomed_once_and_who_goes_is_told_of(tmp_path: Path) -> None:
    toml = '[manners]\nwelcome = "{at} hello {name}"\nfarewell = "on"\n'
    conduct = Conduct()
    async with inside(tmp_path, toml) as hub, hub.peer(conduct) as qq, hub.peer(conduct) as twin:
        joined = notice("group_increase", sub_type="approve", operator_id=0)
        qq.peer.push(joined)
        twin.peer.push(joined)
        qq.peer.push(joined)
        qq.peer.push(notice("group_increase", sub_type="approve", operator_id=0, user_id=10001))
        await qq.until_seen(1)
        qq.peer.push(notice("group_decrease", sub_type="leave", operator_id=ANNA))
        await qq.until_seen(2)
        await quiet(hub, qq)
        twin.number = 50_000
        await quiet(hub, twin)
        told = shown(qq)
    hello = {"type": "text", "data": {"text": f" hello {ANNA}"}}
    assert [AT, hello] in told
    assert [{"type": "text", "data": {"text": "Somebody has left the group."}}] in told
    assert len(told) == 2


async def test_admins_of_a_group_set_its_own_words(tmp_path: Path) -> None:
    async with inside(tmp_path, OWNERS) as hub, hub.peer() as qq:
        qq.say("/welcome", ANNA, GROUP)
        assert (await qq.until_seen(1))[0].startswith("You may not")
        qq.say("/welcome 欢迎 {at}", ADMIN, GROUP)
        assert "欢迎 {at}" in (await qq.until_seen(2))[1]
        qq.peer.push(notice("group_increase", sub_type="invite", operator_id=BO))
        await qq.until_seen(3)
        assert shown(qq)[2] == [{"type": "text", "data": {"text": "欢迎 "}}, AT]
        qq.peer.push(notice("group_increase", sub_type="invite", operator_id=BO, group_id=901))
        qq.say("/welcome off", ADMIN, GROUP)
        await qq.until_seen(4)
        qq.peer.push(notice("group_increase", sub_type="invite", operator_id=BO, user_id=BO))
        await quiet(hub, qq)
        assert len(qq.seen) == 4
    async with inside(tmp_path, OWNERS + '[manners]\nwelcome = "on"\n') as hub, hub.peer() as qq:
        qq.number = 100
        qq.peer.push(notice("group_increase", sub_type="invite", operator_id=BO, user_id=ADMIN))
        qq.peer.push(notice("group_increase", sub_type="invite", operator_id=BO, group_id=901, user_id=ADMIN))
        await qq.until_seen(1)
        await quiet(hub, qq)
        assert [each.target for each in qq.peer.conduct.shown] == [901]


async def test_a_crowd_is_not_greeted_one_by_one(tmp_path: Path) -> None:
    async with inside(tmp_path, '[manners]\nwelcome = "on"\n') as hub, hub.peer() as qq:
        for user in range(100):
            qq.peer.push(notice("group_increase", sub_type="approve", operator_id=0, user_id=40_000 + user))
        await qq.until_seen(20)
        await quiet(hub, qq)
        assert len(qq.seen) == 20


async def test_a_poke_is_given_back_and_bots_do_not_poke_for_ever(tmp_path: Path) -> None:
    async with inside(tmp_path, '[manners]\npoke = "poke"\n') as hub, hub.peer() as qq:
        conduct = qq.peer.conduct
        for second in range(5):
            qq.peer.push(poke(time=int(time.time()) - second))
        qq.peer.push(poke(target=BO))
        qq.peer.push(poke(user=BO, group_id=0))
        await until(lambda: len(conduct.acts) == 3)
        await quiet(hub, qq)
    assert sorted(conduct.acts, key=str) == [
        ("friend_poke", {"user_id": BO}),
        ("group_poke", {"user_id": ANNA, "group_id": GROUP}),
        ("group_poke", {"user_id": ANNA, "group_id": GROUP}),
    ]


async def test_a_poke_is_answered_in_words(tmp_path: Path) -> None:
    toml = '[manners]\npoke = "words"\npoke_words = ["ouch"]\n'
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        qq.peer.push(poke())
        assert await qq.until_seen(1) == ["ouch"]


@pytest.mark.parametrize(("setting", "told"), [("tell", ["user20001 took back: my secret"]), ("log", []), ("off", [])])
async def test_what_is_taken_back(tmp_path: Path, setting: str, told: list[str]) -> None:
    async with inside(tmp_path, f'[manners]\nrecalled = "{setting}"\n') as hub, hub.peer() as qq:
        first, second = qq.say("my secret", ANNA, GROUP), qq.say("removed by an admin", BO, GROUP)
        qq.recall(second, BO, GROUP, by=ADMIN)
        qq.recall(first, ANNA, GROUP)
        if told:
            await qq.until_seen(1)
        await quiet(hub, qq)
        assert qq.seen == told


async def test_requests_are_decided_by_policy_and_by_words(tmp_path: Path) -> None:
    toml = """
[commands]
blocked = ["onebot:20003"]
[manners]
friend_requests = "approve"
friend_remark = "friend {user}"
join_requests = "reject"
reject_reason = "not today"
approve_words = ["Open Sesame"]
"""
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        acts = qq.peer.conduct.acts
        qq.peer.push(request("friend", "f1"))
        qq.peer.push(request("friend", "f1"))
        qq.peer.push(request("group", "g1", "问题：open sesame?\n答案：no idea", sub_type="add", group_id=GROUP))
        qq.peer.push(request("group", "g2", "问题：?\n答案：it is open sesame", sub_type="add", group_id=GROUP))
        qq.peer.push(request("group", "g3", sub_type="invite", group_id=GROUP))
        qq.peer.push(request("friend", "f2", user_id=20003))
        await until(lambda: len(acts) == 4)
        await quiet(hub, qq)
    assert sorted(acts, key=lambda each: each[1]["flag"]) == [
        ("set_friend_add_request", {"flag": "f1", "approve": True, "remark": f"friend {ANNA}"}),
        ("set_friend_add_request", {"flag": "f2", "approve": False}),
        ("set_group_add_request", {"flag": "g1", "sub_type": "add", "approve": False, "reason": "not today"}),
        ("set_group_add_request", {"flag": "g2", "sub_type": "add", "approve": True}),
    ]


async def test_admins_are_asked_and_one_of_them_decides_once(tmp_path: Path) -> None:
    toml = OWNERS + '[manners]\nfriend_requests = "ask"\ninvites = "ask"\n'
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        conduct = qq.peer.conduct
        qq.peer.push(request("friend", "f1", "I am Anna"))
        asked = (await qq.until_seen(1))[0]
        assert (conduct.shown[0].target, "I am Anna" in asked) == (ADMIN, True)
        code = re.findall(r"/approve ([A-Z0-9]{6})", asked)[0]
        qq.say("/approve " + code, ANNA)
        await qq.until_seen(2)
        assert not conduct.acts
        qq.say(f"/approve {code.lower()} Anna of QQ", ADMIN)
        await qq.until_seen(3)
        qq.say("/reject " + code, ADMIN)
        assert code in (await qq.until_seen(4))[3]
        qq.peer.push(request("group", "g1", sub_type="invite", group_id=GROUP))
        second = re.findall(r"/reject ([A-Z0-9]{6})", (await qq.until_seen(5))[4])[0]
        qq.say("/requests", ADMIN)
        assert second in (await qq.until_seen(6))[5]
    # A restart forgets no request that waits.
    async with inside(tmp_path, toml) as hub, hub.peer(conduct) as qq:
        qq.number = 100
        qq.say(f"/reject {second} no", ADMIN)
        await until(lambda: len(conduct.acts) == 2)
        qq.say("/requests", ADMIN)
        assert (await qq.until_seen(8))[7] == "Nobody waits."
    assert conduct.acts == [
        ("set_friend_add_request", {"flag": "f1", "approve": True, "remark": "Anna of QQ"}),
        ("set_group_add_request", {"flag": "g1", "sub_type": "invite", "approve": False, "reason": "no"}),
    ]


async def test_a_decision_in_doubt_is_listed_and_not_made_again(tmp_path: Path) -> None:
    toml = '[manners]\nfriend_requests = "approve"\n[platforms.onebot]\napi_timeout_seconds = 0.2\n'
    conduct = Conduct()
    conduct.faults.append(Fault("silent", action="set_friend_add_request"))
    conduct.faults.append(Fault("refuse", action="set_friend_add_request"))
    async with inside(tmp_path, toml) as hub, hub.peer(conduct) as qq:
        qq.peer.push(request("friend", "f1"))
        await until(lambda: conduct.calls["set_friend_add_request"] == 1)
        await quiet(hub, qq)
        (doubt,) = await hub.rows(State.UNKNOWN)
        qq.peer.push(request("friend", "f2"))
        await until(lambda: not conduct.faults)
        await quiet(hub, qq)
        (dead,) = await hub.rows(State.DEAD)
    async with inside(tmp_path, toml) as hub, hub.peer(conduct) as qq:
        qq.number = 100
        await quiet(hub, qq)
        assert [row.id for row in await hub.rows(State.UNKNOWN, State.DEAD)] == [doubt.id, dead.id]
    assert [params["flag"] for _, params in conduct.acts] == ["f1"]


async def test_the_mute_lottery(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as qq:
        conduct = qq.peer.conduct
        qq.say("/禁言抽奖", ANNA, GROUP)
        said = (await qq.until_seen(1))[0]
        seconds = int(re.findall(r"已禁言(\d+)秒", said)[0])
        assert 1 <= seconds <= 60
        assert conduct.acts == [("set_group_ban", {"group_id": GROUP, "user_id": ANNA, "duration": seconds})]
        conduct.roles[10001] = "member"
        qq.say("/禁言抽奖", ANNA, GROUP)
        assert "权限" in (await qq.until_seen(2))[1]
        conduct.roles |= {10001: "admin", ANNA: "admin"}
        qq.say("/禁言抽奖", ANNA, GROUP)
        assert "管理员不能被禁言" in (await qq.until_seen(3))[2]
        conduct.roles.clear()
        conduct.faults.append(Fault("refuse", action="set_group_ban"))
        qq.say("/禁言抽奖", ANNA, GROUP)
        assert "平台拒绝" in (await qq.until_seen(4))[3]
        qq.say("/禁言抽奖", ANNA)
        await qq.until_seen(5)
        await quiet(hub, qq)
    assert len(conduct.acts) == 1


def reply(qq: Talker, message_id: int, text: str, user: int = ANNA, group: int | None = GROUP) -> None:
    segment = {"type": "reply", "data": {"id": str(message_id)}}
    qq.say([segment, {"type": "text", "data": {"text": text}}], user, group)


async def test_the_bot_takes_back_what_it_said(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as qq:
        conduct = qq.peer.conduct
        qq.mention("hello")
        await qq.until_seen(1)
        answer = conduct.shown[0].message_id
        reply(qq, answer, "/recall", BO)
        assert "Only whoever asked" in (await qq.until_seen(2))[1]
        reply(qq, 77, "/recall")
        assert "no message of mine" in (await qq.until_seen(3))[2]
        qq.say("/recall", ANNA, GROUP)
        assert "Reply to" in (await qq.until_seen(4))[3]
        reply(qq, answer, "/recall")
        await until(lambda: conduct.deleted == [answer])
        await quiet(hub, qq)
        assert len(qq.seen) == 4


async def test_words_are_filtered_before_a_model_is_asked(tmp_path: Path) -> None:
    toml = OWNERS + '[manners.filters]\nviogami = "谢谢你提及我的主人~"\nspam = ""\n'
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        qq.say("do you know ViOgAmI?")
        assert await qq.until_seen(1) == ["谢谢你提及我的主人~"]
        qq.say("/chat viogami", ANNA, GROUP)
        await qq.until_seen(2)
        qq.say("buy my spam")
        qq.say("/filter add 早安 = 早安呀 = 哈", ADMIN, GROUP)
        await qq.until_seen(3)
        qq.mention("早安")
        assert (await qq.until_seen(4))[3] == "早安呀 = 哈"
        qq.say("早安")
        qq.say("viogami, said beside the bot", ANNA, GROUP)
        await qq.until_seen(5)
        assert len(hub.model.requests) == 1
        qq.say("/filter add x = y", ANNA, GROUP)
        await qq.until_seen(6)
        qq.say("/filter all del spam", ADMIN, GROUP)
        qq.say("/filter list", ADMIN, GROUP)
        listed = (await qq.until_seen(8))[7]
        assert "viogami" in listed
        assert "早安" in listed
        assert "spam" not in listed
        qq.say("/filter del nothing", ADMIN)
        await qq.until_seen(9)
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        qq.number = 100
        qq.mention("早安")
        assert await qq.until_seen(1) == ["早安呀 = 哈"]
        qq.say("spam")
        assert (await qq.until_seen(2))[1] == "LLM-OK spam"


async def test_filters_may_hear_what_is_not_for_the_bot(tmp_path: Path) -> None:
    toml = OWNERS + '[manners]\noverhear = true\n[manners.filters]\nhelp = "ask me"\n'
    async with inside(tmp_path, toml) as hub, hub.peer() as qq:
        qq.say("who can help", ANNA, GROUP)
        assert await qq.until_seen(1) == ["ask me"]
        qq.say("/room off", ADMIN, GROUP)
        await qq.until_seen(2)
        qq.say("who can help", ANNA, GROUP)
        await quiet(hub, qq)
        assert len(qq.seen) == 2


async def test_answers_in_groups_mention_who_asked(tmp_path: Path) -> None:
    async with inside(tmp_path, "[manners]\nmention_in_groups = true\n") as hub, hub.peer() as qq:
        qq.say("/chat hi", ANNA, GROUP)
        await qq.until_seen(1)
        qq.say("/help", ANNA, GROUP)
        await qq.until_seen(2)
        qq.say("hello")
        await qq.until_seen(3)
    kinds = [[segment["type"] for segment in each if segment["type"] != "reply"] for each in shown(qq)]
    assert kinds == [["at", "text"], ["at", "text"], ["text"]]
    assert AT in shown(qq)[0]
    assert qq.seen[0] == " LLM-OK hi"
    assert hub.model.requests[0].body["messages"][-1]["content"] == "hi"


BUNDLE = {
    "messages": [
        {"sender": {"user_id": ANNA, "nickname": "Anna"}, "content": [{"type": "text", "data": {"text": "one"}}]},
        {"sender": {"user_id": BO, "nickname": "Bo"}, "content": [{"type": "forward", "data": {"id": "inner"}}]},
    ]
}
INNER = {"message": [{"type": "node", "data": {"user_id": "5", "nickname": "Cat", "content": "two"}}]}


async def test_a_bundle_is_read_to_the_model(tmp_path: Path) -> None:
    conduct = Conduct(bundles={"outer": BUNDLE, "inner": INNER})
    async with inside(tmp_path) as hub, hub.peer(conduct) as qq:
        qq.say([{"type": "forward", "data": {"id": "outer"}}])
        await qq.until_seen(1)
        qq.say([{"type": "forward", "data": {"id": "lost"}}])
        await qq.until_seen(2)
        (asked,) = hub.model.requests
    assert asked.body["messages"][-1]["content"] == "> Anna: one\n> Bo:\n> > Cat: two"


async def test_a_long_answer_goes_out_as_a_bundle(tmp_path: Path) -> None:
    async with inside(tmp_path, "[platforms.onebot]\nbundle_over = 100\n") as hub, hub.peer() as qq:
        qq.say("word " * 40)
        qq.mention("word " * 40)
        qq.say("short")
        await until(lambda: len(qq.peer.conduct.shown) == 3)
    calls = qq.peer.conduct.calls
    assert (calls["send_private_forward_msg"], calls["send_group_forward_msg"], calls["send_private_msg"]) == (1, 1, 1)


async def test_what_a_question_quotes_is_read_to_the_model(tmp_path: Path) -> None:
    known: dict[int, dict[str, Any]] = {
        70: {"message_id": 70, "sender": {"user_id": BO, "nickname": "Bo"}, "message": "the earth\nis flat"},
        71: {"message_id": 71, "sender": {"user_id": BO}, "message": [{"type": "forward", "data": {"id": "inner"}}]},
    }
    conduct = Conduct(known=known, bundles={"inner": INNER})
    at = {"type": "at", "data": {"qq": "10001"}}
    async with inside(tmp_path) as hub, hub.peer(conduct) as qq:
        for number, (quoted, text) in enumerate(((70, " true?"), (71, " short?"), (72, " what?")), 1):
            quote = {"type": "reply", "data": {"id": str(quoted)}}
            qq.say([quote, at, {"type": "text", "data": {"text": text}}], ANNA + number, GROUP)
            await qq.until_seen(number)
        reply(qq, 70, "/chat really?", BO)
        await qq.until_seen(4)
        asked = [each.body["messages"][-1]["content"] for each in hub.model.requests]
    assert asked == [
        "> the earth\n> is flat\n\ntrue?",
        "short?\n> Cat: two",
        "what?",
        "> the earth\n> is flat\n\nreally?",
    ]
