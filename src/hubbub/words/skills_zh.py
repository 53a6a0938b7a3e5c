"""Chinese sentences of what is made for people by tools. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.image.not_kept": "图片画好了，但无法保存和发送（错误编号 {id}）。",
        "skill.clock": "查询这里和其他地方的日期与时间",
        "skill.calculator": "精确计算算式",
        "skill.image": "生成图片，或修改发来的图片",
        "skill.consent": "要允许我使用 {names}，请发送 {command}",
    }
)
