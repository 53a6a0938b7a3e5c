"""HTTP POST: an implementation sends each event as a signed request. Plain ASGI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from hubbub.core.asgi import Receive, Response, Scope, Send, read_body, respond
from hubbub.core.errors import Overloaded, StoreError
from hubbub.platforms.onebot.access import Refusal, headers_of
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.intake import addressed
from hubbub.platforms.onebot.session import Hub
from hubbub.platforms.onebot.wire import BadFrame, WireObject, decode, signed

_COMMIT_SECONDS = 30.0


class EventPosts:
    """The ASGI application of the POST paths. Answered with 204 once the event is stored."""

    def __init__(self, hub: Hub) -> None:
        """Refuses everything while no secret is set."""
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = headers_of(scope)
        answer = await self._answer(headers, receive)
        if answer:
            client = scope.get("client")
            where = f"{client[0] if client else 'local socket'} {scope['path']}"
            self._hub.complaints(f"refused ({answer.status})", where, answer.reason)
        else:
            self._hub.host.failpoint("acknowledge.before")
        await _reply(send, answer)
        if not answer:
            self._hub.host.failpoint("acknowledge.after")

    async def _answer(self, headers: Mapping[bytes, str], receive: Receive) -> Refusal | None:
        secret = self._hub.settings.http_secret.get_secret_value()
        if not secret:
            return Refusal(403, "set platforms.onebot.http_secret to take events by HTTP")
        body = await read_body(receive, self._hub.settings.max_frame_bytes)
        if body is None:
            return Refusal(413, "the body is too large")
        given = headers.get(b"x-signature", "")
        if not given:
            return Refusal(401, "X-Signature is missing")
        if not signed(secret.encode(), body, given):
            return Refusal(403, "X-Signature is wrong")
        try:
            return await self._take(decode(body), headers.get(b"x-self-id", "").strip())
        except BadFrame as bad:
            return Refusal(400, str(bad))

    async def _take(self, frame: WireObject, account: str) -> Refusal | None:
        hub, named = self._hub, scalar(frame.get("self_id"))
        account = account or named
        if not account or (named and named != account):
            return Refusal(400, "X-Self-ID and self_id must name the same account")
        if not hub.accounts.allowed(account):
            return Refusal(403, "the account is not among platforms.onebot.accounts")
        if not self._in_window(frame):
            return Refusal(403, "the event's time is too far from the hub's clock")
        if frame.get("post_type") == "meta_event":
            return None
        event = await addressed(hub.host, frame, account)
        if event is None:
            return None
        try:
            receipt = asyncio.ensure_future(hub.host.accept(event))
        except Overloaded as busy:
            return Refusal(503, f"overloaded, come again in {max(1, round(busy.retry_after))} s")
        await asyncio.wait((receipt,), timeout=_COMMIT_SECONDS)  # leaves the commit alone when we are cancelled
        if not receipt.done() or isinstance(receipt.exception(), StoreError):
            return Refusal(503, "the event could not be stored")
        receipt.result()
        return None

    def _in_window(self, frame: WireObject) -> bool:
        window, told = self._hub.settings.http_window_seconds, frame.get("time")
        if not window:
            return True
        return isinstance(told, (int, float)) and abs(time.time() - told) <= window


async def _reply(send: Send, refused: Refusal | None) -> None:
    if refused is None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    again = ((b"retry-after", b"1"),) if refused.status == 503 else ()
    await respond(send, Response(refused.status, refused.reason.encode(), headers=again))
