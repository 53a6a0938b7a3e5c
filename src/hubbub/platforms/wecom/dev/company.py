"""A company as WeCom's API shows it: it refuses what WeCom refuses, with WeCom's codes."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CORP = "ww1234567890abcdef"
SECRET = "application-secret"  # noqa: S105 - of a stand-in
AGENT = 1000002
USER = "zhangsan"

_MEGABYTE = 1 << 20
_LARGEST = {"image": 10 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "file": 20 * _MEGABYTE}
_BEGINNINGS = {"image": (b"\x89PNG", b"\xff\xd8\xff"), "voice": (b"#!AMR",)}
_SMALLEST = 6
_MOST_BYTES = 2048
_TEXTS = ("text", "markdown")
_KINDS = (*_TEXTS, "image", "voice", "video", "file", "textcard", "news")
_OK: Mapping[str, Any] = {"errcode": 0, "errmsg": "ok"}

Answer = dict[str, Any]


def refusal(code: int, text: str) -> Answer:
    """An answer as WeCom words it."""
    return {"errcode": code, "errmsg": f"{text}, hint: [1718], from ip: 203.0.113.7"}


@dataclass
class Shown:
    """A message that somebody sees; ``content`` is its text, or WeCom's own form of it."""

    id: str
    to: str
    kind: str
    content: Any
    body: Mapping[str, Any]
    recalled: bool = False


