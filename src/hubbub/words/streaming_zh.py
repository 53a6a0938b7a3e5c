"""Chinese sentences about answers that are shown while they are written."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.stream.help": "边写边显示回答：on 或 off",
        "command.stream.how": "更改：{command} on 或 {command} off",
        "command.stream.off": "回答写完后一次发出。",
        "command.stream.on": "回答会边写边显示。",
        "command.stream.unable": "在这个聊天里，回答写完后才会发出。",
    }
)
