"""Where other nodes bring pieces of answers that they write for callers of this one.

Every delivery is signed with the nodes' common secret: HMAC-SHA256 over its time, the node that it is for and its
body. An old one, or one for somebody else, is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import orjson

from hubbub.api.answers import answer, refuse
from hubbub.api.errors import Refusal
from hubbub.core.asgi import Receive, Scope, Send, read_body
from hubbub.core.ports import Route, Streamed

PATH = "/cluster/pieces"
KIND = b"application/json"
_WINDOW = 60.0
_LARGEST = 4_000_000
_REFUSED = Refusal(403, "forbidden", "This is for the other processes of the hub.")
_LARGE = Refusal(413, "too_large", "The delivery is too large.")
_WRONG = Refusal(400, "invalid_request", "These are no pieces.")

Piece = tuple[str, Streamed]
"""The key of the event that asked, and what was written."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Signs and checks deliveries for one node."""

    secret: str
    node: str

    def headers(self, body: bytes) -> dict[str, str]:
        """What a delivery carries."""
        at = str(int(time.time()))
        return {"X-Hubbub-Time": at, "X-Hubbub-Signature": self._sign(at, body), "Content-Type": KIND.decode()}

    def fits(self, headers: Iterable[Sequence[bytes]], body: bytes) -> bool:
        """Whether one that came is for this node, new, and from another node of the hub."""
        found = {name: value.decode("latin-1") for name, value in headers}
        at, signature = found.get(b"x-hubbub-time", ""), found.get(b"x-hubbub-signature", "")
        if not (at.isascii() and at.isdecimal()) or abs(time.time() - int(at[:12])) > _WINDOW:
            return False
        return hmac.compare_digest(self._sign(at, body).encode(), signature.encode())

    def _sign(self, at: str, body: bytes) -> str:
        return hmac.new(self.secret.encode(), f"{at}\n{self.node}\n".encode() + body, hashlib.sha256).hexdigest()


def packed(pieces: Iterable[Piece]) -> bytes:
    """A delivery's body."""
    return orjson.dumps([[key, piece.content, piece.reasoning, piece.end, piece.note] for key, piece in pieces])


class PieceRoute:
    """The route's application."""

    def __init__(self, signature: Signature, receive: Callable[[str, Streamed], None]) -> None:
        """``receive`` takes each piece."""
        self._signature = signature
        self._take = receive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, and hand on."""
        body = await read_body(receive, _LARGEST)
        if body is None:
            await refuse(scope, send, _LARGE)
            return
        if not self._signature.fits(scope["headers"], body):
            await refuse(scope, send, _REFUSED)
            return
        try:
            pieces = [
                (key, Streamed(content, reasoning, bool(end), note))
                for key, content, reasoning, end, note in orjson.loads(body)
            ]
        except (ValueError, TypeError):
            await refuse(scope, send, _WRONG)
            return
        for key, piece in pieces:
            self._take(key, piece)
        await answer(send, 200, KIND, b"{}")


def piece_route(signature: Signature, receive: Callable[[str, Streamed], None]) -> Route:
    """The one route."""
    return Route(PATH, PieceRoute(signature, receive), methods=("POST",))