@dataclass
class Company:
    """The state of the stand-in. ``faults``: what goes wrong with the next calls of message/send, in order.

    A fault is a code to refuse with, "silent" (delivered, and the connection breaks), "broken" (nothing of both),
    "http" (a gateway's error page), or anything else for none. ``seen`` is told of every message.
    """

    corp: str = CORP
    members: set[str] = field(default_factory=lambda: {USER, "lisi"})
    agents: dict[int, str] = field(default_factory=lambda: {AGENT: SECRET})
    trusted: bool = True
    token_life: float = 7200.0
    faults: list[int | str] = field(default_factory=list)
    tokens: dict[str, tuple[int, float]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    media: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    menus: dict[int, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    seen: Callable[[Shown], None] | None = None

    def count(self, path: str) -> int:
        """How often a call was made."""
        return self.calls.count(path)

    def expire(self) -> None:
        """Every token is too old from now on."""
        self.tokens = dict.fromkeys(self.tokens, (0, 0.0))

    def visible(self) -> list[Shown]:
        """What was not taken back."""
        return [each for each in self.shown if not each.recalled]

    # --- tokens ---

    def gettoken(self, query: Mapping[str, str]) -> Answer:
        """The token of an application; the same one until it ends, as WeCom does it."""
        if not self.trusted:
            return refusal(60020, "not allow to access from your ip")
        if query.get("corpid") != self.corp:
            return refusal(40013, "invalid corpid")
        agent = next((agent for agent, secret in self.agents.items() if secret == query.get("corpsecret")), None)
        if agent is None:
            return refusal(40001, "invalid credential")
        now = time.time()
        for token, (owner, until) in self.tokens.items():
            if owner == agent and until > now:
                return {**_OK, "access_token": token, "expires_in": int(until - now)}
        token = secrets.token_urlsafe(32)
        self.tokens[token] = (agent, now + self.token_life)
        return {**_OK, "access_token": token, "expires_in": int(self.token_life)}

    def agent_of(self, query: Mapping[str, str]) -> int | Answer:
        """Whose a token is, or why it opens nothing."""
        token = query.get("access_token", "")
        if not token:
            return refusal(41001, "access_token missing")
        if token not in self.tokens:
            return refusal(40014, "invalid access_token")
        agent, until = self.tokens[token]
        if until <= time.time():
            return refusal(42001, "access_token expired")
        return agent if self.trusted else refusal(60020, "not allow to access from your ip")

    # --- messages ---

    def send(self, agent: int, body: Any) -> Answer:
        """``message/send``."""
        wrong = self._wrong(agent, body)
        if wrong:
            return wrong
        kind = body["msgtype"]
        repeated = self._repeated(body) if body.get("enable_duplicate_check") == 1 else ""
        if repeated:
            return {**_OK, "msgid": repeated}
        message_id = f"msg-{next(self.numbers)}-{secrets.token_hex(4)}"
        content = body[kind].get("content", "") if kind in _TEXTS else body[kind]
        to = body.get("touser") or body.get("toparty") or body.get("totag")
        self.shown.append(Shown(message_id, to, kind, content, body))
        if self.seen:
            self.seen(self.shown[-1])
        return {**_OK, "invaliduser": "", "msgid": message_id}

    def _repeated(self, body: Mapping[str, Any]) -> str:
        same = (each.id for each in self.shown if each.body.get(each.kind) == body.get(body["msgtype"]))
        return next(same, "")

    def _wrong(self, agent: int, body: Any) -> Answer | None:
        if not isinstance(body, dict):
            return refusal(47001, "data format error")
        if body.get("agentid") != agent:
            return refusal(301002, "agentid not match")
        if body.get("msgtype") not in _KINDS:
            return refusal(40008, "invalid message type")
        return self._nobody(body) or self._empty(body["msgtype"], body.get(body["msgtype"]))

    def _nobody(self, body: Mapping[str, Any]) -> Answer | None:
        users = [user for user in str(body.get("touser", "")).split("|") if user]
        if not users and not body.get("toparty") and not body.get("totag"):
            return refusal(40003, "invalid userid")
        if users and users != ["@all"] and not self.members & set(users):
            return refusal(81013, "user & party & tag all invalid")
        return None

    def _empty(self, kind: str, part: Any) -> Answer | None:
        if not isinstance(part, dict):
            return refusal(44004, "empty content")
        if kind in _TEXTS:
            text = part.get("content")
            if not isinstance(text, str) or not text.strip():
                return refusal(44004, "empty content")
            return refusal(45002, "content size out of limit") if len(text.encode()) > _MOST_BYTES else None
        if kind in _LARGEST and self.media.get(part.get("media_id", ""), ("",))[0] != kind:
            return refusal(40007, "invalid media_id")
        return None

    def recall(self, body: Any) -> Answer:
        """``message/recall``."""
        found = next((each for each in self.shown if each.id == body.get("msgid") and not each.recalled), None)
        if found is None:
            return refusal(48002, "invalid msgid")
        found.recalled = True
        return dict(_OK)

    # --- files and menus ---

    def upload(self, kind: str, name: str, data: bytes) -> Answer:
        """``media/upload``."""
        if kind not in _LARGEST:
            return refusal(40004, "invalid media type")
        if len(data) < _SMALLEST:
            return refusal(40006, "invalid media size")
        if len(data) > _LARGEST[kind]:
            return refusal(45001, "media size out of limit")
        if kind in _BEGINNINGS and not data.startswith(_BEGINNINGS[kind]):
            return refusal(40005, "invalid file type")
        if not name:
            return refusal(40011, "invalid filename")
        media_id = f"media-{next(self.numbers)}"
        self.media[media_id] = (kind, name, data)
        return {**_OK, "type": kind, "media_id": media_id, "created_at": "1718000000"}

    def make_menu(self, agent: int, menu: Any) -> Answer:
        """``menu/create``."""
        buttons = menu.get("button") if isinstance(menu, dict) else None
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            return refusal(40016, "invalid button size")
        for button in buttons:
            inner = button.get("sub_button")
            if inner is not None and not 1 <= len(inner) <= 5:
                return refusal(40023, "invalid sub button size")
            for each in inner or [button]:
                if not 0 < len(each.get("name", "").encode()) <= 60:
                    return refusal(40018, "invalid button name size")
                if each.get("type") == "click" and not 0 < len(each.get("key", "").encode()) <= 128:
                    return refusal(40019, "invalid button key size")
        self.menus[agent] = menu
        return dict(_OK)

    def about(self, agent: int) -> Answer:
        """``agent/get``."""
        users = {"user": [{"userid": user} for user in sorted(self.members)]}
        return {**_OK, "agentid": agent, "name": "助手", "allow_userinfos": users, "close": 0}
