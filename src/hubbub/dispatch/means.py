"""What commands may use of the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from hubbub.bridge.translate import fit
from hubbub.chat.answer import Chat
from hubbub.commands.access.gate import Gate
from hubbub.commands.command import KnownModels
from hubbub.commands.manners.board import Board
from hubbub.conversations.limits import Meter
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.people.joining import forgotten
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import MediaError
from hubbub.core.events import Received
from hubbub.core.messages import Blob, Media, Message
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Album, CanFetch, Clock, Control, Files, Painter, Platform, Renderer
from hubbub.core.store import Conversations, Outbox, Store, Usage
from hubbub.core.work import Outgoing, State
from hubbub.skills.calling import Skills


@dataclass(frozen=True, slots=True)
class HubMeans:
    """`hubbub.commands.command.Means` over a store and what stands around it."""

    store: Store
    chat: Chat
    platforms: Mapping[str, Platform]
    models: KnownModels
    meter: Meter
    gate: Gate
    people: Directory
    board: Board
    controls: Callable[[], Control]
    zone: tzinfo | None
    personas: Mapping[str, str]
    reloading: Callable[[], Awaitable[Sequence[Phrase]]]
    renderer: Renderer | None = None
    files: Files | None = None
    public_url: str = ""
    painter: Painter | None = None
    album: Album | None = None
    skills: Skills | None = None

    @property
    def styles(self) -> Sequence[str]:
        """See `Means.styles`."""
        return self.renderer.styles if self.renderer is not None else ("light",)

    @property
    def conversations(self) -> Conversations:
        """See `Means.conversations`."""
        return self.store.conversations

    @property
    def usage(self) -> Usage:
        """See `Means.usage`."""
        return self.store.usage

    @property
    def outbox(self) -> Outbox:
        """See `Means.outbox`."""
        return self.store.outbox

    @property
    def clock(self) -> Clock:
        """See `Means.clock`."""
        return self.meter.clock

    @property
    def control(self) -> Control:
        """See `Means.control`."""
        return self.controls()

    async def fetch(self, room: Room, media: Media) -> Blob:
        """See `Means.fetch`."""
        platform: object = self.platforms.get(room.platform)
        if not media.url and isinstance(platform, CanFetch):
            return await platform.fetch(media)
        if self.files is None:
            msg = "no files are kept here"
            raise MediaError(msg)
        return await self.files.fetch(media)

    async def said(self, room: Room, before: int, limit: int) -> Sequence[Received]:
        """See `Means.said`."""
        return await self.store.inbox.said(room, before, limit, self.people.owners_in_groups(room.platform))

    async def forget(self, owner: str) -> None:
        """See `Means.forget`."""
        for each in self.people.ties.all_of(owner):
            await self.store.forget(each)
            self.chat.forget(each)
        await forgotten(self.conversations, self.people, owner, self.clock())

    async def reload(self) -> Sequence[Phrase]:
        """See `Means.reload`."""
        return await self.reloading()

    def capabilities(self, room: Room) -> Capabilities | None:
        """See `Means.capabilities`."""
        platform = self.platforms.get(room.platform)
        return platform.capabilities(room) if platform is not None else None

    def platform(self, room: Room) -> object:
        """See `Means.platform`."""
        return self.platforms.get(room.platform)

    def sends(self, room: Room, message: Message, entry: int) -> tuple[Outgoing, ...]:
        """See `Means.sends`; nothing where the platform is not enabled."""
        return outgoing(self.platforms, room, message, entry)


def outgoing(platforms: Mapping[str, Platform], room: Room, message: Message, entry: int) -> tuple[Outgoing, ...]:
    """A message to a room in the parts that it takes; nothing where its platform is not enabled."""
    platform = platforms.get(room.platform)
    if platform is None:
        return ()
    capabilities = platform.capabilities(room)
    delivery = capabilities.promise
    state = State.KEPT if delivery is Delivery.WINDOW else State.QUEUED
    parts = fit(message, capabilities)
    return tuple(Outgoing(room, part, delivery=delivery, state=state, entry=entry) for part in parts)
