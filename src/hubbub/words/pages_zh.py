"""More sentences of the pages, in Chinese. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "你已被此系统屏蔽。请联系管理员解除。",
    }
)
