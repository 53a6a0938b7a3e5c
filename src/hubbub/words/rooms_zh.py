"""Chinese sentences about rooms and the people in them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "buttons.choose": "选择",
        "buttons.retry": "重试",
        "slash.text": "命令后面的内容",
        "command.start.help": "简单介绍我自己",
        "command.start": (
            "你好！我是一个助手：给我发消息、图片或语音，我都会回答。\n"
            "在群里请提及我或回复我。{command} 会列出我还能做什么。"
        ),
        "command.me.help": "显示平台告诉我的关于你的信息",
        "command.me": (
            "ID：{id}\n名称：{name}\n用户名：{username}\n机器人：{bot}\n在这里的身份：{role}\n语言：{language}"
        ),
        "command.admin.help": "呼叫本群的管理者",
        "command.admin.called": "{name} 在找你们。",
        "command.admin.nobody": "本群除了机器人没有管理者。",
        "command.admin.unknown": "查不到本群由谁管理。",
        "command.banme.help": "让你安静几秒钟，敢试试吗",
        "command.banme.done": "{name}，请安静 {seconds} 秒。",
        "command.banme.cannot": "我在这个平台上没法让人安静。",
        "command.me.yes": "是",
        "command.me.no": "否",
    }
)
