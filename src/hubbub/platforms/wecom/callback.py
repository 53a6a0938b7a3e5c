"""What WeCom calls: the check of the address, and the events. Plain ASGI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from hubbub.core.asgi import TEXT, Receive, Response, Scope, Send, read_body, respond
from hubbub.core.complaints import Complaints
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Event
from hubbub.core.ports import Host
from hubbub.platforms.wecom.convert import PLATFORM, Seen, clicked, greets, read_event
from hubbub.platforms.wecom.crypto import BadSeal, Envelope
from hubbub.platforms.wecom.repeats import Repeats
from hubbub.platforms.wecom.settings import Application, WeComSettings
from hubbub.platforms.wecom.wire import BadCallback, Fields, NoXml, fields_of, sealed_in

_LARGEST_BODY = 262_144
_LONGEST_QUERY = 8192
# WeCom waits five seconds and then comes again.
_SECONDS = 4.5
_PARAMETERS = ("msg_signature", "timestamp", "nonce")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response. A refusal's ``why`` is for the log alone."""

    status: int
    body: bytes = b""
    why: str = ""
    kind: bytes = TEXT


_REFUSED = 403


class Callbacks:
    """The ASGI application of one application's path."""

    def __init__(
        self,
        application: Application,
        settings: WeComSettings,
        host: Host,
        complaints: Complaints,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Answered with 200 once the event is stored."""
        self._application = application
        self._settings = settings
        self._host = host
        self._complaints = complaints
        self._clock = clock
        self._envelope = Envelope(application.token, application.key, application.corp_id)
        self._repeats = Repeats(settings.repeat_seconds, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            async with asyncio.timeout(_SECONDS):
                reply = await self._answer(scope, receive)
        except TimeoutError:
            reply = Reply(503, why="the body does not come, or the event is not stored in time")
        if reply.why:
            client = scope.get("client")
            where = f"{client[0] if client else 'local socket'} {scope['path']}"
            self._complaints(f"refused ({reply.status})", where, reply.why)
        stored = reply.status == 200 and scope["method"] == "POST"
        if stored:
            self._host.failpoint("acknowledge.before")
        await respond(send, Response(reply.status, reply.body, reply.kind))
        if stored:
            self._host.failpoint("acknowledge.after")

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        query = _query(scope)
        if scope["method"] != "POST":
            return self._verified(query)
        body = await read_body(receive, _LARGEST_BODY)
        if body is None:
            return Reply(413, why="the body is too large")
        sealed = sealed_in(body)
        why = self._distrust(query, sealed)
        if why:
            return Reply(_REFUSED, why=why)
        try:
            fields = fields_of(self._envelope.open(sealed))
            self._must_be_for_us(fields)
            event = read_event(fields, Seen(self._application.account, self._clock(), self._settings.locale))
        except (BadSeal, NoXml) as bad:
            return Reply(_REFUSED, why=str(bad))
        except BadCallback as bad:
            # It is WeCom's, and no later try would be better: acknowledged, and told.
            return Reply(200, why=f"an event that cannot be read: {bad}")
        return await self._take(event, fields) if event is not None else Reply(200)

    def _verified(self, query: dict[str, str]) -> Reply:
        """The check of the address, when the admin console's form is saved."""
        echo = query.get("echostr", "")
        why = self._distrust(query, echo)
        if why:
            return Reply(_REFUSED, why=why)
        try:
            return Reply(200, self._envelope.open(echo))
        except BadSeal as bad:
            return Reply(_REFUSED, why=str(bad))

    def _distrust(self, query: dict[str, str], sealed: str) -> str:
        """Why a request is not to be believed; "" where it is."""
        signature, timestamp, nonce = (query.get(name, "") for name in _PARAMETERS)
        if not (signature and timestamp and nonce and sealed):
            return "it lacks what WeCom's callbacks have"
        if not self._envelope.signed(signature, timestamp, nonce, sealed):
            return "msg_signature is wrong: is the token the same here and in the admin console?"
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
            return "the timestamp is none"
        if abs(self._clock() - int(timestamp)) > self._settings.window_seconds:
            return "the timestamp is too far from this machine's clock"
        return ""

    def _must_be_for_us(self, fields: Fields) -> None:
        agent = fields.get("AgentID", "")
        if agent not in ("", str(self._application.agent_id)):
            message = f"it is for the application {agent[:20]}, here is {self._application.agent_id}"
            raise BadSeal(message)

    async def _take(self, event: Event, fields: Fields) -> Reply:
        if not clicked(fields) and self._repeats.seen(event):
            return Reply(200)
        try:
            receipt = asyncio.ensure_future(self._host.accept(event))
        except Overloaded as busy:
            return Reply(503, why=f"overloaded: {busy}")
        receipt.add_done_callback(_ignore)
        await asyncio.wait((receipt,))  # leaves the commit alone when we are cancelled
        error = receipt.exception()
        if isinstance(error, StoreError):
            return Reply(503, why="the event could not be stored")
        receipt.result()
        return self._greeting(fields) if await self._is_new(event) else Reply(200)

    async def _is_new(self, event: Event) -> bool:
        """Whether to greet: with the first event of a person that opens the application, however often it comes."""
        if not self._settings.greeting or not greets(event):
            return False
        key = f"{PLATFORM}.greeted.{self._application.account}.{event.author.id}"
        if await self._host.facts.change(key, None, event.id):
            return True
        return await self._host.facts.get(key) == event.id

    def _greeting(self, fields: Fields) -> Reply:
        """The greeting, as the response itself: a repeated request gets the same, and it is shown once."""
        now = str(int(self._clock()))
        message = (
            f"<xml><ToUserName>{escape(fields['FromUserName'])}</ToUserName>"
            f"<FromUserName>{escape(self._application.corp_id)}</FromUserName><CreateTime>{now}</CreateTime>"
            f"<MsgType>text</MsgType><Content>{escape(self._settings.greeting)}</Content></xml>"
        )
        sealed = self._envelope.seal(message.encode())
        nonce = fields.get("CreateTime", now)
        signature = self._envelope.signature(now, nonce, sealed)
        body = (
            f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce>{escape(nonce)}</Nonce></xml>"
        )
        return Reply(200, body.encode(), kind=b"application/xml; charset=utf-8")


def _ignore(receipt: asyncio.Future[Any]) -> None:
    """Let nobody wonder about the fault of an event that comes again."""
    if not receipt.cancelled():
        receipt.exception()


def _query(scope: Scope) -> dict[str, str]:
    text = scope.get("query_string", b"")
    if len(text) > _LONGEST_QUERY:
        return {}
    try:
        found = parse_qs(text.decode("latin-1"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in found.items()}


async def pong(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """The page that shows that the hub is reached."""
    await respond(send, Response(200, b"pong"))
