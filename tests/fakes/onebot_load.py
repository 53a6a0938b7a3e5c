"""A OneBot v11 implementation that loads a hub: sends events, waits for the replies, counts and times them.

Every message carries a token of fixed width that the reply must repeat, so that nothing but the token has to be found
in what comes back. A closed loop keeps so many messages in flight; time runs from the writing of an event to the
arrival of its reply.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Literal

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from typing_extensions import override

from tests.fakes.onebot_peer import MAX_FRAME, Object, meta, said

_TOKEN = re.compile(rb"tk(\d{10})x")
_FIRST_USER = 200_000
_FIRST_GROUP = 900_000
_FIRST_MESSAGE = 1_000_000


def token(number: int) -> str:
    return f"tk{number:010d}x"


@dataclass(frozen=True)
class Load:
    """``messages`` in all, ``in_flight`` at once, from ``users`` in turn (in groups: ``groups`` in turn)."""

    messages: int = 10_000
    in_flight: int = 64
    users: int = 200
    groups: int = 20
    scene: Literal["private", "group", "mixed"] = "private"
    text: str = "/echo {token}"
    marker: str = ""
    patience_seconds: float = 10.0


@dataclass
class Report:
    """What came of a load.

    ``lost``: events without reply; ``twice``: replies beyond the first; ``misordered``: replies behind one to a later
    event of the same conversation; ``misrouted``: replies to the wrong place; ``unmarked``: without the marker;
    ``stray``: messages without a token. Times in milliseconds.
    """

    sent: int = 0
    answered: int = 0
    lost: int = 0
    twice: int = 0
    misordered: int = 0
    misrouted: int = 0
    unmarked: int = 0
    stray: int = 0
    seconds: float = 0.0
    per_second: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    samples: list[str] = field(default_factory=list)

    @property
    def flawless(self) -> bool:
        faults = (self.lost, self.twice, self.misordered, self.misrouted, self.unmarked, self.stray)
        return self.sent == self.answered and not any(faults)

    def json(self) -> str:
        return orjson.dumps(asdict(self)).decode()


@dataclass(slots=True)
class _Waiting:
    began: int
    place: tuple[str, int]
    sequence: int


class LoadPeer(WSListener):
    """One reverse WebSocket connection and the loads that run over it, one at a time."""

    def __init__(self, self_id: int = 10001) -> None:
        self._self_id = self_id
        self._transport: WSTransport | None = None
        self._fragments = bytearray()
        self._number = 0
        self._next_id = 0
        self.closed = asyncio.Event()
        self._begin(Load(messages=0))

    async def connect(self, url: str, token: str = "") -> LoadPeer:
        headers = {"X-Self-ID": str(self._self_id), "X-Client-Role": "Universal", "User-Agent": "OneBot/11"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        await ws_connect(lambda: self, url, extra_headers=headers, max_frame_size=MAX_FRAME)
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.disconnect()

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send(meta(self._self_id, "lifecycle", sub_type="connect"))

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._transport = None
        self.closed.set()
        self._done.set()

    def _send(self, document: object) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, orjson.dumps(document))

    # --- a load ---

    def _begin(self, load: Load) -> None:
        self._load = load
        self._report = Report()
        self._waiting: dict[int, _Waiting] = {}
        self._seen: set[int] = set()
        self._newest: dict[tuple[str, int], int] = {}
        self._times: list[int] = []
        self._marker = load.marker.encode()
        self._last = 0
        self._done = asyncio.Event()

    async def run(self, load: Load) -> Report:
        """Run one load to its end, or until nothing has come for ``patience_seconds``."""
        self._begin(load)
        began = time.perf_counter_ns()
        self._last = began
        for _ in range(min(load.in_flight, load.messages)):
            self._next()
        while not self._done.is_set():
            try:
                await asyncio.wait_for(self._done.wait(), 0.5)
            except TimeoutError:
                if time.perf_counter_ns() - self._last > load.patience_seconds * 1e9:
                    break
        return self._finished(began)

    def _finished(self, began: int) -> Report:
        report, times = self._report, sorted(self._times)
        report.lost = len(self._waiting)
        report.answered = len(times)
        report.seconds = max(self._last - began, 1) / 1e9
        report.per_second = report.answered / report.seconds
        if times:
            report.p50 = times[len(times) // 2] / 1e6
            report.p99 = times[min(len(times) - 1, len(times) * 99 // 100)] / 1e6
        return report

    def _next(self) -> None:
        load, sequence = self._load, self._report.sent
        self._report.sent += 1
        self._number += 1
        number = self._number
        user = _FIRST_USER + sequence % load.users
        in_group = load.scene == "group" or (load.scene == "mixed" and sequence % 2 == 1)
        group = _FIRST_GROUP + sequence % load.groups if in_group else None
        place = ("private", user) if group is None else ("group", group)
        self._waiting[number] = _Waiting(time.perf_counter_ns(), place, sequence)
        self._send(self._event(load.text.replace("{token}", token(number)), number, user, group))

    def _event(self, text: str, number: int, user: int, group: int | None) -> Object:
        message: object = text
        if group is not None:
            mention = {"type": "at", "data": {"qq": str(self._self_id)}}
            message = [mention, {"type": "text", "data": {"text": f" {text}"}}]
        return said(message, _FIRST_MESSAGE + number, user=user, group=group, self_id=self._self_id)

    # --- replies ---

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            transport.disconnect()
            return
        if kind not in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            return
        payload = frame.get_payload_as_bytes()
        if self._fragments or not frame.fin:
            self._fragments += payload
            if not frame.fin:
                return
            payload = bytes(self._fragments)
            self._fragments.clear()
        self._called(payload)

    def _called(self, payload: bytes) -> None:
        call = orjson.loads(payload)
        action, params = call["action"], call.get("params") or {}
        data: object = {}
        sending = action.startswith("send_")
        if sending:
            self._next_id += 1
            data = {"message_id": self._next_id}
        elif action == "get_login_info":
            data = {"user_id": self._self_id, "nickname": "load"}
        elif action == "get_version_info":
            data = {"app_name": "load", "app_version": "1", "protocol_version": "v11"}
        self._send({"status": "ok", "retcode": 0, "data": data, "message": "", "echo": call.get("echo")})
        if sending:
            self._replied(payload, params)

    def _replied(self, payload: bytes, params: Object) -> None:
        found = _TOKEN.search(payload)
        number = int(found[1]) if found else -1
        waiting = self._waiting.pop(number, None)
        report = self._report
        if waiting is None:
            if number in self._seen:
                report.twice += 1
            else:
                report.stray += 1
                report.samples = [*report.samples[:4], payload[:300].decode("utf-8", "replace")]
            return
        self._seen.add(number)
        self._last = time.perf_counter_ns()
        self._times.append(self._last - waiting.began)
        self._judge(payload, params, waiting)
        if report.sent < self._load.messages:
            self._next()
        elif not self._waiting:
            self._done.set()

    def _judge(self, payload: bytes, params: Object, waiting: _Waiting) -> None:
        report = self._report
        kind, target = waiting.place
        if params.get("group_id" if kind == "group" else "user_id") != target:
            report.misrouted += 1
        if self._marker and self._marker not in payload:
            report.unmarked += 1
        if waiting.sequence < self._newest.get(waiting.place, -1):
            report.misordered += 1
        else:
            self._newest[waiting.place] = waiting.sequence


async def connect_when_listening(url: str, seconds: float, *, self_id: int = 10001, token: str = "") -> LoadPeer:
    """Connect as soon as the hub lets it.

    Raises:
        TimeoutError: it did not within ``seconds``.
    """
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await LoadPeer(self_id).connect(url, token)
            except OSError:
                await asyncio.sleep(0.01)
