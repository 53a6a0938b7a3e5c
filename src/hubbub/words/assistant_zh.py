"""Chinese sentences of the assistant on platforms that come for their answers, and of its administration."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "chat.thinking": "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。",
        "chat.too_fast": "抱歉，您的回复太快啦，助手还在思考前一个问题呢！\n\n回复“1”查看前一个问题的回复。",
        "chat.next_part": "（未完，回复“1”查看下一部分）",
    }
)
