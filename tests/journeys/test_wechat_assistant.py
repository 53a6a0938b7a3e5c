"""Limits, sessions and administration of the assistant for Official Accounts, against a running hub."""

from __future__ import annotations

import json
from pathlib import Path

from tests.journeys.test_wechat_official import talking

ADMIN = """
admin_token = "secret-of-admins"
admins = ["boss"]
white_list = ["friend"]
admin_email = "boss@example.org"
messages_per_day = 2
"""
LIMIT = (
    "抱歉，您今日的聊天次数已达上限，请明日再来！\n\n"
    "如希望解除限制，请发送您的ID(anna)至邮箱 boss@example.org ，并附上一个充分的理由。"
)

TOPIC = "抱歉，这个话题我们已经聊了太多了。我没法再聊下去了。或许您可以总结一下前面的内容，然后我们再尝试往下聊！"


def admin(command: str, argument: str, token: str = "secret-of-admins") -> str:
    return f"admin-command:{token}\n{command}\n{argument}"


async def test_limits_and_their_administration(tmp_path: Path) -> None:
    async with talking(tmp_path, ADMIN) as (phone, _):

        async def say(user: str, text: str) -> str:
            return (await phone.say(user, text)).text

        assert [await say("anna", f"q{number}") for number in range(3)] == ["LLM-OK q0", "LLM-OK q1", LIMIT]
        for number in range(3):
            assert await say("boss", f"q{number}") == f"LLM-OK q{number}"
            assert await say("friend", f"q{number}") == f"LLM-OK q{number}"

        assert await say("boss", admin("add_white_list", "anna,bert")) == "操作成功！"
        assert await say("anna", "free") == "LLM-OK free"
        assert await say("boss", admin("remove_white_list", "anna, friend")) == "操作成功！"
        assert await say("anna", "not free") == LIMIT
        assert "抱歉，您今日的聊天次数已达上限" in await say("friend", "not free")
        assert await say("boss", admin("set_limit", "anna,4")) == "操作成功！"
        assert await say("anna", "four") == "LLM-OK four"
        assert await say("anna", "five") == LIMIT

        config = await say("boss", admin("get_config", "1"))
        assert config.startswith("操作成功！\n\n{\n  ")
        assert json.loads(config.partition("\n\n")[2]) == {
            "admin_users": ["boss"],
            "user_white_list": ["bert"],
            "user_chat_count_per_day": {"anna": 4},
            "default_user_chat_count_per_day": 2,
        }
        stat = json.loads((await say("boss", admin("get_stat", "1"))).partition("\n\n")[2])
        assert stat == {
            "total_user_count": 3,
            "total_chat_count": 10,
            "max_user_chat_count": 4,
            "min_user_chat_count": 3,
            "avg_user_chat_count": 3.33,
            "today_chat_user_count": 3,
            "today_chat_count": 10,
            "today_max_user_chat_count": 4,
            "today_min_user_chat_count": 3,
            "today_avg_user_chat_count": 3.33,
        }
        assert await say("anna", "user_command:get_msg_count") == "操作成功！\n\n8"
        for words in ("MyID", "my id", "我的微信ID", " 微信id "):
            assert await say("anna", words) == "anna"


async def test_what_is_wrong_in_a_message_of_three_lines(tmp_path: Path) -> None:
    async with talking(tmp_path, ADMIN) as (phone, hub):

        async def say(user: str, text: str) -> str:
            return (await phone.say(user, text)).text

        refused = "操作失败，令牌错误或没有权限。"
        assert await say("boss", admin("get_config", "1", "wrong")) == refused
        assert await say("anna", admin("get_config", "1")) == refused
        assert await say("anna", "  Admin-Command：guess") == refused
        start = "操作失败，命令格式错误："
        two = "Must be lines to set command and args, found 2 lines (should be 3)"
        assert await say("boss", "admin-command:secret-of-admins\nget_stat") == start + two
        assert await say("boss", admin("fly", "1")) == start + "Unknown command: fly"
        args = "Args for set limit must be `{user_id}, {count}`, found anna"
        assert await say("boss", admin("set_limit", "anna")) == start + args
        assert await say("boss", admin("set_token", "two words")) == start + "令牌至少要有 1 个字符，且不能含有空格。"
        assert hub.model.count == 0


async def test_a_new_token_lasts_and_acts_are_written_down(tmp_path: Path) -> None:
    async with talking(tmp_path, ADMIN) as (phone, _):
        assert (await phone.say("boss", admin("set_token", "short"))).text == "操作成功！"
        assert (await phone.say("boss", admin("set_token", "another-secret", "short"))).text == "操作成功！"
        assert "令牌错误" in (await phone.say("boss", admin("get_config", "1"))).text
    async with talking(tmp_path, ADMIN) as (phone, _):
        assert "令牌错误" in (await phone.say("boss", admin("get_config", "1"))).text
        assert (await phone.say("boss", admin("get_config", "1", "another-secret"))).text.startswith("操作成功！\n\n")
        told = (await phone.say("boss", "/whitelist add wechat_official:carl")).text
        assert told == "wechat_official:carl 从现在起不受限额约束。"
        listed = (await phone.say("boss", "/audit")).text.split("\n")
        assert [line.split("：")[1] for line in listed] == [
            "whitelist add wechat_official:carl",
            "get_config 1",
            "admin-command refused",
            "admin-command refused",
            "set_token ***",
            "set_token ***",
        ]
        assert "another" not in "\n".join(listed)
        assert (await phone.say("anna", "/audit")).text == "你没有使用 /audit 的权限。"


async def test_failures_are_told_in_the_originals_words(tmp_path: Path) -> None:
    async with talking(tmp_path) as (phone, hub):
        hub.model.fail(500)
        assert (await phone.say("anna", "hello")).text == "抱歉，系统错误，请稍候再试！"
        hub.model.fail(413, times=20)
        assert (await phone.say("bert", "a novel")).text == TOPIC


async def test_people_set_parameters_of_the_model(tmp_path: Path) -> None:
    async with talking(tmp_path) as (phone, hub):
        assert "temperature" in (await phone.say("anna", "/set temperature 0.3")).text
        assert (await phone.say("anna", "hello")).text == "LLM-OK hello"
        assert hub.model.requests[-1].body["temperature"] == 0.3


async def test_pictures_go_to_the_model(tmp_path: Path) -> None:
    async with talking(tmp_path, model="vision = true") as (phone, hub):
        picture = phone.message("anna", "image", PicUrl="http://mmbiz.qpic.cn/a/0", MediaId="m1")
        assert (await phone.deliver(picture)).fields["MsgType"] == "text"
        parts = hub.model.requests[-1].body["messages"][-1]["content"]
        assert any(part["type"] == "image_url" for part in parts)
