"""Chinese sentences of what is made for people by tools. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.image.not_kept": "图片画好了，但无法保存和发送（错误编号 {id}）。",
    }
)
