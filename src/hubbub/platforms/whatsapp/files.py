"""Files as WhatsApp takes them: which kinds and sizes may be shown as what ("Media: supported types"). Pure."""

from __future__ import annotations

from typing import Literal

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Blob

Kind = Literal["image", "document", "audio", "video"]

_MEGABYTE = 1024 * 1024
_MOST = {"image": 5 * _MEGABYTE, "audio": 16 * _MEGABYTE, "video": 16 * _MEGABYTE, "document": 100 * _MEGABYTE}
_TYPES = {
    "image": {"image/jpeg", "image/png"},
    "audio": {"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus"},
    "video": {"video/mp4", "video/3gpp"},
}
_OPUS = "audio/ogg"


def shown_as(wanted: Kind, blob: Blob) -> Kind:
    """As what a file can be sent: as it is wanted, or as a document. Raises DeliveryError for one that is too large."""
    if len(blob.data) > _MOST["document"]:
        message = f"WhatsApp takes files of {_MOST['document'] // _MEGABYTE} MB, this has {len(blob.data)} bytes"
        raise DeliveryError(message, certain=True, permanent=True)
    fits = blob.mime in _TYPES.get(wanted, ()) and len(blob.data) <= _MOST[wanted]
    return wanted if fits else "document"


def uploaded_as(blob: Blob) -> str:
    """The type to upload it under: of texts WhatsApp knows the plain ones only."""
    return "text/plain" if blob.mime.startswith("text/") or blob.mime == "application/json" else blob.mime


def is_voice(blob: Blob) -> bool:
    """Whether it can be shown as spoken into the chat."""
    return blob.mime == _OPUS
