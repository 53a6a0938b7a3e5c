"""Telegram's reading of its HTML (Bot API, "HTML style"): what is shown, or why it cannot be parsed."""

from __future__ import annotations

from html.parser import HTMLParser

from typing_extensions import override

_TAGS = {
    "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "tg-spoiler", "span", "a", "code", "pre", "blockquote",
    "tg-emoji",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "code": {"class"}, "span": {"class"}, "blockquote": {"expandable"}}


class CannotParseError(Exception):
    pass


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise CannotParseError(f'unsupported start tag "{tag}"')
        if tag == "blockquote" and tag in self.open:
            raise CannotParseError("blockquotes cannot be nested")
        if tag != "code" and {"pre", "code"} & set(self.open):
            raise CannotParseError(f"{tag} in code")
        for name, value in attrs:
            if name not in _ATTRIBUTES.get(tag, ()) or value is None:
                raise CannotParseError(f"attribute {name} of {tag}")
        self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise CannotParseError(f"unmatched end tag {tag}")

    @override
    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def shown(html: str) -> str:
    """The text that people see. Raises CannotParseError."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open:
        raise CannotParseError(f"can't find end tag corresponding to start tag {reader.open[-1]}")
    return "".join(reader.shown)
