"""Texts as PostgreSQL takes them: it has no U+0000, and an index takes no text of any length."""

from __future__ import annotations

import hashlib

from hubbub.core.errors import Unstorable

_ESCAPE = "\x1a"
_LONGEST = 1000
_INTEGERS = 1 << 63


def stored(text: str) -> str:
    """The text as it is stored. Raises Unstorable for half a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"this cannot be stored: {error}"
        raise Unstorable(msg) from error
    if "\0" in text or _ESCAPE in text:
        return text.replace(_ESCAPE, _ESCAPE + "1").replace("\0", _ESCAPE + "0")
    return text


def name(text: str) -> str:
    """As `stored`, for what is looked up by an index. Raises Unstorable for one that is too long, too."""
    text = stored(text)
    if len(text) * 4 > _LONGEST and len(text.encode()) > _LONGEST:
        msg = f"this cannot be stored: a name of more than {_LONGEST} bytes, {text[:40]}..."
        raise Unstorable(msg)
    return text


def key(text: str) -> str:
    """As `name`, for what is looked up and never read back: a long one is known by its digest."""
    text = stored(text)
    if len(text) * 4 > _LONGEST and len(data := text.encode()) > _LONGEST:
        return f"{text[:100]}{_ESCAPE}{hashlib.sha256(data).hexdigest()}"
    return text


def read(text: str) -> str:
    """The text that was stored."""
    if _ESCAPE in text:
        return text.replace(_ESCAPE + "0", "\0").replace(_ESCAPE + "1", _ESCAPE)
    return text


def number(value: int) -> int:
    """A number as a column takes it; one that no column holds is 0, which is nobody's."""
    return value if -_INTEGERS <= value < _INTEGERS else 0
