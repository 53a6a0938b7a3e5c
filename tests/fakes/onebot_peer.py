"""A OneBot v11 implementation for tests: strict about what it is sent, and able to fail in every known way.

It connects to the hub (reverse WebSocket), or lets the hub connect to it (`listening`). What it would have shown to
people is in ``shown``.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server
from typing_extensions import override

from tests.fakes.onebot_rules import SENDING, Refused, check_call, need, read_string

Object = dict[str, Any]
MAX_FRAME = 64 * 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """What happens to the next call of a sending action (or of ``action``).

    ``refuse``: answered with ``retcode``. ``delay``: answered after ``seconds``. ``silent``: shown, never answered.
    ``drop``: shown, then the connection is cut. ``lose``: the connection is cut before it is shown.
    """

    kind: Literal["refuse", "delay", "silent", "drop", "lose"]
    retcode: int = 1200
    reason: str = "refused by the test"
    seconds: float = 0.1
    action: str = ""


@dataclass(frozen=True)
class Shown:
    """A message as people see it."""

    kind: Literal["private", "group"]
    target: int
    message: list[Object]
    message_id: int
    params: Object

    @property
    def text(self) -> str:
        return "".join(segment["data"]["text"] for segment in self.message if segment["type"] == "text")


@dataclass
class Conduct:
    """How an implementation behaves, whatever the connection."""

    self_id: int = 10001
    string: bool = False
    app_name: str = "NapCat.Onebot"
    missing: frozenset[str] = frozenset()
    faults: deque[Fault] = field(default_factory=deque)
    shown: list[Shown] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    reactions: list[Object] = field(default_factory=list)
    typings: list[Object] = field(default_factory=list)
    uploads: list[Object] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    acts: list[tuple[str, Object]] = field(default_factory=list)
    roles: dict[int, str] = field(default_factory=dict)
    bundles: dict[str, Object] = field(default_factory=dict)
    known: dict[int, Object] = field(default_factory=dict)
    next_id: int = 5000

    def fault(self, action: str) -> Fault | None:
        if self.faults and (self.faults[0].action == action or (not self.faults[0].action and action in SENDING)):
            return self.faults.popleft()
        return None

    def perform(self, action: str, params: Object) -> Object | None:
        self.calls[action] += 1
        if action.startswith("get_"):
            return self.tell(action, params)
        match action:
            case "delete_msg":
                if all(shown.message_id != params["message_id"] for shown in self.shown):
                    raise Refused("no such message", 1200)
                self.deleted.append(params["message_id"])
            case "set_msg_emoji_like" | "set_group_reaction":
                self.reactions.append(params)
            case "upload_private_file" | "upload_group_file" | "set_input_status":
                (self.typings if action == "set_input_status" else self.uploads).append(params)
                return None if action == "set_input_status" else {"file_id": f"file-{len(self.uploads)}"}
            case "set_group_ban" | "group_poke" | "friend_poke" | "set_friend_add_request" | "set_group_add_request":
                self.acts.append((action, params))
            case _:
                return self.show(action, params)
        return None

    def tell(self, action: str, params: Object) -> Object | None:
        match action:
            case "get_login_info":
                return {"user_id": self.self_id, "nickname": "tester"}
            case "get_version_info":
                return {"app_name": self.app_name, "app_version": "1.0", "protocol_version": "v11"}
            case "get_status":
                return {"online": True, "good": True}
            case "get_group_member_info":
                role = self.roles.get(params["user_id"], "admin" if params["user_id"] == self.self_id else "member")
                return {"user_id": params["user_id"], "group_id": params["group_id"], "role": role}
            case "get_msg":
                need(params["message_id"] in self.known, "no such message", 1200)
                return self.known[params["message_id"]]
            case _:
                need(params["id"] in self.bundles, "no such bundle", 1200)
                return self.bundles[params["id"]]

    def show(self, action: str, params: Object) -> Object:
        self.next_id += 1
        kind: Literal["private", "group"] = "group" if "_group_" in action else "private"
        message = params.get("message", params.get("messages"))
        segments = read_string(message) if isinstance(message, str) else message or []
        target = params["group_id" if kind == "group" else "user_id"]
        self.shown.append(Shown(kind, target, segments, self.next_id, params))
        return {"message_id": self.next_id}


def answer(data: object, echo: object, retcode: int = 0, reason: str = "") -> Object:
    status = "ok" if retcode == 0 else "failed"
    return {"status": status, "retcode": retcode, "data": data, "message": reason, "wording": reason, "echo": echo}


class OneBotPeer(WSListener):
    """One connection."""

    def __init__(self, conduct: Conduct | None = None, *, lifecycle: bool = True) -> None:
        self.conduct = conduct or Conduct()
        self.lifecycle = lifecycle
        self.transport: WSTransport | None = None
        self.connected = asyncio.Event()
        self.closed = asyncio.Event()
        self.close_code = 0
        self.close_reason = ""
        self.other: list[Object] = []
        self._fragments = bytearray()

    # --- connection ---

    async def connect(
        self, url: str, *, token: str = "", role: str | None = "Universal", headers: dict[str, str] | None = None
    ) -> OneBotPeer:
        """Connect to the hub as go-cqhttp and NapCat do."""
        sent = {"User-Agent": "OneBot/11", "X-Self-ID": str(self.conduct.self_id)}
        if role:
            sent["X-Client-Role"] = role
        if token:
            sent["Authorization"] = f"Bearer {token}"
        sent |= headers or {}
        sent = {name: value for name, value in sent.items() if value}
        await ws_connect(lambda: self, url, extra_headers=sent, max_frame_size=MAX_FRAME)
        return self

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.lifecycle:
            self.push(meta(self.conduct.self_id, "lifecycle", sub_type="connect"))
        self.connected.set()

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport = None
        self.closed.set()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()

    def cut(self) -> None:
        """Vanish without a closing handshake."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)

    def push(self, document: object) -> None:
        self.push_raw(orjson.dumps(document))

    def push_raw(self, payload: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        assert self.transport is not None, "not connected"
        self.transport.send(kind, payload)

    # --- what the hub sends ---

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self.close_code = int(frame.get_close_code().value)
            self.close_reason = frame.get_close_reason() or ""
            transport.disconnect()
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._fragments += frame.get_payload_as_bytes()
            if frame.fin:
                payload = bytes(self._fragments)
                self._fragments.clear()
                self.on_call(orjson.loads(payload), text=kind != WSMsgType.BINARY)

    def on_call(self, call: Object, *, text: bool = True) -> None:
        echo = call.get("echo")
        try:
            need(text, "calls are text frames")
            action, params = check_call(call, string=self.conduct.string, missing=self.conduct.missing)
            fault = self.conduct.fault(action)
            if fault and fault.kind == "refuse":
                need(condition=False, reason=fault.reason, retcode=fault.retcode)
            if fault and fault.kind == "lose":
                self.cut()
                return
            data = self.conduct.perform(action, params)
        except Refused as refused:
            if refused.retcode in (1400, 1404):
                self.conduct.refused.append(f"{refused}: {call}")
            self.push(answer(None, echo, refused.retcode, str(refused)))
            return
        self._answer(fault, answer(data, echo))

    def _answer(self, fault: Fault | None, document: Object) -> None:
        if fault is None:
            self.push(document)
        elif fault.kind == "drop":
            self.cut()
        elif fault.kind == "delay":
            asyncio.get_running_loop().call_later(fault.seconds, self._late, document)

    def _late(self, document: Object) -> None:
        if self.transport is not None:
            self.push(document)


def meta(self_id: int, kind: str, **more: object) -> Object:
    return {
        "time": int(time.time()),
        "self_id": self_id,
        "post_type": "meta_event",
        "meta_event_type": kind,
        **more,
    }


def heartbeat(self_id: int, milliseconds: int, *, online: bool = True) -> Object:
    return meta(self_id, "heartbeat", interval=milliseconds, status={"online": online, "good": online})


def said(text: object, message_id: int, *, user: int = 20001, group: int | None = None, self_id: int = 10001) -> Object:
    """A message event as NapCat sends it; ``text`` may be a list of segments or a string with CQ codes."""
    message = [{"type": "text", "data": {"text": text}}] if isinstance(text, str) else text
    event: Object = {
        "time": int(time.time()),
        "self_id": self_id,
        "post_type": "message",
        "message_type": "private" if group is None else "group",
        "sub_type": "friend" if group is None else "normal",
        "message_id": message_id,
        "message_seq": message_id,
        "real_id": message_id,
        "user_id": user,
        "message": message,
        "message_format": "array",
        "raw_message": text if isinstance(text, str) else "",
        "font": 14,
        "sender": {"user_id": user, "nickname": f"user{user}", "card": "", "role": "member"},
    }
    if group is not None:
        event["group_id"] = group
    return event


@dataclass
class ForwardServer:
    """The address of a listening peer, its connections so far, and the handshakes that they came with."""

    url: str
    peers: list[OneBotPeer]
    handshakes: list[dict[str, str]]
    silent: bool = False

    def server_of(self, conduct: Conduct, request: WSUpgradeRequest) -> OneBotPeer | None:
        self.handshakes.append({"path": request.path.decode(), **dict(request.headers.items())})
        if self.silent:
            return None
        path = request.path.decode().partition("?")[0].rstrip("/")
        peer = OneBotPeer(conduct, lifecycle=not path.endswith("/api"))
        self.peers.append(peer)
        return peer


@asynccontextmanager
async def listening(conduct: Conduct, port: int = 0) -> AsyncIterator[ForwardServer]:
    """Let the hub connect to the peer (forward WebSocket)."""
    found = ForwardServer("", [], [])
    server = await ws_create_server(
        lambda request: found.server_of(conduct, request), "127.0.0.1", port, max_frame_size=MAX_FRAME
    )
    try:
        host, bound = server.sockets[0].getsockname()[:2]
        found.url = f"ws://{host}:{bound}"
        yield found
    finally:
        server.close()
        for peer in found.peers:
            peer.cut()
        await server.wait_closed()
