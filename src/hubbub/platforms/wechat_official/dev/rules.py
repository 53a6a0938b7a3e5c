"""What the platform refuses, by its error codes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LONGEST_TEXT = 2048
LARGEST = {
    "image": (10 << 20, 40009),
    "voice": (2 << 20, 40010),
    "video": (10 << 20, 40011),
    "thumb": (64 << 10, 40012),
}
_STARTS = {
    "image": (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM"),
    "thumb": (b"\xff\xd8\xff",),
    "voice": (b"#!AMR", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "video": (b"\x00\x00\x00",),
}
_MENU_TYPES = frozenset(("click", "view", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "location_select"))


class Rejected(Exception):
    """An error code with its text."""

    def __init__(self, code: int, text: str) -> None:
        """As the platform answers it."""
        super().__init__(text)
        self.code = code
        self.text = text


def need(so: object, code: int, text: str) -> None:
    """Raise Rejected unless something is so."""
    if not so:
        raise Rejected(code, text)


def check_message(body: Any, media: Mapping[str, str]) -> None:
    """A message of the customer-service API; ``media``: the kind of each file by its media id."""
    need(isinstance(body, dict), 47001, "data format error")
    kind = body.get("msgtype")
    checker = _MESSAGES.get(kind) if isinstance(kind, str) else None
    if checker is None:
        raise Rejected(40008, "invalid message type")
    inside = body.get(kind)
    need(isinstance(inside, dict), 44003 if kind == "news" else 44004, f"empty {kind}")
    checker(inside, media)
    need(set(body) <= {"touser", "msgtype", kind, "customservice", "aimsgcontext"}, 47003, "argument invalid")


def _text(inside: Mapping[str, Any], media: Mapping[str, str]) -> None:  # noqa: ARG001 - every checker is called alike
    content = inside.get("content")
    need(isinstance(content, str), 47001, "data format error")
    need(content, 44004, "empty content")
    need(len(str(content).encode()) <= LONGEST_TEXT, 45002, "content size out of limit")


def _file(kind: str) -> Callable[[Mapping[str, Any], Mapping[str, str]], None]:
    def check(inside: Mapping[str, Any], media: Mapping[str, str]) -> None:
        need(media.get(str(inside.get("media_id"))) == kind, 40007, "invalid media_id")

    return check


def _news(inside: Mapping[str, Any], media: Mapping[str, str]) -> None:  # noqa: ARG001 - as above
    articles = inside.get("articles")
    need(isinstance(articles, list) and articles, 44003, "empty news data")
    need(len(articles or ()) == 1, 45008, "article size out of limit")
    need(
        all(isinstance(each, dict) and each.get("title") and each.get("url") for each in articles or ()), 47003, "news"
    )


def _anything(inside: Mapping[str, Any], media: Mapping[str, str]) -> None:
    """Cards and the like, which are not looked into."""


_MESSAGES: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], None]] = {
    "text": _text,
    "image": _file("image"),
    "voice": _file("voice"),
    "video": _file("video"),
    "news": _news,
    "music": _anything,
    "msgmenu": _anything,
    "miniprogrampage": _anything,
    "wxcard": _anything,
}


def check_file(kind: str, data: bytes) -> None:
    """A file to be uploaded."""
    need(kind in LARGEST, 40004, "invalid media type")
    size, code = LARGEST[kind]
    need(data, 44001, "empty media data")
    need(len(data) <= size, code, f"invalid {kind} size")
    need(data.startswith(_STARTS[kind]), 40005, "invalid file type")


def check_menu(body: Any) -> None:
    """A menu: one to three buttons, each an act or one to five below it."""
    buttons = body.get("button") if isinstance(body, dict) else None
    need(isinstance(buttons, list) and 1 <= len(buttons) <= 3, 40016, "invalid button size")
    for button in buttons or ():
        below = button.get("sub_button")
        need(len(str(button.get("name", "")).encode()) <= 16 and button.get("name"), 40018, "invalid button name size")
        if below is None:
            _check_button(button)
            continue
        need(isinstance(below, list) and 1 <= len(below) <= 5, 40023, "invalid sub button size")
        for each in below:
            need(
                len(str(each.get("name", "")).encode()) <= 60 and each.get("name"),
                40025,
                "invalid sub button name size",
            )
            _check_button(each)


def _check_button(button: Mapping[str, Any]) -> None:
    need(button.get("type") in _MENU_TYPES, 40017, "invalid button type")
    if button["type"] == "view":
        need(str(button.get("url", "")).startswith(("http://", "https://")), 40054, "invalid sub button url domain")
    else:
        need(1 <= len(str(button.get("key", "")).encode()) <= 128, 40019, "invalid button key size")


def check_template(body: Any) -> None:
    """A template message."""
    need(isinstance(body, dict), 47001, "data format error")
    need(
        isinstance(body.get("template_id"), str) and body["template_id"].startswith("tpl-"),
        40037,
        "invalid template_id",
    )
    data = body.get("data")
    need(
        isinstance(data, dict) and all(isinstance(each, dict) and "value" in each for each in data.values()),
        47003,
        "data",
    )
