"""Markdown as plain text; texts without markup, which most are, cost next to nothing."""

from __future__ import annotations

import re

# A character that may be markup; a text without one reads the same either way, so it is never parsed.
_MARK = re.compile(r"[*_`~\[\\#<&|]")
# Longer texts are left as they are: they are files rather than messages.
LONGEST = 100_000


def marked(text: str) -> bool:
    """The text may hold markup that plain text would show raw."""
    return _MARK.search(text) is not None


def plain(text: str) -> str:
    """The text without its markup. Lists, quotes, code and the addresses of links stay readable."""
    if not marked(text) or len(text) > LONGEST:
        return text
    from hubbub.markup.parse import parse  # noqa: PLC0415 - loaded on first use
    from hubbub.markup.writer import write  # noqa: PLC0415 - loaded on first use

    return write(parse(text))
