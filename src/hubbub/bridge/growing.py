"""An answer that is still being written, as one message of its room. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.bridge.translate import fit
from hubbub.core.messages import Text

if TYPE_CHECKING:
    from hubbub.core.capabilities import Capabilities
    from hubbub.core.messages import Message

SIGN: Final = "▌"
"""Stands where the next words come."""
MORE: Final = " …"
"""Stands where the first message is full, and more follows in others."""
_LEAST_LENGTH = 20
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_BLOCK_LINE = re.compile(r"^ {0,3}(?:```|~~~|\||[-*_=]{3,} *$)")
_CODE = re.compile(r"`+")
_SPAN = re.compile(r"`+[^`]*`+")
_STRONG, _STRIKE = re.compile(r"\*\*(?=\S)|(?<=\S)\*\*"), re.compile(r"~~(?=\S)|(?<=\S)~~")


def growing(text: str, caps: Capabilities) -> Message:
    """The message that shows what is there of an answer, with a sign that it goes on.

    Where it has grown beyond one message, that is what the first of them will be, as far as it is known.
    """
    text = text.rstrip()
    parts = fit((Text(_signed(text)),), caps)
    if len(parts) <= 1:
        return parts[0] if parts else (Text(SIGN, verbatim=True),)
    if caps.max_length < _LEAST_LENGTH:
        return parts[0]
    first = fit((Text(text),), replace(caps, max_length=caps.max_length - len(MORE)))[0]
    last = first[-1]
    if type(last) is not Text:
        return first
    more = f"\n{MORE[1:]}" if _BLOCK_LINE.match(last.text.rpartition("\n")[2]) else MORE
    return (*first[:-1], replace(last, text=last.text + more))


def _signed(text: str) -> str:
    """A text with what closes its open marks, and the sign behind it."""
    if not text:
        return SIGN
    if _in_code(text):
        # On the line of the fence itself it would be taken for the name of a language, or keep the block open.
        return f"{text}\n{SIGN}" if _FENCE.match(text.rpartition("\n")[2]) else f"{text} {SIGN}"
    if _BLOCK_LINE.match(text.rpartition("\n")[2]):
        return f"{text}\n\n{SIGN}"
    return f"{text}{_closers(text)} {SIGN}"


def _in_code(text: str) -> bool:
    """Whether a text ends within a fenced block of code."""
    opened = ""
    for fence in _FENCE.finditer(text):
        mark, rest = fence[1], fence[2]
        if not opened:
            opened = mark
        elif mark.startswith(opened) and not rest.strip():
            opened = ""
    return bool(opened)


def _closers(text: str) -> str:
    """What closes the marks that the last paragraph has opened."""
    paragraph = text.rpartition("\n\n")[2]
    rest = _SPAN.sub("", paragraph)
    open_code = _CODE.search(rest)
    closers = open_code[0] if open_code else ""
    if open_code:
        rest = rest[: open_code.start()]
    for mark, pattern in (("~~", _STRIKE), ("**", _STRONG)):
        if len(pattern.findall(rest)) % 2:
            closers += mark
    return closers
