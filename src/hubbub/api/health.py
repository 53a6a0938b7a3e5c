"""``/healthz`` and ``/readyz`` for supervisors: no credentials, nothing told but yes, or no and why in a word."""

from __future__ import annotations

from hubbub.api.answers import JSON, answer, refuse
from hubbub.api.errors import STARTING
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.ports import Control, Route

# Why in general only: what the driver says names addresses, and nobody has to show who they are here.
_AWAY = b"the database cannot be reached"
_STOPPING = b"the hub is stopping"


class Health:
    """The process serves requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        """Always yes: whoever can ask it is served."""
        await answer(send, 200, JSON, b'{"status":"ok"}')


class Readiness:
    """The store is open and messages are worked on."""

    def __init__(self, control: Control) -> None:
        """``control`` tells whether the hub is ready."""
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        """200 when messages are taken, 503 before and while stopping."""
        status = self._control.status()
        if status.ready:
            await answer(send, 200, JSON, b'{"status":"ready"}')
            return
        await _not_ready(send, _AWAY if status.trouble else _STOPPING)


class Unopened:
    """The whole hub while it starts and its database is away: it lives, and takes nothing."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._alive = Health()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell supervisors how it is, and refuse everybody else."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/healthz":
            await self._alive(scope, receive, send)
        elif path == "/readyz":
            await _not_ready(send, _AWAY)
        else:
            await refuse(scope, send, STARTING)


async def _not_ready(send: Send, reason: bytes) -> None:
    await answer(send, 503, JSON, b'{"status":"not ready","reason":"' + reason + b'"}', [(b"retry-after", b"1")])


def health_routes(control: Control) -> list[Route]:
    """The two routes."""
    return [
        Route("/healthz", Health(), methods=("GET",)),
        Route("/readyz", Readiness(control), methods=("GET",)),
    ]
