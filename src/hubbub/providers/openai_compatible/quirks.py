"""Fields that one model refuses, learned from its refusals, so that the next request leaves them out."""

from __future__ import annotations

import re
from typing import Any

_OPTIONAL = (
    "max_tokens", "temperature", "top_p", "frequency_penalty", "presence_penalty", "stream_options", "stop", "user",
)  # fmt: skip
_THOUGHTS = "reasoning_content"
_NEWER = "max_completion_tokens"
_COMPLAINT = re.compile(
    r"(?i)unsupported|unrecogni[sz]ed|unknown|unexpected|not (?:\w+ )?(?:support|permit|allow)|extra (?:inputs|fields)"
)


class Quirks:
    """What to change in the requests to one model."""

    def __init__(self) -> None:
        self._dropped: set[str] = set()
        self._renamed = False
        self.thoughts = False
        """What a model thought before it called tools has to be said to it again with the calls."""

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body as this model takes it; changed in place."""
        if self._renamed and "max_tokens" in body:
            body[_NEWER] = body.pop("max_tokens")
        for name in self._dropped:
            body.pop(name, None)
        return body

    def learn(self, param: str, message: str, body: dict[str, Any]) -> bool:
        """Take a refusal to heart; True if the next request will differ.

        Newer models want ``max_completion_tokens`` for ``max_tokens`` and refuse sampling parameters; older servers
        do not know ``stream_options``.
        """
        if _THOUGHTS in message and not self.thoughts and _has_calls(body):
            self.thoughts = True
            return True
        if not _COMPLAINT.search(message):
            return False
        if "max_tokens" in body and _NEWER in message:
            self._renamed = True
            return True
        refused = param if param in body else next((name for name in _OPTIONAL if name in message), "")
        if refused not in body or refused not in _OPTIONAL:
            return False
        self._dropped.add(refused)
        return True


def _has_calls(body: dict[str, Any]) -> bool:
    messages = body.get("messages")
    return isinstance(messages, list) and any("tool_calls" in each for each in messages if isinstance(each, dict))
