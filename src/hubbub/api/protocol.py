"""The server's HTTP protocol, with the bounds on a request's head that the parser itself does not have.

Whole heads of ordinary size, which is nearly all there are, cost one comparison more.
"""

from __future__ import annotations

import asyncio

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hubbub.api.errors import Refusal
from hubbub.core.ports import HANG_UP

LARGEST_HEAD = 65_536
HEAD_SECONDS = 30.0

_BODY = Refusal(431, "head_too_large", "The request line and the headers are too long together.").body()
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class BoundedHttp(HttpToolsProtocol):
    """One connection: heads of at most 64 KiB that arrive within 30 s."""

    _head: int | None = 0
    """Bytes that came of a head that is not complete; None while a body comes."""
    _deadline: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, transport.close)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._disarm()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head and not self.transport.is_closing():
            self._wait_for_the_rest(self._head)

    @override
    def on_headers_complete(self) -> None:
        """See `httptools`."""
        self._head = None
        self._disarm()
        self.scope["extensions"] = {HANG_UP: self._hang_up}  # type: ignore[dict-item]  # a dictionary by the standard
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        """See `httptools`."""
        self._head = 0
        super().on_message_complete()

    def _hang_up(self) -> None:
        """See `ports.HANG_UP`."""
        self.transport.abort()

    def _wait_for_the_rest(self, head: int) -> None:
        if head > LARGEST_HEAD:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
