"""More sentences of the pages, in Chinese. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "你已被此系统屏蔽。请联系管理员解除。",
        "console.given_up": "无法处理的消息",
        "console.given_up_why": (
            "这些消息已经收到，但每次处理都会出错，因此已放弃；能通知发送者的已经通知。8 天后会从列表中清除。"
        ),
    }
)
