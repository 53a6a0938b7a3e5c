"""Segments of a message as JSON, the same in requests and replies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hubbub.core import messages

MOST_SEGMENTS = 500
MOST_PHONES = 50

Short = Annotated[str, Field(max_length=1_000)]
Long = Annotated[str, Field(max_length=100_000)]


class Wire(BaseModel):
    """Unknown keys are mistakes, and so are numbers that JSON does not have."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class MediaJSON(Wire):
    """Where a file is: an address (https:, http:, data:, or /files/... of the hub) or the platform's handle of it."""

    url: str = Field("", pattern=r"^((https?://|data:|/files/)\S*)?$", examples=["https://example.org/cat.png"])
    file_id: Short = ""
    name: Short = ""
    mime: Short = ""
    size: int | None = Field(None, ge=0, le=2**53)

    @model_validator(mode="after")
    def _somewhere(self) -> MediaJSON:
        if not self.url and not self.file_id:
            msg = "give url or file_id"
            raise ValueError(msg)
        return self

    def core(self) -> messages.Media:
        """As the hub's own."""
        url = self.url.replace("/files/", "hub:", 1) if self.url.startswith("/files/") else self.url
        return messages.Media(url, self.file_id, self.name, self.mime, self.size)


class TextJSON(Wire):
    """Words. In replies they are Markdown, or plain where ``verbatim`` is true."""

    type: Literal["text"]
    text: str
    verbatim: bool = False

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Text(self.text, self.verbatim)


class MentionJSON(Wire):
    """A mention of one user, or of everyone."""

    type: Literal["mention"]
    user: Short
    name: Short = ""
    everyone: bool = False

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Mention(self.user, self.name, self.everyone)


class ImageJSON(Wire):
    """A picture."""

    type: Literal["image"]
    media: MediaJSON
    alt: Long = ""

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Image(self.media.core(), self.alt)


class FileJSON(Wire):
    """A document."""

    type: Literal["file"]
    media: MediaJSON

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.File(self.media.core())


class AudioJSON(Wire):
    """A recording; ``voice`` when it was spoken into the chat."""

    type: Literal["audio"]
    media: MediaJSON
    voice: bool = True
    seconds: float | None = Field(None, ge=0)

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Audio(self.media.core(), self.voice, self.seconds)


class VideoJSON(Wire):
    """A film."""

    type: Literal["video"]
    media: MediaJSON
    seconds: float | None = Field(None, ge=0)

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Video(self.media.core(), self.seconds)


class QuoteJSON(Wire):
    """This message answers another."""

    type: Literal["quote"]
    message_id: Short
    author: Short = ""
    excerpt: Long = ""

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Quote(self.message_id, self.author, self.excerpt)


class FaceJSON(Wire):
    """A platform's own emoji or sticker; ``text`` is what to show elsewhere."""

    type: Literal["face"]
    id: Short
    text: Short = ""

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Face(self.id, self.text)


class LinkJSON(Wire):
    """A shared page."""

    type: Literal["link"]
    url: str = Field(max_length=10_000)
    title: Short = ""
    summary: Long = ""
    image: str = Field("", max_length=10_000)

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Link(self.url, self.title, self.summary, self.image)


class LocationJSON(Wire):
    """A place, in degrees."""

    type: Literal["location"]
    latitude: float
    longitude: float
    title: Short = ""
    address: Short = ""

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Location(self.latitude, self.longitude, self.title, self.address)


class ContactJSON(Wire):
    """Somebody's card; ``user`` is their id on the platform that it comes from."""

    type: Literal["contact"]
    name: Short
    phones: list[Short] = Field(default_factory=list, max_length=MOST_PHONES)
    user: Short = ""
    vcard: str = Field("", max_length=10_000)

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Contact(self.name, tuple(self.phones), self.user, self.vcard)


class NodeJSON(Wire):
    """One message inside a forward."""

    author: Short
    name: Short
    message: list[SegmentJSON] = Field(max_length=MOST_SEGMENTS)
    message_id: Short = ""

    def core(self) -> messages.Node:
        """As the hub's own."""
        return messages.Node(self.author, self.name, tuple(each.core() for each in self.message), self.message_id)


class ForwardJSON(Wire):
    """Several messages in one bundle."""

    type: Literal["forward"]
    nodes: list[NodeJSON] = Field(default_factory=list, max_length=MOST_SEGMENTS)
    id: Short = ""

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Forward(tuple(each.core() for each in self.nodes), self.id)


class RawJSON(Wire):
    """A segment that the hub has no word for, as the platform of this name has it."""

    type: Literal["raw"]
    platform: Short
    kind: Short
    data: dict[str, Any] = Field(default_factory=dict)

    def core(self) -> messages.Segment:
        """As the hub's own."""
        return messages.Raw(self.platform, self.kind, self.data)


SegmentJSON = Annotated[
    TextJSON
    | MentionJSON
    | ImageJSON
    | FileJSON
    | AudioJSON
    | VideoJSON
    | QuoteJSON
    | FaceJSON
    | LinkJSON
    | LocationJSON
    | ContactJSON
    | ForwardJSON
    | RawJSON,
    Field(discriminator="type"),
]

NodeJSON.model_rebuild()
