"""English sentences of the assistant on platforms that come for their answers, and of its administration."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "chat.thinking": "This one is hard, the assistant is still thinking ...\n\nReply 1 to see the answer.",
        "chat.too_fast": (
            "Sorry, that was too quick: the assistant is still thinking about the question before!"
            "\n\nReply 1 to see its answer."
        ),
        "chat.next_part": "(There is more. Reply 1 to see the next part.)",
    }
)
