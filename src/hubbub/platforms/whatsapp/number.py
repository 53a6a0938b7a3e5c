"""One phone number: sending from it, and whether it can."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeVar

from hubbub.core.addresses import Account, Room
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media
from hubbub.core.ports import Host
from hubbub.core.work import Row
from hubbub.platforms.whatsapp.attention import Attention
from hubbub.platforms.whatsapp.calls import Step, Template, addressed, steps
from hubbub.platforms.whatsapp.faults import SILENT_TOO_LONG, TOKEN, GraphError
from hubbub.platforms.whatsapp.files import is_voice, shown_as, uploaded_as
from hubbub.platforms.whatsapp.graph import Graph
from hubbub.platforms.whatsapp.settings import WhatsAppNumber, WhatsAppSettings
from hubbub.platforms.whatsapp.silence import Silence
from hubbub.platforms.whatsapp.statuses import MARK, Mark, Part
from hubbub.platforms.whatsapp.wire import PLATFORM

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_CLOCKS_DIFFER = 60.0
_TRIES = 4
_LONGEST_REST = 10.0

T = TypeVar("T")


class Number:
    """A number of the settings."""

    def __init__(self, given: WhatsAppNumber, settings: WhatsAppSettings, host: Host) -> None:
        """Nothing is called before `run`."""
        self.id = given.phone_number_id
        self.attention = Attention(self._post) if settings.read_marks else None
        self._account = Account(PLATFORM, self.id)
        self._token = given.access_token.get_secret_value()
        self._settings = settings
        self._host = host
        self._silence = Silence(host.facts)
        variables = settings.template_variables
        self._template = (
            Template(settings.template, settings.template_language, variables) if settings.template else None
        )
        self._graph: Graph | None = None
        self._refused = asyncio.Event()
        """The token does not hold any more."""

    # --- the connection --------------------------------------------------------------------------------------

    async def run(self, client: aiohttp.ClientSession) -> None:
        """Look the number up until it is there, and again whenever its token is refused; until cancelled."""
        graph = self._api(client)
        try:
            async with asyncio.TaskGroup() as tasks:
                if self.attention is not None:
                    tasks.create_task(self.attention.run())
                while True:
                    await self._look_up(graph)
                    self._refused.clear()
                    self._graph = graph
                    log.info("WhatsApp, number %s is connected", self.id)
                    self._host.connected(self._account)
                    await self._refused.wait()
                    self._graph = None
        finally:
            self._graph = None
            self._host.disconnected(self._account, "stopped")

    async def _look_up(self, graph: Graph) -> None:
        wait = self._settings.reconnect_seconds
        while True:
            try:
                await graph.get(self.id, fields="display_phone_number,verified_name")
            except DeliveryError as error:
                log.warning("WhatsApp, number %s: %s", self.id, error)
                self._host.disconnected(self._account, str(error))
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
            else:
                return

    def _api(self, client: aiohttp.ClientSession) -> Graph:
        root = f"{self._settings.api_base.rstrip('/')}/{self._settings.api_version}"
        return Graph(client, root, self._token, self._settings.api_timeout_seconds)

    @property
    def graph(self) -> Graph:
        """The API. Raises DeliveryError while the number is not connected."""
        if self._graph is None:
            message = f"number {self.id} is not connected"
            raise DeliveryError(message, certain=True)
        return self._graph

    async def fetch(self, media: Media) -> Blob:
        """A file that came in, also on a node that does not hold the connection. Raises MediaError."""
        import aiohttp  # noqa: PLC0415 - loaded on first use

        async with aiohttp.ClientSession() as client:
            return await self._api(client).fetch(media, self._settings.max_file_bytes)

    # --- sending ---------------------------------------------------------------------------------------------

    async def send(self, row: Row) -> str:
        """Send a message; the id of its first part. Raises DeliveryError, StoreError."""
        room = row.out.room
        if self.attention is not None:
            self.attention.answered(room)
        if self._template is not None and await self._silence.holds(room):
            return await self._by_template(self._template, row)
        try:
            return await self._whole(row)
        except GraphError as error:
            if error.code != SILENT_TOO_LONG or self._template is None:
                raise
            await self._silence.begins(room, time.time() - _CLOCKS_DIFFER)
        return await self._by_template(self._template, row)

    async def _whole(self, row: Row) -> str:
        """Files go to WhatsApp before anything goes to the person: a message should be there whole, or not at all."""
        bodies = [await self._body(step) for step in steps(row.out)]
        first = ""
        for place, body in enumerate(bodies, 1):
            part: Part = "whole" if place == len(bodies) else "part"
            marked = body | {MARK: Mark(row.key, row.out.room.id, part, first).text()}
            sent = await (self._rest(marked) if first else self._post(marked))
            first = first or _id(sent)
        return first

    async def _rest(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a part after the first: the whole must not be sent again any more, but this one may be."""
        tries = _TRIES
        while True:
            try:
                return await self._post(body)
            except DeliveryError as error:
                tries -= 1
                wait = error.retry_after
                if not tries or wait is None or wait > _LONGEST_REST:
                    raise DeliveryError(str(error), certain=False) from error
            await asyncio.sleep(wait)

    async def _body(self, step: Step) -> dict[str, Any]:
        return step.body if step.media is None else step.body | await self._file(step, step.media)

    async def _by_template(self, template: Template, row: Row) -> str:
        mark = Mark(row.key, row.out.room.id, "template").text()
        return _id(await self._post(template.body(row.out.room, row.out.message) | {MARK: mark}))

    async def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self._watched(self.graph.post(f"{self.id}/messages", body))

    async def _watched(self, call: Awaitable[T]) -> T:
        """A call, by which it is seen whether the token still holds."""
        try:
            return await call
        except GraphError as error:
            if error.code == TOKEN:
                self._refused.set()
            raise

    async def _file(self, step: Step, media: Media) -> dict[str, Any]:
        """The part of a body that shows a file: what is uploaded now, WhatsApp's own, or a link that it fetches."""
        more = {"caption": step.caption} if step.caption else {}
        name = {"filename": media.name or "file"}
        if not media.url:
            return _shown(step.kind, {"id": media.file_id}, more, name)
        try:
            blob = await self._host.files.fetch(media)
        except MediaError as error:
            if media.url.startswith("https://"):  # too large for us, perhaps, and not for WhatsApp
                return _shown(step.kind, {"link": media.url}, more, name)
            raise DeliveryError(str(error), certain=True, permanent=True) from error
        kind = shown_as(step.kind, blob)
        name = {"filename": media.name or blob.name or "file"}
        given = Blob(blob.data, uploaded_as(blob), name["filename"])
        voice = {"voice": True} if step.voice and kind == "audio" and is_voice(blob) else {}
        return _shown(kind, {"id": await self._watched(self.graph.upload(self.id, given))} | voice, more, name)

    async def react(self, room: Room, message_id: str, emoji: str) -> None:
        """Set the reaction to a message, "" takes it away. Raises DeliveryError."""
        reaction = {"type": "reaction", "reaction": {"message_id": message_id, "emoji": emoji}}
        await self._post(addressed(room) | reaction)


def _shown(kind: str, file: dict[str, Any], caption: dict[str, str], name: dict[str, str]) -> dict[str, Any]:
    return {"type": kind, kind: file | caption | (name if kind == "document" else {})}


def _id(answer: dict[str, object]) -> str:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return str(first.get("id", "")) if isinstance(first, dict) else ""
