"""What an OneBot v11 implementation takes and what it refuses, more strictly than any of them.

Sources: the standard's pages on actions and segments, go-cqhttp's and NapCat's on theirs. The message types of
nonebot-adapter-onebot have the last word on strings with CQ codes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]

LONGEST_TEXT = 5000
HANDLE = re.compile(r"[A-Za-z0-9_.{}\-]+")


class Refused(Exception):
    """The action is not taken: ``retcode`` and why."""

    def __init__(self, reason: str, retcode: int = 1400) -> None:
        super().__init__(reason)
        self.retcode = retcode


def need(condition: object, reason: str, retcode: int = 1400) -> None:
    if not condition:
        raise Refused(reason, retcode)


def digits(value: object) -> bool:
    return isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii()


def is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def check_file(value: object) -> None:
    need(isinstance(value, str) and value, "file is missing")
    assert isinstance(value, str)
    if value.startswith("base64://"):
        try:
            need(base64.b64decode(value[9:], validate=True), "file is empty")
        except binascii.Error as error:
            raise Refused(f"file is no base64: {error}") from error
    elif not value.startswith(("http://", "https://")):
        need(HANDLE.fullmatch(value) and ".." not in value, f"file is a path: {value[:80]}")


def check_text(data: Object) -> None:
    need(set(data) == {"text"} and isinstance(data["text"], str) and data["text"], "text is missing")
    need(len(data["text"]) <= LONGEST_TEXT, "text is too long")


def check_at(data: Object) -> None:
    need(data.get("qq") == "all" or (digits(data.get("qq")) and data["qq"] != "0"), "qq is no number")


def check_identified(data: Object) -> None:
    need(digits(data.get("id")), "id is no number")


def check_filed(data: Object) -> None:
    check_file(data.get("file"))
    need(all(isinstance(value, str) for value in data.values()), "a value is no string")


def check_strings(*keys: str) -> Callable[[Object], None]:
    def check(data: Object) -> None:
        for key in keys:
            need(isinstance(data.get(key), str), f"{key} is no string")

    return check


def check_mface(data: Object) -> None:
    need(isinstance(data.get("emoji_package_id"), int), "emoji_package_id is no number")
    check_strings("emoji_id", "key", "summary")(data)


def check_place(data: Object) -> None:
    check_strings("lat", "lon")(data)
    need(-90 <= float(data["lat"]) <= 90 and -180 <= float(data["lon"]) <= 180, "no such place")


def check_poke(data: Object) -> None:
    """The standard names a kind and an id, go-cqhttp a person."""
    need(set(data) == {"type", "id"} or (set(data) == {"qq"} and digits(data["qq"])), "nobody is poked")


SEGMENTS: dict[str, Callable[[Object], None]] = {
    "text": check_text,
    "at": check_at,
    "face": check_identified,
    "reply": check_identified,
    "image": check_filed,
    "record": check_filed,
    "video": check_filed,
    "file": check_filed,
    "mface": check_mface,
    "share": check_strings("url", "title"),
    "location": check_place,
    "contact": check_strings("type", "id"),
    "music": check_strings("type"),
    "poke": check_poke,
    "json": check_strings("data"),
    "xml": check_strings("data"),
    "markdown": check_strings("content"),
    "forward": check_strings("id"),
    "dice": lambda data: None,
    "rps": lambda data: None,
}
ALONE = frozenset({"dice", "rps", "poke", "record", "video", "file", "forward"})


def check_segments(message: object) -> None:
    need(isinstance(message, list) and message, "the message is empty")
    assert isinstance(message, list)
    for place, segment in enumerate(message):
        need(isinstance(segment, dict) and set(segment) == {"type", "data"}, "no segment")
        kind, data = segment["type"], segment["data"]
        need(isinstance(data, dict), "data is no object")
        need(kind in SEGMENTS, f"unknown segment {kind!r}")
        need(kind != "reply" or place == 0, "a reply must stand first")
        need(kind not in ALONE or len(message) == 1, f"{kind} must stand alone")
        SEGMENTS[kind](data)
    need(any(segment["type"] != "reply" for segment in message), "there is nothing but a reply")


def read_string(message: str) -> list[Object]:
    """A string with CQ codes as segments, as the oracle reads it."""
    from nonebot.adapters.onebot.v11 import Message as OracleMessage  # heavy, and a load never needs it

    return [{"type": segment.type, "data": dict(segment.data)} for segment in OracleMessage(message)]


def check_message(message: object, *, string: bool) -> list[Object]:
    need(isinstance(message, str) == string, f"the message is {'no string' if string else 'a string'}")
    segments = read_string(message) if isinstance(message, str) else message
    check_segments(segments)
    assert isinstance(segments, list)
    return segments


def check_node(node: object) -> None:
    need(isinstance(node, dict) and node.get("type") == "node" and isinstance(node.get("data"), dict), "no node")
    assert isinstance(node, dict)
    data = node["data"]
    if set(data) == {"id"}:
        need(digits(data["id"]), "id is no number")
        return
    need(set(data) <= {"user_id", "uin", "nickname", "name", "content"}, f"unknown keys in {sorted(data)}")
    need(digits(data.get("user_id")) and isinstance(data.get("nickname"), str), "a node without author")
    content = data.get("content")
    if (
        isinstance(content, list)
        and content
        and all(isinstance(one, dict) and one.get("type") == "node" for one in content)
    ):
        for one in content:
            check_node(one)
    else:
        check_segments(content)
        assert isinstance(content, list)
        need(all(segment["type"] != "reply" for segment in content), "a reply inside a bundle")


def only(params: Object, *allowed: str) -> None:
    need(set(params) <= set(allowed), f"unknown parameters {sorted(set(params) - set(allowed))}")


def check_private(params: Object, *, string: bool) -> None:
    only(params, "user_id", "group_id", "message")
    need(is_id(params.get("user_id")), "user_id is no number")
    need("group_id" not in params or is_id(params["group_id"]), "group_id is no number")
    check_message(params.get("message"), string=string)


def check_group(params: Object, *, string: bool) -> None:
    only(params, "group_id", "message")
    need(is_id(params.get("group_id")), "group_id is no number")
    check_message(params.get("message"), string=string)


def check_bundle(key: str) -> Callable[..., None]:
    def check(params: Object, *, string: bool) -> None:
        only(params, key, "messages")
        need(is_id(params.get(key)), f"{key} is no number")
        nodes = params.get("messages")
        need(isinstance(nodes, list) and nodes, "the bundle is empty")
        assert isinstance(nodes, list)
        for node in nodes:
            check_node(node)

    return check


def check_delete(params: Object, *, string: bool) -> None:
    only(params, "message_id")
    need(isinstance(params.get("message_id"), int), "message_id is no number")


def check_like(params: Object, *, string: bool) -> None:
    only(params, "message_id", "emoji_id", "set")
    need(isinstance(params.get("message_id"), int), "message_id is no number")
    need(digits(params.get("emoji_id")), "emoji_id is no number")
    need(isinstance(params.get("set"), bool), "set is no boolean")


def check_group_reaction(params: Object, *, string: bool) -> None:
    only(params, "group_id", "message_id", "code", "is_add")
    need(is_id(params.get("group_id")) and isinstance(params.get("message_id"), int), "ids are no numbers")
    need(digits(params.get("code")) and isinstance(params.get("is_add"), bool), "code or is_add is wrong")


def check_typing(params: Object, *, string: bool) -> None:
    only(params, "user_id", "event_type")
    need(digits(params.get("user_id")) and params.get("event_type") in (0, 1, 2), "user_id or event_type is wrong")


def check_nothing(params: Object, *, string: bool) -> None:
    only(params)


def check_member(params: Object, *, string: bool) -> None:
    only(params, "group_id", "user_id", "no_cache")
    need(is_id(params.get("group_id")) and is_id(params.get("user_id")), "ids are no numbers")


def check_ban(params: Object, *, string: bool) -> None:
    only(params, "group_id", "user_id", "duration")
    need(is_id(params.get("group_id")) and is_id(params.get("user_id")), "ids are no numbers")
    seconds = params.get("duration")
    need(type(seconds) is int and 0 <= seconds < 30 * 86_400, "no duration")


def check_poked(params: Object, *, string: bool) -> None:
    only(params, "group_id", "user_id")
    need(is_id(params.get("user_id")) and ("group_id" not in params or is_id(params["group_id"])), "ids are no numbers")


def check_friend_request(params: Object, *, string: bool) -> None:
    only(params, "flag", "approve", "remark")
    need(isinstance(params.get("flag"), str) and params["flag"], "no flag")
    need(isinstance(params.get("approve"), bool) and isinstance(params.get("remark", ""), str), "approve or remark")


def check_group_request(params: Object, *, string: bool) -> None:
    only(params, "flag", "sub_type", "approve", "reason")
    need(isinstance(params.get("flag"), str) and params["flag"], "no flag")
    need(params.get("sub_type") in ("add", "invite"), "sub_type is wrong")
    need(isinstance(params.get("approve"), bool) and isinstance(params.get("reason", ""), str), "approve or reason")


def check_get_forward(params: Object, *, string: bool) -> None:
    only(params, "id", "message_id")
    need(isinstance(params.get("id"), str) and params.get("message_id") == params["id"], "no id")


SENDING = frozenset(
    {"send_private_msg", "send_group_msg", "send_private_forward_msg", "send_group_forward_msg"},
)


def check_upload(params: Object, **_: object) -> None:
    """Of a file into a chat: where to fetch it from, and its name there."""
    target = "group_id" if "group_id" in params else "user_id"
    need(is_id(params.get(target)), f"{target} is no id")
    need(all(isinstance(params.get(key), str) and params[key] for key in ("file", "name")), "file and name are text")


ACTIONS: dict[str, Callable[..., None]] = {
    "upload_private_file": check_upload,
    "upload_group_file": check_upload,
    "send_private_msg": check_private,
    "send_group_msg": check_group,
    "send_private_forward_msg": check_bundle("user_id"),
    "send_group_forward_msg": check_bundle("group_id"),
    "delete_msg": check_delete,
    "set_msg_emoji_like": check_like,
    "set_group_reaction": check_group_reaction,
    "set_input_status": check_typing,
    "get_group_member_info": check_member,
    "set_group_ban": check_ban,
    "group_poke": check_poked,
    "friend_poke": check_poked,
    "set_friend_add_request": check_friend_request,
    "set_group_add_request": check_group_request,
    "get_forward_msg": check_get_forward,
    "get_msg": check_delete,
    "get_login_info": check_nothing,
    "get_version_info": check_nothing,
    "get_status": check_nothing,
}


def check_call(call: object, *, string: bool = False, missing: frozenset[str] = frozenset()) -> tuple[str, Object]:
    """The action and parameters of a call. ``missing``: actions that this implementation does not have.

    Raises:
        Refused: it breaks a rule.
    """
    need(isinstance(call, dict) and set(call) <= {"action", "params", "echo"}, "no call")
    assert isinstance(call, dict)
    action, params = call.get("action"), call.get("params", {})
    if action not in ACTIONS or action in missing:
        raise Refused(f"no action {action!r}", 1404)
    need(isinstance(params, dict), "params is no object")
    ACTIONS[action](params, string=string)
    return str(action), params
