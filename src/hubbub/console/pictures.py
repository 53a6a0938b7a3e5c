"""Pictures that a person sends from the page: as data, of few kinds, bounded, and really pictures."""

from __future__ import annotations

import base64
import binascii

from hubbub.console.errors import PageError, TooLarge
from hubbub.core.messages import Image, Media
from hubbub.core.phrases import Phrase

LARGEST = 5_000_000
_KINDS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


def picture_of(url: str) -> Image:
    """The picture of a ``data:`` address.

    Raises:
        TooLarge: it is larger than 5 MB.
        PageError: it is no PNG, JPEG, GIF or WebP.
    """
    head, _, data = url.partition(",")
    mime = head.removeprefix("data:").removesuffix(";base64")
    if mime not in _KINDS or head != f"data:{mime};base64":
        raise PageError(Phrase("page.error_picture"))
    if len(data) * 3 // 4 > LARGEST:
        raise TooLarge(Phrase("page.error_picture_large", {"megabytes": LARGEST // 1_000_000}))
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise PageError(Phrase("page.error_picture")) from error
    if not content.startswith(_KINDS[mime]):
        raise PageError(Phrase("page.error_picture"))
    return Image(Media(url, mime=mime, size=len(content)))
