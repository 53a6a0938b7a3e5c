"""A NoneBot2 application whose commands call the Repeater's backend, the way its plugins do.

``python -m tests.fakes.nonebot_repeater OneBot-URL backend-URL``: connects to an OneBot implementation that listens.
"""

from __future__ import annotations

import sys
from typing import Any

import httpx
import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Bot, GroupMessageEvent, Message, MessageEvent, MessageSegment
from nonebot.params import CommandArg
from nonebot.rule import to_me

CHAT_SECONDS = 600.0
SYSTEM = "> SystemInfo:\n> 消息发送时间：{time}"
RENDERED = "\n> Markdown渲染已开启！！！"
LONGEST_LINE, MOST_LINES = 10, 5


def session_of(event: MessageEvent) -> str:
    """The id by which the backend knows a person here."""
    if isinstance(event, GroupMessageEvent):
        return f"Group:{event.group_id}:{event.user_id}"
    return f"Private:{event.user_id}"


class Client:
    """Calls the backend; all but chats within httpx's own five seconds."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")

    async def chat(self, event: MessageEvent, text: str, *, rendering: bool, **more: Any) -> httpx.Response:
        form: dict[str, Any] = {"user_name": event.sender.nickname or "", "load_prompt": True, "rendering": rendering}
        if text:
            form["message"] = SYSTEM + (RENDERED if rendering else "") + "\n\n---\n\n" + text
        url = f"{self.base}/chat/completion/{session_of(event)}"
        async with httpx.AsyncClient(timeout=CHAT_SECONDS) as http:
            return await http.post(url, data=form | more)

    async def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        async with httpx.AsyncClient() as http:
            return await http.request(method, f"{self.base}/{path}", **given)


def shown(event: MessageEvent, answer: httpx.Response, base: str, *, picture: bool) -> Message | MessageSegment | str:
    """An answer as people get it: in a group long ones are pictures."""
    if answer.status_code != 200:
        return f"{answer.text}\nHTTP Code: {answer.status_code}"
    found = answer.json()
    lines = found["content"].split("\n")
    crowded = max(map(len, lines)) < LONGEST_LINE or len(lines) > MOST_LINES
    if "file_uuid" in found and (picture or (isinstance(event, GroupMessageEvent) and crowded)):
        return MessageSegment("image", {"file": f"{base}/file/render/{found['file_uuid']}.png"})
    return str(found["content"])


def told(name: str, event: MessageEvent, answer: httpx.Response) -> str:
    """What a command that is no chat says."""
    return f"===={name}====\n> {session_of(event)}\n{answer.text}\nHTTP Code: {answer.status_code}"


async def reply(bot: Bot, event: MessageEvent, message: Message | MessageSegment | str) -> None:
    """To where it was asked."""
    if isinstance(event, GroupMessageEvent):
        await bot.send_group_msg(group_id=event.group_id, message=Message(message))
    else:
        await bot.send_private_msg(user_id=event.user_id, message=Message(message))


def add_chats(client: Client) -> None:
    """Commands that ask a model."""

    def add(name: str, alias: str, *, takes_text: bool = True, picture: bool = False, **more: Any) -> None:
        async def handle(bot: Bot, event: MessageEvent, argument: Message = CommandArg()) -> None:  # noqa: B008
            text = argument.extract_plain_text().strip() if takes_text else ""
            answer = await client.chat(event, text, rendering=True, **more)
            await reply(bot, event, shown(event, answer, client.base, picture=picture))

        nonebot.on_command(name, aliases={alias}, rule=to_me(), block=True, handlers=[handle])

    add("chat", "c")
    add("keepAnswering", "ka", takes_text=False)
    add("keepReasoning", "kr", takes_text=False, model_type="reasoner")
    add("reason", "r", model_type="reasoner")
    add("renderChat", "rc", picture=True)
    add("npChat", "np", load_prompt=False)


def add_others(client: Client) -> None:
    """Commands that change or show what is kept."""

    def add(name: str, alias: str, method: str, path: str, field: str = "", *, query: bool = False) -> None:
        async def handle(bot: Bot, event: MessageEvent, argument: Message = CommandArg()) -> None:  # noqa: B008
            given: dict[str, Any] = {field: argument.extract_plain_text().strip()} if field else {}
            ways: dict[str, Any] = {} if not given else {"params": given} if query else {"data": given}
            answer = await client.call(method, path.format(session_of(event)), **ways)
            await reply(bot, event, MessageSegment.text(told(name, event, answer)))

        nonebot.on_command(name, aliases={alias}, rule=to_me(), block=True, handlers=[handle])

    add("setPrompt", "sp", "POST", "userdata/prompt/set/{}", "prompt")
    add("deletePrompt", "dp", "DELETE", "userdata/prompt/delete/{}")
    add("deleteContext", "dc", "DELETE", "userdata/context/delete/{}")
    add("changeContextBranch", "ccb", "PUT", "userdata/context/change/{}", "new_branch_id", query=True)
    add("changePromptBranch", "cppb", "PUT", "userdata/prompt/change/{}", "new_branch_id")
    add("withdraw", "w", "POST", "userdata/context/withdraw/{}", "index")
    add("getContextTotalLength", "gctl", "GET", "userdata/context/length/{}")

    async def temperature(bot: Bot, event: MessageEvent, argument: Message = CommandArg()) -> None:  # noqa: B008
        form = {"key": "temperature", "value": float(argument.extract_plain_text())}
        answer = await client.call("PUT", f"userdata/config/set/{session_of(event)}/float", data=form)
        await reply(bot, event, MessageSegment.text(told("setTemperature", event, answer)))

    async def file(bot: Bot, event: MessageEvent) -> None:
        """The address is handed on; whoever fetches it sends no header."""
        url, name = f"{client.base}/userdata/file/{session_of(event)}.zip", "data.zip"
        if isinstance(event, GroupMessageEvent):
            await bot.call_api("upload_group_file", group_id=event.group_id, file=url, name=name)
        else:
            await bot.call_api("upload_private_file", user_id=event.user_id, file=url, name=name)

    nonebot.on_command("setTemperature", aliases={"st"}, rule=to_me(), block=True, handlers=[temperature])
    nonebot.on_command("sendUserDataFile", aliases={"sudf"}, rule=to_me(), block=True, handlers=[file])


def main(onebot: str, backend: str) -> None:
    nonebot.init(driver="~aiohttp", onebot_ws_urls=[onebot], log_level="WARNING", nickname=[])
    nonebot.get_driver().register_adapter(Adapter)
    client = Client(backend)
    add_chats(client)
    add_others(client)
    nonebot.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
