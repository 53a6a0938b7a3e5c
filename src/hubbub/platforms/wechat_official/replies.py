"""Passive replies: what answers a callback on its own connection."""

from __future__ import annotations

import asyncio
import hashlib

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Image, Link, Message, Raw, Text, Video
from hubbub.platforms.wechat_official.convert import LONGEST_TEXT, Piece, pieces_of, stand_in
from hubbub.platforms.wechat_official.media import Uploads
from hubbub.platforms.wechat_official.wire import Article, Reply

_CUT = "…"


class PassiveReplies:
    """Makes the one reply that a callback may have of a message of ours."""

    def __init__(self, uploads: Uploads | None, seconds: float) -> None:
        """``uploads`` where the account has the API; a file's upload may take so many seconds."""
        self._uploads = uploads
        self._seconds = seconds

    async def of(self, message: Message, until: float) -> Reply | None:
        """The reply; None where nothing can be shown. Of several things the words count, files become words there.

        Raises:
            TimeoutError: its file is not uploaded by ``until``, by the loop's clock; the uploading goes on.
        """
        pieces = [each for each in pieces_of(message) if not isinstance(each, Raw)]
        if len(pieces) == 1:
            return await self._single(pieces[0], until)
        return self.in_words(message)

    def in_words(self, message: Message) -> Reply | None:
        """The reply without files."""
        words = "\n".join(filter(None, map(_words, pieces_of(message))))
        return Reply("text", cut(words)) if words else None

    async def _single(self, piece: Piece, until: float) -> Reply:
        match piece:
            case Image() | Audio() | Video():
                return await self._file(piece, until)
            case Link():
                article = Article(piece.title or piece.url, piece.summary, piece.image, piece.url)
                return Reply("news", articles=(article,))
            case _:
                return Reply("text", cut(_words(piece)))

    async def _file(self, piece: Image | Audio | Video, until: float) -> Reply:
        if self._uploads is None:
            return Reply("text", cut(stand_in(piece)))
        key = hashlib.sha256(f"{piece.media.url}\n{piece.media.file_id}".encode("utf-8", "replace")).hexdigest()
        try:
            async with asyncio.timeout_at(min(until, asyncio.get_running_loop().time() + self._seconds)):
                media_id = await self._uploads.media_id(piece, key)
        except (MediaError, DeliveryError):
            return Reply("text", cut(stand_in(piece)))
        kind = "image" if isinstance(piece, Image) else "voice" if isinstance(piece, Audio) else "video"
        return Reply(kind, media_id=media_id, title=piece.media.name)


def _words(piece: Piece) -> str:
    match piece:
        case Text():
            return piece.text
        case Link():
            return "\n".join(filter(None, (piece.title, piece.url)))
        case Raw():
            return ""
        case _:
            return stand_in(piece)


def cut(text: str) -> str:
    """A text of at most the platform's length, which what comes from the hub has already."""
    data = text.encode("utf-8", "replace")
    if len(data) <= LONGEST_TEXT:
        return data.decode()
    return data[: LONGEST_TEXT - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
