"""The callback of one account: checked, stored, answered on its own connection. Plain ASGI."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from hubbub.core.asgi import TEXT, Receive, Response, Scope, Send, read_body, respond
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Event, Joined, Received
from hubbub.core.messages import Message, Text
from hubbub.core.ports import HANG_UP, Host
from hubbub.core.windows import WindowTerms
from hubbub.platforms.wechat_official.admission import Admission, Letter, Refused
from hubbub.platforms.wechat_official.convert import Perspective, Unusable, event_of
from hubbub.platforms.wechat_official.replies import PassiveReplies
from hubbub.platforms.wechat_official.settings import AccountSettings, WeChatOfficialSettings
from hubbub.platforms.wechat_official.wire import written

log = logging.getLogger(__name__)

# What the platform wants to hear where there is nothing to say; so it neither repeats nor complains.
_NOTHING_TO_SAY = b"success"
_BODY_SECONDS = 4.0
# What is left of a delivery for the reply once its answer is there, and the longest that one is left unanswered.
_REPLY_SECONDS = 0.1
_LONGEST_SILENCE = 10.0
_PROXIES = frozenset((b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip"))
_MOST_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Desk:
    """What the callback of an account works with."""

    account: AccountSettings
    settings: WeChatOfficialSettings
    host: Host
    admission: Admission
    replies: PassiveReplies
    terms: WindowTerms


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who waits for an answer, since when by the loop's clock."""

    scope: Scope
    receive: Receive
    send: Send
    began: float

    async def leave(self, seconds: float) -> None:
        """Give no answer, so that the platform brings the message again: it or we hang up, after so many seconds.

        What it gets in time and can read it takes for an answer, also where nothing stands in it.
        """
        until = self.began + min(seconds, _LONGEST_SILENCE)
        if await self._gone(until):
            return
        hang_up = self.scope.get("extensions", {}).get(HANG_UP)
        if hang_up is None or any(name in _PROXIES for name, _ in self.scope["headers"]):
            # A proxy makes an error of the end all the same, and takes the hub for dead.
            await _respond(self.send, b"", 503)
            return
        hang_up()
        await self._gone(until + _LONGEST_SILENCE)

    async def _gone(self, until: float) -> bool:
        """Wait until the connection has ended; False if it has not."""
        try:
            async with asyncio.timeout_at(until):
                while (await self.receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True


class Callback:
    """The ASGI application of an account's path."""

    def __init__(self, desk: Desk) -> None:
        """Serves from now on."""
        self._desk = desk
        self._turn = asyncio.Lock()
        self._slots = asyncio.Semaphore(desk.settings.max_pending)
        self._seen_by = Perspective(desk.account.name, desk.settings.language)
        self._at_once = 0
        self._complained = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        began = asyncio.get_running_loop().time()
        try:
            if scope["method"] != "POST":
                await _respond(send, self._desk.admission.greeting(scope["query_string"]))
                return
            body = await self._read(receive)
            letter = self._desk.admission.opened(scope["query_string"], body)
            event = event_of(letter.fields, self._seen_by)
        except (Refused, Unusable) as refused:
            self._complain(scope, refused)
            await _respond(send, b"", getattr(refused, "status", 400))
            return
        if self._at_once >= _MOST_AT_ONCE:
            await _respond(send, b"", 503)
            return
        self._at_once += 1
        try:
            await self._serve(event, letter, _Caller(scope, receive, send, began))
        finally:
            self._at_once -= 1

    async def _serve(self, event: Event, letter: Letter, caller: _Caller) -> None:
        send, settings = caller.send, self._desk.settings
        try:
            message = await self._answer(event)
        except (Overloaded, StoreError) as error:
            log.warning("callback %s is not taken: %s", event.id, error)
            # What is refused at once comes again at once, three times within a second, and then no more.
            await caller.leave(settings.hang_up_seconds)
            return
        if message is None:
            await caller.leave(settings.hang_up_seconds)
            return
        try:
            until = caller.began + settings.reply_seconds + _REPLY_SECONDS
            reply = await self._desk.replies.of(message, until) if message else None
        except TimeoutError:
            if self._comes_again(event):
                await caller.leave(settings.hang_up_seconds)
                return
            reply = self._desk.replies.in_words(message)
        body = _NOTHING_TO_SAY
        if reply is not None:
            fields = letter.fields
            xml = written(reply, fields["FromUserName"], fields.get("ToUserName", ""), int(time.time()))
            body = letter.seal(xml)
        self._desk.host.failpoint("acknowledge.before")
        await _respond(send, body)
        self._desk.host.failpoint("acknowledge.after")

    def _comes_again(self, event: Event) -> bool:
        """This is not the last delivery of it."""
        settings = self._desk.settings
        return time.time() - event.time < (settings.deliveries - 1) * settings.reply_seconds

    async def _answer(self, event: Event) -> Message | None:
        """What to show; None where the platform is to come again."""
        desk = self._desk
        if isinstance(event, Received) and not desk.account.push:
            return await desk.host.window.answer(event, desk.terms)
        await self._accept(event)
        if isinstance(event, Joined) and desk.account.greeting:
            return (Text(desk.account.greeting, verbatim=True),)
        return ()

    async def _accept(self, event: Event) -> None:
        """Return once the event is stored. Raises Overloaded or StoreError where it is not in time."""
        async with self._slots:
            async with self._turn:
                receipt = await self._offered(event)
            await asyncio.wait((receipt,), timeout=self._desk.settings.reply_seconds)  # leaves the commit alone
            if not receipt.done():
                message = "the store takes too long"
                raise StoreError(message)
            receipt.result()

    async def _offered(self, event: Event) -> asyncio.Future[Any]:
        """Offer it until there is room, so that what comes later stays behind it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._desk.settings.reply_seconds
        while True:
            try:
                return asyncio.ensure_future(self._desk.host.accept(event))
            except Overloaded as busy:
                if loop.time() + busy.retry_after > deadline:
                    raise
                await asyncio.sleep(busy.retry_after)

    async def _read(self, receive: Receive) -> bytes:
        """The whole body. Raises Refused where it is too large, or comes too slowly."""
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await read_body(receive, self._desk.settings.max_body_bytes)
        except TimeoutError as error:
            raise Refused(408, "the body does not come") from error
        if body is None:
            raise Refused(413, "the body is too large")
        return body

    def _complain(self, scope: Scope, refused: Exception) -> None:
        """In the log, now and then: what is refused may come by the thousand."""
        now = time.monotonic()
        if now - self._complained >= 1.0:
            self._complained = now
            client = scope.get("client")
            log.warning("refused a callback of %s at %s: %s", client[0] if client else "?", scope["path"], refused)


async def _respond(send: Send, body: bytes, status: int = 200) -> None:
    kind = b"text/xml; charset=utf-8" if body.startswith(b"<xml>") else TEXT
    again = ((b"retry-after", b"1"),) if status == 503 else ()
    await respond(send, Response(status, body, kind, ((b"x-content-type-options", b"nosniff"), *again)))
