"""One WebSocket connection with an implementation, whichever side opened it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from hubbub.core.complaints import Complaints
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Event
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Host
from hubbub.core.work import Receipt
from hubbub.platforms.onebot.accounts import Accounts
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.calls import Calls
from hubbub.platforms.onebot.intake import addressed
from hubbub.platforms.onebot.settings import OneBotSettings
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject, decode

log = logging.getLogger(__name__)

Role = Literal["universal", "api", "event"]
Frame = str | bytes

_SWEEP_SECONDS = 1.0
_SHORTEST_HEARTBEAT = 100
_FIRST_WAIT = 0.005


@dataclass(frozen=True, slots=True)
class Hub:
    """What every connection of the adapter works with."""

    host: Host
    accounts: Accounts
    settings: OneBotSettings
    complaints: Complaints


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as far as it is known when the connection opens."""

    where: str
    role: Role = "universal"
    account: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """The two halves of a connection. ``read`` returns None at its end; ``write`` raises OSError or RuntimeError."""

    read: Callable[[], Awaitable[Frame | None]]
    write: Callable[[str], Awaitable[None]]


class Session:
    """Reads events into the hub, in order, and carries calls.

    At most ``max_pending`` events are read ahead of the store; then reading waits for the oldest to be stored, and so,
    in the end, does the peer.
    """

    def __init__(self, hub: Hub, peer: Peer, wire: Wire) -> None:
        """Nothing happens before `run`."""
        settings = hub.settings
        self.unsupported: set[str] = set()
        self._hub = hub
        self._peer = peer
        self._wire = wire
        self._account = ""
        self._self_id: object = None
        self._calls = Calls(wire.write, seconds=settings.api_timeout_seconds, limit=settings.max_calls)
        self._pending: deque[asyncio.Future[Receipt]] = deque()
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._verdict: tuple[int, str] = (1000, "")
        self._ended = asyncio.Event()
        self._idle = False
        self._frames = 0
        self._heard = (0, 0.0)
        self._interval = 0.0
        self._loop = asyncio.get_running_loop()
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def account(self) -> str:
        """The account at the other end, "" while it is not known."""
        return self._account

    async def call(self, action: str, params: WireObject) -> Any:
        """Call an action and return its data. Raises DeliveryError."""
        return await self._calls(action, params)

    async def run(self) -> tuple[int, str]:
        """Serve until the peer leaves or `stop`; returns the code and reason to close the connection with."""
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = (group.create_task(self._reading()), group.create_task(self._writing()))
                self._sweep()
                if self._peer.account:
                    self._know(self._peer.account)
        finally:
            reason = self._verdict[1]
            self._calls.close(reason or "connection closed")
            self._hub.accounts.detach(self._account, self, reason or Phrase("reason.closed"))
            if self._sweeper:
                self._sweeper.cancel()
            for receipt in self._pending:
                receipt.add_done_callback(self._note)
            self._ended.set()
        return self._verdict

    def stop(self, code: int, reason: str) -> None:
        """End the connection from our side."""
        self._verdict = (code, reason)
        for task in self._tasks:
            task.cancel()

    async def ended(self) -> None:
        """Return when `run` is over."""
        await self._ended.wait()

    # --- reading ---

    async def _reading(self) -> None:
        largest = self._hub.settings.max_frame_bytes
        try:
            while (frame := await self._next()) is not None:
                if len(frame) > largest:
                    self._hub.complaints("frame too large", self._peer.where, len(frame))
                    self._verdict = (1009, f"frame larger than {largest} bytes")
                    return
                await self._frame(frame)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _next(self) -> Frame | None:
        self._idle = True
        try:
            frame = await self._wire.read()
        except (OSError, RuntimeError) as error:
            log.debug("%s: reading failed: %s", self._peer.where, error)
            return None
        self._idle = False
        self._frames += 1
        return frame

    async def _writing(self) -> None:
        try:
            await self._calls.run()
        except (OSError, RuntimeError) as error:
            log.debug("%s: writing failed: %s", self._peer.where, error)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _frame(self, frame: Frame) -> None:
        try:
            data = decode(frame)
            if "post_type" not in data:
                self._calls.answer(data)
                return
            event = await self._event(data)
        except BadFrame as bad:
            self._hub.complaints(bad.flaw, self._peer.where, bad)
            return
        except Exception as error:
            self._hub.complaints(Flaw.UNREADABLE, self._peer.where, repr(error))
            log.debug("%s: event that cannot be read", self._peer.where, exc_info=True)
            return  # one odd event must not end the connection
        if event is not None:
            await self._accept(event)

    async def _event(self, data: WireObject) -> Event | None:
        post, named = data["post_type"], data.get("self_id")
        if named is None or named != self._self_id:
            self._identify(data)
        if post == "meta_event":
            self._meta(data)
            return None
        if post == "notice" and data.get("notice_type") == "bot_offline":
            self._hub.accounts.online(self._account, up=False, reason=scalar(data.get("message"))[:200])
        return await addressed(self._hub.host, data, self._account)

    async def _accept(self, event: Event) -> None:
        receipt = await self._offer(event)
        if receipt is None:
            return
        self._pending.append(receipt if isinstance(receipt, asyncio.Future) else asyncio.ensure_future(receipt))
        if len(self._pending) >= self._hub.settings.max_pending:
            oldest = self._pending.popleft()
            if not oldest.done():
                await asyncio.wait((oldest,))  # unlike awaiting it, this leaves it alone when we are cancelled
            self._note(oldest)

    async def _offer(self, event: Event) -> Awaitable[Receipt] | None:
        wait = _FIRST_WAIT
        while True:
            try:
                return self._hub.host.accept(event)
            except Overloaded as busy:
                self._hub.complaints("the hub is overloaded, reading waits", self._peer.where, busy)
                await asyncio.sleep(wait)
                wait = min(wait * 2, max(busy.retry_after, _FIRST_WAIT))
            except StoreError as error:
                self._hub.complaints("an event is lost, it was not stored", self._peer.where, error)
                return None

    def _note(self, receipt: asyncio.Future[Receipt]) -> None:
        if receipt.cancelled():
            return
        error = receipt.exception()
        if isinstance(error, StoreError):
            self._hub.complaints("an event is lost, it was not stored", self._peer.where, error)
        elif error is not None:
            log.error("%s: an event is lost, it was not stored", self._peer.where, exc_info=error)

    # --- the account ---

    def _identify(self, data: WireObject) -> None:
        account = scalar(data.get("self_id"))
        if not account:
            if not self._account:
                raise BadFrame(Flaw.LACKS, "self_id")
            return
        if not self._account:
            self._know(account)
        elif account != self._account:
            raise BadFrame(Flaw.STRANGER, account[:50])
        self._self_id = data.get("self_id")

    def _know(self, account: str) -> None:
        if not self._hub.accounts.allowed(account):
            self.stop(1008, f"account {account[:50]} is not among platforms.onebot.accounts")
            return
        self._account = account
        log.info("OneBot account %s connected (%s, %s)", account[:50], self._peer.where, self._peer.role)
        if self._peer.role != "event":
            self._hub.accounts.attach(account, self)

    def know(self, account: str) -> None:
        """Tell who is at the other end, if it has not told itself."""
        if not self._account:
            self._know(account)

    def _meta(self, data: WireObject) -> None:
        if data.get("meta_event_type") != "heartbeat":
            return
        interval = data.get("interval")
        if isinstance(interval, (int, float)) and interval > 0:
            # The standard says milliseconds; nobody sends so many heartbeats that less than these can be meant.
            self._interval = interval / 1000 if interval >= _SHORTEST_HEARTBEAT else float(interval)
        status = data.get("status")
        if isinstance(status, dict) and self._account:
            online = status.get("online") is not False
            self._hub.accounts.online(self._account, up=online, reason="" if online else Phrase("reason.logged_out"))

    # --- the one timer ---

    def _sweep(self) -> None:
        settings = self._hub.settings
        self._calls.expire(caught_up=self._idle)
        while self._pending and self._pending[0].done():
            self._note(self._pending.popleft())
        now = time.monotonic()
        if self._heard[0] != self._frames or not self._idle or not self._heard[1]:
            self._heard = (self._frames, now)
        silence = settings.heartbeat_misses * self._interval
        if silence and now - self._heard[1] > silence:
            self.stop(1001, f"no heartbeat for {silence:g} s")
        period = min(_SWEEP_SECONDS, settings.api_timeout_seconds / 4, self._interval or _SWEEP_SECONDS)
        self._sweeper = self._loop.call_later(period, self._sweep)
