"""Chinese sentences about the role of the model and about what was said aloud."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.prompt_set.help": "设置默认角色描述：{prefix}prompt-set 你是一个资深的程序员",
        "command.prompt_set.done": "遵命，主人",
        "command.clear.done": '主人已经开启新的对话啦，你可以使用"@prompt-set 新的角色（提示）"给我啦~',
    }
)
