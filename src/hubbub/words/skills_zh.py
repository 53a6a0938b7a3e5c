"""Chinese sentences of what is made for people by tools. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.image.not_kept": "图片画好了，但无法保存和发送（错误编号 {id}）。",
        "command.tools.help": "查看我回答时可以使用的工具，开启或关闭",
        "command.tools.none": "这里没有开启任何工具。",
        "command.tools.head": "回答时我可以使用的工具：",
        "command.tools.line": "- {name}：{title}（{state}）",
        "command.tools.on": "已开启",
        "command.tools.off": "已关闭",
        "command.tools.asks": "需要先发送 {command}",
        "command.tools.how": "更改：{command} off、{command} on，或加上名称：off、on、allow（不再询问）、ask（先询问）",
        "command.tools.unknown": "没有工具 {name}。现有：{names}。",
        "skill.clock": "查询这里和其他地方的日期与时间",
        "skill.calculator": "精确计算算式",
        "skill.image": "生成图片，或修改发来的图片",
        "skill.consent": "要允许我使用 {names}，请发送 {command}",
    }
)
