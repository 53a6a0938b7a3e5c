"""More sentences of the pages, in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "You are blocked on this hub. An admin of the hub can let you in.",
        "console.given_up": "Messages that could not be handled",
        "console.given_up_why": (
            "They came in and were given up: the hub broke each time it worked on them. Whoever wrote them was told so"
            " where that was possible. The list forgets them after 8 days."
        ),
    }
)
