"""Reverse WebSocket: implementations connect to the hub. Plain ASGI, since every message passes here."""

from __future__ import annotations

import asyncio
import logging

from hubbub.core.asgi import Receive, Response, Scope, Send, deny
from hubbub.platforms.onebot.access import Refusal, headers_of, refusal
from hubbub.platforms.onebot.session import Frame, Hub, Peer, Role, Session, Wire

log = logging.getLogger(__name__)

_STOP_SECONDS = 5.0
_LONGEST_ACCOUNT = 32


class ReverseWebSockets:
    """The ASGI application of every WebSocket path, and all its open connections."""

    def __init__(self, hub: Hub) -> None:
        """Serves as soon as it is mounted."""
        self._hub = hub
        self._sessions: set[Session] = set()
        self._stopped = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()  # websocket.connect
        peer = _peer(scope)
        refused = self._refused(scope, peer)
        if refused:
            self._hub.complaints(f"refused ({refused.status})", peer.where, refused.reason)
            await deny(scope, send, _denial(refused))
            return
        await send({"type": "websocket.accept"})
        await self._serve(peer, receive, send)

    def start(self) -> None:
        """Let connections in, again if they were stopped."""
        self._stopped = False

    async def stop(self) -> None:
        """Close every connection and let no new one in."""
        self._stopped = True
        for session in self._sessions:
            session.stop(1001, "the hub is stopping")
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await asyncio.gather(*(session.ended() for session in self._sessions))
        except TimeoutError:
            log.warning("%d OneBot connections did not end in time", len(self._sessions))

    def _refused(self, scope: Scope, peer: Peer) -> Refusal | None:
        if self._stopped:
            return Refusal(503, "the hub is stopping")
        refused = refusal(scope, self._hub.settings.access_token.get_secret_value())
        if refused:
            return refused
        if peer.account and not self._hub.accounts.allowed(peer.account):
            return Refusal(403, "the account is not among platforms.onebot.accounts")
        return None

    async def _serve(self, peer: Peer, receive: Receive, send: Send) -> None:
        left = False

        async def read() -> Frame | None:
            nonlocal left
            message = await receive()
            if message["type"] != "websocket.receive":
                left = True
                return None
            text: str | None = message.get("text")
            data: bytes = message.get("bytes") or b""
            return data if text is None else text

        async def write(text: str) -> None:
            await send({"type": "websocket.send", "text": text})

        session = Session(self._hub, peer, Wire(read, write))
        self._sessions.add(session)
        try:
            code, reason = await session.run()
        finally:
            self._sessions.discard(session)
        log.info("OneBot account %s disconnected (%s) %s", session.account or "?", peer.where, reason)
        if not left:
            try:
                await send({"type": "websocket.close", "code": code, "reason": reason})
            except (OSError, RuntimeError) as error:
                log.debug("%s: closing failed: %s", peer.where, error)


def _peer(scope: Scope) -> Peer:
    headers = headers_of(scope)
    path = scope["path"].rstrip("/")
    role: Role = "universal"
    named = headers.get(b"x-client-role", "").strip().lower()
    if named == "api" or (not named and path.endswith("/api")):
        role = "api"
    elif named == "event" or (not named and path.endswith("/event")):
        role = "event"
    client = scope.get("client")
    where = f"{client[0]}:{client[1]}" if client else "local socket"
    return Peer(f"{where} {path}", role, headers.get(b"x-self-id", "").strip()[:_LONGEST_ACCOUNT])


def _denial(refused: Refusal) -> Response:
    challenge = ((b"www-authenticate", b"Bearer"),) if refused.status == 401 else ()
    return Response(refused.status, refused.reason.encode(), headers=challenge)
