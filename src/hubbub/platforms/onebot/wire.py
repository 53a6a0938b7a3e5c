"""OneBot's JSON on the wire: frames, answers to calls, signatures.

A frame is an event (it has ``post_type``) or the answer to a call of ours:
``{"status": "ok"|"async"|"failed", "retcode": 0, "data": ..., "message": "", "wording": "", "echo": ...}``.
``retcode`` is 0 for done, 1 for begun (its end is not told), else a fault: 14xx as HTTP's 4xx, the rest is the
implementation's own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from enum import StrEnum
from typing import Any

import orjson

from hubbub.core.errors import DeliveryError

WireObject = dict[str, Any]

NO_SUCH_ACTION = frozenset({404, 1404})
_PERMANENT = frozenset({400, 401, 403, 404, 1400, 1401, 1403, 1404})
_DONE = frozenset({"ok", "async"})
_LONGEST_REASON = 200
_LONGEST_MENDED = 1024 * 1024


class Flaw(StrEnum):
    """In what way a frame is bad."""

    NO_JSON = "no JSON"
    NO_OBJECT = "no JSON object"
    UNKNOWN = "unknown kind of event"
    LACKS = "event without what it needs"
    TOO_LONG = "event with an id that is too long"
    STRANGER = "event of another account"
    UNREADABLE = "event that cannot be read"


class BadFrame(ValueError):
    """What came is no event that OneBot knows."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        """Say in what way it is bad."""
        super().__init__(f"{flaw}: {detail}" if detail else flaw.value)
        self.flaw = flaw


def decode(frame: str | bytes) -> WireObject:
    """Read a frame.

    Raises:
        BadFrame: it is not JSON, or not a JSON object.
    """
    try:
        value = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        value = _mended(frame, error)
    if type(value) is not dict:
        raise BadFrame(Flaw.NO_OBJECT, type(value).__name__)
    return value


def _mended(frame: str | bytes, error: orjson.JSONDecodeError) -> object:
    # A nickname cut in the middle of an emoji makes half a surrogate pair, which implementations written in
    # JavaScript send as it is. The message is worth more than the half emoji.
    if len(frame) > _LONGEST_MENDED or "surrogate" not in str(error):
        raise BadFrame(Flaw.NO_JSON, str(error)[:_LONGEST_REASON]) from None
    try:
        text = json.dumps(json.loads(frame), ensure_ascii=False)
        return orjson.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError) as second:
        raise BadFrame(Flaw.NO_JSON, str(second)[:_LONGEST_REASON]) from None


def encode_call(action: str, params: WireObject, echo: str) -> str:
    """Write a call."""
    call = {"action": action, "params": params, "echo": echo}
    try:
        return orjson.dumps(call).decode()
    except TypeError:  # half a surrogate pair, or a number of more than 64 bits
        return json.dumps(call, ensure_ascii=False).encode("utf-8", "replace").decode()


def _reason(answer: WireObject) -> str:
    said = answer.get("wording") or answer.get("message") or answer.get("msg") or ""
    return str(said)[:_LONGEST_REASON]


def outcome(action: str, answer: WireObject) -> Any:
    """The data of an answer.

    Raises:
        DeliveryError: the implementation says that it failed.
    """
    code = answer.get("retcode")
    if code == 0 or answer.get("status") in _DONE:
        return answer.get("data")
    reason = _reason(answer)
    # NapCat and LLOneBot say "timeout" when QQ did not confirm in time; such messages do arrive now and then.
    in_doubt = "timeout" in reason.lower() or "超时" in reason
    permanent = isinstance(code, int) and code in _PERMANENT
    error = CallError(f"{action} failed with {code}: {reason}", certain=not in_doubt, permanent=permanent)
    error.code = code if isinstance(code, int) else -1
    raise error


class CallError(DeliveryError):
    """An implementation answered that a call failed; ``code`` is its ``retcode``."""

    code: int = -1

    @property
    def unsupported(self) -> bool:
        """The implementation has no such action."""
        return self.code in NO_SUCH_ACTION


def message_id(data: Any) -> str:
    """The id in the answer to a sent message, "" if it holds none."""
    found = data.get("message_id") if isinstance(data, dict) else None
    return "" if found is None else str(found)


def signature(secret: bytes, body: bytes) -> str:
    """What ``X-Signature`` of this body is."""
    return "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()


def signed(secret: bytes, body: bytes, header: str) -> bool:
    """Whether a body carries the right signature; takes the same time for every wrong one."""
    return hmac.compare_digest(signature(secret, body).encode(), header.strip().encode("utf-8", "replace"))
