"""One phone number: sending from it, and whether it can."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from hubbub.core.addresses import Account, Room
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media
from hubbub.core.ports import Host
from hubbub.core.work import Outgoing
from hubbub.platforms.whatsapp.calls import Step, addressed, from_template, steps, words
from hubbub.platforms.whatsapp.convert import PLATFORM
from hubbub.platforms.whatsapp.graph import SILENT_TOO_LONG, Graph, GraphError
from hubbub.platforms.whatsapp.settings import WhatsAppNumber, WhatsAppSettings

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_REMEMBERED = 10_000


class Number:
    """A number of the settings."""

    def __init__(self, given: WhatsAppNumber, settings: WhatsAppSettings, host: Host) -> None:
        """Nothing is called before `run`."""
        self.id = given.phone_number_id
        self._token = given.access_token.get_secret_value()
        self._settings = settings
        self._host = host
        self._graph: Graph | None = None
        self._last: OrderedDict[str, str] = OrderedDict()
        """The last message of each room: reading and typing are shown on it."""

    async def run(self, client: aiohttp.ClientSession) -> None:
        """Look the number up until it is there, then be connected until cancelled."""
        account, wait = Account(PLATFORM, self.id), self._settings.reconnect_seconds
        graph = self._api(client)
        try:
            while True:
                try:
                    await graph.get(self.id, fields="display_phone_number,verified_name")
                except DeliveryError as error:
                    log.warning("WhatsApp, number %s: %s", self.id, error)
                    self._host.disconnected(account, str(error))
                    await asyncio.sleep(wait)
                    wait = min(_LONGEST_WAIT, wait * 2)
                else:
                    break
            self._graph = graph
            self._host.connected(account)
            await asyncio.Event().wait()
        finally:
            self._graph = None
            self._host.disconnected(account, "stopped")

    def _api(self, client: aiohttp.ClientSession) -> Graph:
        root = f"{self._settings.api_base.rstrip('/')}/{self._settings.api_version}"
        return Graph(client, root, self._token, self._settings.api_timeout_seconds)

    async def fetch(self, media: Media) -> Blob:
        """A file that came in, also on a node that does not hold the connection. Raises MediaError."""
        import aiohttp  # noqa: PLC0415 - loaded on first use

        async with aiohttp.ClientSession() as client:
            return await self._api(client).fetch(media, self._settings.max_file_bytes)

    @property
    def graph(self) -> Graph:
        """The API. Raises DeliveryError while the number is not connected."""
        if self._graph is None:
            message = f"number {self.id} is not connected"
            raise DeliveryError(message, certain=True)
        return self._graph

    def heard(self, room: Room, message_id: str) -> None:
        """Somebody wrote."""
        self._last[room.id] = message_id
        self._last.move_to_end(room.id)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    async def send(self, out: Outgoing) -> str:
        """Send a message; the id of its first part. Raises DeliveryError."""
        graph, first = self.graph, ""
        for step in steps(out):
            try:
                first = await self._step(graph, step, out) or first
            except DeliveryError as error:
                if first:  # a part is there already: the whole must not be sent again
                    raise DeliveryError(str(error), certain=False) from error
                raise
        return first

    async def _step(self, graph: Graph, step: Step, out: Outgoing) -> str:
        body = dict(step.body)
        if step.media is not None:
            body[step.kind] = {**await self._given(graph, step.media), **step.caption}
        try:
            return _id(await graph.post(f"{self.id}/messages", body))
        except GraphError as error:
            if error.code != SILENT_TOO_LONG or not self._settings.template:
                raise
        template = (self._settings.template, self._settings.template_language)
        text = words(out.message) or "…"
        return _id(await graph.post(f"{self.id}/messages", from_template(out.room, *template, text)))

    async def _given(self, graph: Graph, media: Media) -> dict[str, str]:
        """A file as WhatsApp takes it: a link that it fetches, its own id, or what is uploaded now."""
        if media.url.startswith("https://"):
            return {"link": media.url}
        if not media.url:
            return {"id": media.file_id}
        try:
            blob = await self._host.files.fetch(media)
        except MediaError as error:
            raise DeliveryError(str(error), certain=True, permanent=True) from error
        return {"id": await graph.upload(self.id, Blob(blob.data, blob.mime, media.name or blob.name))}

    async def react(self, room: Room, message_id: str, emoji: str) -> None:
        """Set the reaction to a message, "" takes it away. Raises DeliveryError."""
        reaction = {"type": "reaction", "reaction": {"message_id": message_id, "emoji": emoji}}
        await self.graph.post(f"{self.id}/messages", addressed(room) | reaction)

    async def typing(self, room: Room) -> None:
        """Show that the last message was read and is being answered. Raises DeliveryError."""
        last = self._last.get(room.id)
        if last is None or not self._settings.read_marks:
            return
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": last}
        await self.graph.post(f"{self.id}/messages", body | {"typing_indicator": {"type": "text"}})


def _id(answer: dict[str, object]) -> str:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return str(first.get("id", "")) if isinstance(first, dict) else ""
