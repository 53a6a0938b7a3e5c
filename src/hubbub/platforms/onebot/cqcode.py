"""CQ codes: OneBot's string form of a message.

Words stand as they are, with ``&``, ``[`` and ``]`` written as ``&amp;``, ``&#91;`` and ``&#93;``; everything else is
``[CQ:type,key=value,...]``, in whose values a comma is written as ``&#44;`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

# No "[" inside a code: a search can then never run twice over the same characters.
_CODE = re.compile(r"\[CQ:([A-Za-z0-9_.\-]+)((?:,[^\[\],=]+=[^\[\],]*)*),?\]")
_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_KEY = re.compile(r"[^\[\],=\s&]+")


def escape_text(text: str) -> str:
    """Write words so that no code is found in them."""
    return text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")


def unescape_text(text: str) -> str:
    """Undo `escape_text`."""
    if "&" not in text:
        return text
    return text.replace("&#91;", "[").replace("&#93;", "]").replace("&amp;", "&")


def escape_value(value: str) -> str:
    """Write the value of a code's key."""
    return escape_text(value).replace(",", "&#44;")


def unescape_value(value: str) -> str:
    """Undo `escape_value`."""
    return unescape_text(value.replace("&#44;", ",")) if "&" in value else value


def _data(parameters: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in parameters.split(",")[1:])
    return {key.strip(): unescape_value(value) for key, _, value in pairs}


def parse(text: str, limit: int = 1000) -> list[dict[str, Any]]:
    """Read a message into segments of the array form; what is no whole code is words.

    Behind ``limit`` codes the rest is words too.
    """
    if "[CQ:" not in text:
        return [{"type": "text", "data": {"text": unescape_text(text)}}] if text else []
    segments: list[dict[str, Any]] = []
    end = 0
    for found in _CODE.finditer(text):
        if len(segments) >= limit:
            break
        if found.start() > end:
            segments.append({"type": "text", "data": {"text": unescape_text(text[end : found.start()])}})
        segments.append({"type": found[1], "data": _data(found[2])})
        end = found.end()
    if end < len(text):
        segments.append({"type": "text", "data": {"text": unescape_text(text[end:])}})
    return segments


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return str(value)


def write(segments: Iterable[dict[str, Any]]) -> str:
    """Write segments of the array form as one string. Names that no code can have are left out."""
    parts: list[str] = []
    for segment in segments:
        kind, data = segment["type"], segment["data"]
        if kind == "text":
            parts.append(escape_text(_value(data.get("text", ""))))
        elif _NAME.fullmatch(kind):
            pairs = [
                f",{key}={escape_value(_value(value))}"
                for key, value in data.items()
                if value is not None and _KEY.fullmatch(key)
            ]
            parts.append(f"[CQ:{kind}{''.join(pairs)}]")
    return "".join(parts)
