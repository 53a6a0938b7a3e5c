"""English sentences about the role of the model and about what was said aloud."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.prompt_set.help": "give the model a role: {prefix}prompt-set You are a seasoned programmer",
        "command.prompt_set.done": "As you wish.",
        "command.clear.done": 'A new conversation has begun; "@prompt-set ROLE" gives me another role.',
    }
)
