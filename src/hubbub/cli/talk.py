"""Talking to the hub from a terminal: to the one that runs, or to one opened for the purpose."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from hubbub.cli.hub import RunningHub
from hubbub.cli.outcome import Failure
from hubbub.core.messages import text_of
from hubbub.core.ports import Streamed
from hubbub.core.work import Row
from hubbub.settings import Settings

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from hubbub.app import Hub
    from hubbub.core.events import Received


@dataclass(frozen=True, slots=True)
class Partner:
    """Whose conversation it is, and which of theirs ("": their current one)."""

    owner: str
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as the model writes it: a preview."""

    content: str
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole message of the answer, as it is kept."""

    text: str


class Talk(Protocol):
    """One conversation."""

    @property
    def model(self) -> str:
        """The model that answers and why it is this one, in one line."""

    def say(self, text: str) -> Iterator[Piece | Reply]:
        """Send a message; what comes back. Raises HubbubError."""

    def stop(self) -> None:
        """End the answer that is being written; what came so far is kept."""


@contextmanager
def talking(settings: Settings, partner: Partner) -> Iterator[Talk]:
    """A conversation with the hub of this data folder, started inside this process if none runs.

    Raises:
        HubbubError: there is no hub and none can be opened.
    """
    if hub := RunningHub.find(settings):
        yield RemoteTalk(hub, partner, settings.commands.prefixes)
        return
    from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - loaded on first use

    from hubbub.app import logs, open_hub  # noqa: PLC0415 - loaded on first use

    # What goes wrong is told, and how far the fetching of a model is; the rest would get into the conversation.
    logs.set_up("DEBUG" if settings.server.log_level == "DEBUG" else "WARNING", settings.server.log_format)
    logging.getLogger("hubbub.app.models").setLevel(logging.INFO)
    if settings.store.postgres:
        # Beside the hubs that others run on it: no platform's connection moves to a conversation in a terminal.
        part = settings.cluster.model_copy(update={"roles": ("worker",)})
        settings = settings.model_copy(update={"cluster": part})
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_hub(settings, listen=False)) as own:
        yield LocalTalk(portal, own, partner)


def line_of(model: str, reason: str) -> str:
    """A model and why."""
    return f"{model or 'no model'} ({reason})" if reason else model or "no model"


class RemoteTalk:
    """With a hub that runs, over its API."""

    def __init__(self, hub: RunningHub, partner: Partner, prefixes: tuple[str, ...]) -> None:
        """``prefixes``: what a command may begin with; the first is used for ours."""
        self._hub = hub
        self._partner = partner
        self._prefix = prefixes[0] if prefixes else "/"
        status = hub.status()
        self.model = line_of(status["model"], status["model_reason"])

    def say(self, text: str) -> Iterator[Piece | Reply]:
        """See `Talk.say`."""
        for name, data in self._hub.events("/messages", {**self._body(text), "stream": True}):
            if name == "piece":
                yield Piece(data["content"], data.get("reasoning", ""))
            elif name == "reply":
                yield Reply(data["text"])
            elif name == "error":
                raise Failure(_told(data))

    def stop(self) -> None:
        """See `Talk.stop`."""
        self._hub.post("/messages", self._body(f"{self._prefix}stop"))

    def _body(self, text: str) -> dict[str, Any]:
        body = {"owner": self._partner.owner, "text": text}
        return {**body, "conversation": self._partner.conversation} if self._partner.conversation else body


def _told(data: dict[str, Any]) -> str:
    error = data.get("error", data)
    trail = f" (error {error['id']})" if error.get("id") else ""
    return f"{error.get('message', 'the answer broke off')}{trail}"


class LocalTalk:
    """With a hub inside this process, whose loop runs in a thread of its own."""

    def __init__(self, portal: BlockingPortal, hub: Hub, partner: Partner) -> None:
        """``portal`` leads into the thread of ``hub``."""
        self._portal = portal
        self._hub = hub
        self._partner = partner
        portal.call(hub.late_models.known.wait)
        self.model = line_of(hub.models[0].name if hub.models else "", hub.model_reason)

    def say(self, text: str) -> Iterator[Piece | Reply]:
        """See `Talk.say`."""
        coming: SimpleQueue[Piece | Reply | None] = SimpleQueue()
        done = self._portal.start_task_soon(self._pump, text, coming)
        done.add_done_callback(lambda _: coming.put(None))
        while (item := coming.get()) is not None:
            yield item
        try:
            done.result()
        except TimeoutError as error:
            message = "the answer takes too long; it is kept, so that a later message can go on from it"
            raise Failure(message) from error

    def stop(self) -> None:
        """See `Talk.stop`."""
        self._portal.call(self._hub.control.stop, self._partner.owner)

    async def _pump(self, text: str, coming: SimpleQueue[Piece | Reply | None]) -> None:
        async with aclosing(self._hub.exchange.stream(self._event(text))) as items:
            async for item in items:
                if isinstance(item, Row):
                    coming.put(Reply(text_of(item.out.message)))
                elif isinstance(item, Streamed):
                    coming.put(Piece(item.content, item.reasoning))

    def _event(self, text: str) -> Received:
        """As the API makes it of the same message, so that both lead to the same conversation."""
        from hubbub.api.callers import ADMIN  # noqa: PLC0415 - loaded on first use
        from hubbub.api.native.convert import Request, received  # noqa: PLC0415 - loaded on first use
        from hubbub.api.native.wire import MessageIn  # noqa: PLC0415 - loaded on first use

        body = MessageIn(owner=self._partner.owner, conversation=self._partner.conversation or None, text=text)
        return received(body, Request(ADMIN, secrets.token_hex(16), time.time()))
