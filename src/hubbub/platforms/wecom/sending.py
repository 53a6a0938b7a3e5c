"""Delivering one message of the hub: files first, then everything in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Blob
from hubbub.core.ports import Files
from hubbub.core.work import Row
from hubbub.platforms.wecom.calls import Calls
from hubbub.platforms.wecom.parts import MOST_PARTS, Attachment, Part, Ready, Words, parts_of, recipients, told
from hubbub.platforms.wecom.settings import WeComSettings

_SMALLEST = 6  # bytes; WeCom takes no file of up to five
_MEGABYTE = 1024 * 1024
_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {"image": 10 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "file": 20 * _MEGABYTE}
)
_VOICE_SECONDS = 60.0
_REPEAT_SECONDS = 1800
_BETWEEN = ","
_BAD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|]+')
_SUFFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {"image/png": ".png", "image/jpeg": ".jpg", "audio/amr": ".amr", "video/mp4": ".mp4", "application/pdf": ".pdf"}
)


@dataclass(frozen=True, slots=True)
class Post:
    """Sends rows for one application."""

    calls: Calls
    files: Files
    settings: WeComSettings

    async def send(self, row: Row) -> str:
        """Send a message; its ids, joined. Raises DeliveryError."""
        try:
            to = recipients(row.out.room)
        except ValueError as error:
            raise DeliveryError(str(error), certain=True, permanent=True) from error
        markdown = self.settings.format == "markdown"
        parts = parts_of(row.out.message, markdown=markdown, limit=self.settings.max_bytes)
        bodies = [body for part in parts for body in await self._bodies(part)]
        if not bodies or len(bodies) > MOST_PARTS:
            message = "nothing of the message can be shown" if not bodies else f"longer than {MOST_PARTS} messages"
            raise DeliveryError(message, certain=True, permanent=True)
        base: dict[str, object] = {**to, "agentid": self.calls.application.agent_id}
        if row.attempts > 1 and self.settings.resend_unknown:  # WeCom itself leaves out what it has shown already
            base |= {"enable_duplicate_check": 1, "duplicate_check_interval": _REPEAT_SECONDS}
        return await self._deliver(base, bodies)

    async def _deliver(self, base: Mapping[str, object], bodies: list[dict[str, object]]) -> str:
        sent: list[str] = []
        for number, body in enumerate(bodies):
            try:
                answer = await self.calls.send({**base, **body})
            except DeliveryError as error:
                if not number:
                    raise
                message = f"part {number + 1} of {len(bodies)}: {error}"
                raise DeliveryError(message, certain=False) from error
            message_id = answer.get("msgid")
            sent.append(message_id if isinstance(message_id, str) else "")
        return _BETWEEN.join(filter(None, sent))

    async def _bodies(self, part: Part) -> list[dict[str, object]]:
        match part:
            case Words(text, markdown):
                kind = "markdown" if markdown else "text"
                return [{"msgtype": kind, kind: {"content": text}}]
            case Ready(kind, data):
                return [{"msgtype": kind, kind: dict(data)}]
            case Attachment():
                return await self._attached(part)

    async def _attached(self, part: Attachment) -> list[dict[str, object]]:
        """A file, uploaded; its address in words where it cannot be had."""
        try:
            blob = await self.files.fetch(part.segment.media)
        except MediaError as error:
            text = told(part)
            if text:
                return [{"msgtype": "text", "text": {"content": text}}]
            message = f"a file cannot be had: {error}"
            raise DeliveryError(message, certain=True, permanent=True) from error
        kind = _sent_as(part, blob)
        if not _SMALLEST <= len(blob.data) <= _LIMITS[kind]:
            message = f"a file of {len(blob.data)} bytes is too {'small' if len(blob.data) < _SMALLEST else 'large'}"
            raise DeliveryError(message, certain=True, permanent=True)
        name = blob.name or part.segment.media.name
        media_id = await self.calls.upload(kind, replace(blob, name=_file_name(name, kind, blob.mime)))
        return [{"msgtype": kind, kind: {"media_id": media_id}}]


def parted(message_id: str) -> list[str]:
    """The single messages behind an id that `Post.send` gave."""
    return message_id.split(_BETWEEN)


def _sent_as(part: Attachment, blob: Blob) -> str:
    """As what it is said to be if WeCom takes that, else as a document."""
    data = blob.data
    size = len(data)
    looks = {
        "image": data.startswith((b"\x89PNG", b"\xff\xd8\xff")),
        "voice": data.startswith(b"#!AMR") and _short(part),
        "video": data[4:8] == b"ftyp",
    }
    return part.kind if looks.get(part.kind) and size <= _LIMITS[part.kind] else "file"


def _short(part: Attachment) -> bool:
    return not isinstance(part.segment, Audio) or (part.segment.seconds or 0.0) <= _VOICE_SECONDS


def _file_name(name: str, kind: str, mime: str) -> str:
    """A name that WeCom takes; people see it of documents."""
    plain = _BAD_IN_NAMES.sub("-", name).strip("-. ")[:120]
    suffix = _SUFFIXES.get(mime, "")
    if not plain:
        return kind + suffix
    return plain if "." in plain else plain + suffix
