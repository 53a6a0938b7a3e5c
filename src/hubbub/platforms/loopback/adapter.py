"""The loopback as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError, LeaseLost, Overloaded, StoreError
from hubbub.core.events import Event
from hubbub.core.messages import Message
from hubbub.core.ports import Host, Route
from hubbub.core.work import Receipt, Row
from hubbub.platforms.loopback.convert import PLATFORM, read_event, write_message
from hubbub.platforms.loopback.far import Record, Spool
from hubbub.platforms.loopback.settings import FaultKind, LoopbackSettings
from hubbub.platforms.loopback.wire import BadEvent, decode

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 0.05
_LOOK_SECONDS = 0.005

_Accepted = asyncio.Queue[tuple[int, Sequence[asyncio.Future[Receipt]]]]
"""Places in the spool, with what the hub gave for the events before them."""


class LoopbackAdapter:
    """One account on a platform inside the process. ``spool`` and ``record`` are its far side, for tests to use."""

    name = PLATFORM

    def __init__(self, settings: LoopbackSettings, host: Host) -> None:
        """Nothing is delivered before `run`."""
        self.spool = Spool(settings.spool, settings.poll_seconds)
        self.record = Record(settings.sent)
        self._settings = settings
        self._host = host
        self._faults: dict[int, FaultKind] = {fault.at: fault.kind for fault in settings.faults}
        self._sends = 0
        self._capabilities = Capabilities(
            delivery=settings.delivery,
            max_length=settings.max_length,
            mentions=True,
            quotes=True,
            images=True,
            files=True,
            audio=True,
            video=True,
            links=True,
            locations=True,
            contacts=True,
            forwards=True,
            streams=settings.streams,
            edit_every=settings.edit_every,
            calls_per_second=settings.calls_per_second,
            reply_within=settings.reply_within if settings.delivery is Delivery.WINDOW else None,
            resend_unknown=settings.resend_unknown,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """None: it needs no network."""
        return ()

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - every room is the same here
        """As the settings say."""
        return self._capabilities

    def fail(self, kind: FaultKind, *, after: int = 0) -> None:
        """Let the next sending go wrong, or a later one ``after`` so many."""
        self._faults[self._sends + after + 1] = kind

    # --- receiving ---

    async def run(self) -> None:
        """Deliver events until cancelled, from the first that was not acknowledged; on one node at a time."""
        while True:
            try:
                async with self._host.hold(f"{PLATFORM}:{self._settings.account}"):
                    await self._serve()
            except LeaseLost as error:
                log.warning("events are delivered elsewhere: %s", error)

    async def _serve(self) -> None:
        """Deliver, for ever."""
        account = Account(PLATFORM, self._settings.account)
        self.record.read()
        self._host.connected(account)
        try:
            while True:
                await self._deliver()
                await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            self._host.disconnected(account, "stopped")

    async def _deliver(self) -> None:
        """Deliver until cancelled, or until an event could not be stored."""
        accepted = _Accepted(self._settings.ahead)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(accepted))
                group.create_task(self._confirm(accepted))
        except* StoreError as errors:
            log.warning("events were not stored and are delivered again: %s", errors.exceptions[0])
        finally:
            while not accepted.empty():
                for receipt in accepted.get_nowait()[1]:
                    receipt.add_done_callback(_ignore)

    async def _read(self, accepted: _Accepted) -> None:
        async for place, line in self.spool.events():
            try:
                event = read_event(decode(line), self._settings.account)
            except BadEvent as bad:
                log.warning("a line of the spool is no event: %s", bad)
                await accepted.put((place, ()))
                continue
            receipts = [asyncio.ensure_future(await self._accept(event)) for _ in range(self._settings.repeats)]
            await accepted.put((place, receipts))

    async def _confirm(self, accepted: _Accepted) -> None:
        """Acknowledge in order what is stored."""
        while True:
            place, receipts = await accepted.get()
            for receipt in receipts:
                await self._stored(receipt)
            self._host.failpoint("acknowledge.before")
            self.spool.acknowledge(place)
            self._host.failpoint("acknowledge.after")

    async def _accept(self, event: Event) -> Awaitable[Receipt]:
        while True:
            try:
                return self._host.accept(event)
            except Overloaded as busy:
                await asyncio.sleep(min(busy.retry_after, _AGAIN_SECONDS))

    async def _stored(self, receipt: asyncio.Future[Receipt]) -> None:
        await asyncio.wait((receipt,))  # unlike awaiting it, this leaves it alone when we are cancelled
        if self._settings.delivery is Delivery.WINDOW:
            await self._fetch(receipt.result())
        else:
            receipt.result()

    async def _fetch(self, receipt: Receipt) -> None:
        """Fetch the answer to an event, as platforms do that take it in their own request's response."""
        try:
            async with asyncio.timeout(self._settings.reply_within):
                while (rows := await self._host.replies(receipt.entry.id)) is None:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            return
        for row in rows:
            await self._show(row)

    # --- sending ---

    async def send(self, row: Row) -> str:
        """Show a message and return its id. Raises DeliveryError."""
        self._sends += 1
        fault = self._faults.pop(self._sends, None)
        if fault in ("refused", "rejected"):
            message = f"{fault} on purpose"
            raise DeliveryError(message, certain=True, permanent=fault == "rejected")
        if fault == "vanished":
            raise DeliveryError(fault, certain=False)
        identity = await self._show(row)
        if fault == "unconfirmed":
            raise DeliveryError(fault, certain=False)
        return identity

    async def _show(self, row: Row) -> str:
        out = row.out
        return await self.record.show(
            {
                "do": "send",
                "key": row.key,
                "room": out.room.key,
                "message": write_message(out.message),
                "reply_to": out.reply_to,
            },
            once=self._settings.delivery in (Delivery.IDEMPOTENT, Delivery.WINDOW),
        )

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message new content. Raises DeliveryError."""
        self._must_exist(message_id)
        await self.record.show({"do": "edit", "room": room.key, "id": message_id, "message": write_message(message)})

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        self._must_exist(message_id)
        await self.record.show({"do": "delete", "room": room.key, "id": message_id})

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away a reaction, on any message."""
        await self.record.show({"do": "react", "room": room.key, "id": message_id, "emoji": emoji, "removed": removed})

    async def typing(self, room: Room) -> None:
        """Show that an answer is being written."""
        await self.record.show({"do": "type", "room": room.key})

    def _must_exist(self, message_id: str) -> None:
        if message_id not in self.record.ids:
            message = f"there is no message {message_id}"
            raise DeliveryError(message, certain=True, permanent=True)


def _ignore(receipt: asyncio.Future[Receipt]) -> None:
    """Let nobody wonder about the fault of an event that is delivered again anyway."""
    if not receipt.cancelled():
        receipt.exception()
