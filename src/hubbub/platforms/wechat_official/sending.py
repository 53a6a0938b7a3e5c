"""Messages that the hub sends of its own accord: the customer-service API and templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Image, Link, Raw, Text, Video
from hubbub.core.work import Row
from hubbub.platforms.wechat_official.api import OfficialApi
from hubbub.platforms.wechat_official.convert import LONGEST_TEXT, Piece, pieces_of, stand_in
from hubbub.platforms.wechat_official.media import Uploads

_SEND = "/cgi-bin/message/custom/send"
_TYPING = "/cgi-bin/message/custom/typing"
_TEMPLATE = "/cgi-bin/message/template/send"
_RAW = frozenset(("mpnews", "mpnewsarticle", "msgmenu", "wxcard", "miniprogrampage", "music", "news"))


class CustomerService:
    """Sends for one account."""

    def __init__(self, api: OfficialApi, uploads: Uploads) -> None:
        """``uploads`` knows the media ids."""
        self._api = api
        self._uploads = uploads

    async def send(self, row: Row) -> str:
        """Send a row, a message of the platform for each piece. Raises DeliveryError."""
        pieces = pieces_of(row.out.message)
        _check(pieces)
        bodies = [await self._body(piece, f"{row.key}/{number}") for number, piece in enumerate(pieces)]
        sent = ""
        for number, (path, body) in enumerate(bodies):
            try:
                answer = await self._api.call(path, {"touser": row.out.room.id, **body})
            except DeliveryError as error:
                if not number:
                    raise
                message = f"only the first {number} of {len(bodies)} parts were sent: {error}"
                raise DeliveryError(message, certain=False) from error
            sent = sent or str(answer.get("msgid") or "")
        return sent or row.key

    async def typing(self, user: str) -> None:
        """Show a person that an answer is being written. Raises DeliveryError."""
        await self._api.call(_TYPING, {"touser": user, "command": "Typing"})

    async def _body(self, piece: Piece, key: str) -> tuple[str, dict[str, Any]]:
        """The path and the body of a call; a file that cannot be had becomes words."""
        match piece:
            case Text():
                return _SEND, _text(piece.text)
            case Link():
                return _SEND, {"msgtype": "news", "news": {"articles": [_article(piece)]}}
            case Raw():
                return _raw(piece)
            case _:
                return _SEND, await self._file(piece, key)

    async def _file(self, piece: Image | Audio | Video, key: str) -> dict[str, Any]:
        try:
            media_id = await self._uploads.media_id(piece, key)
        except MediaError:
            return _text(stand_in(piece))
        kind = "image" if isinstance(piece, Image) else "voice" if isinstance(piece, Audio) else "video"
        return {"msgtype": kind, kind: {"media_id": media_id}}


def _check(pieces: Sequence[Piece]) -> None:
    """Raises DeliveryError where it is certain that not everything can be sent."""
    if not pieces:
        message = "nothing of the message can be shown on this platform"
        raise DeliveryError(message, certain=True, permanent=True)
    for piece in pieces:
        if isinstance(piece, Text) and len(piece.text.encode("utf-8", "replace")) > LONGEST_TEXT:
            message = f"a text of more than {LONGEST_TEXT} bytes"
            raise DeliveryError(message, certain=True, permanent=True)
        if isinstance(piece, Raw) and piece.kind not in _RAW | {"template"}:
            message = f"a message of the kind {piece.kind} cannot be sent"
            raise DeliveryError(message, certain=True, permanent=True)


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text.encode("utf-8", "replace").decode()}}


def _article(link: Link) -> dict[str, str]:
    return {"title": link.title or link.url, "description": link.summary, "url": link.url, "picurl": link.image}


def _raw(piece: Raw) -> tuple[str, dict[str, Any]]:
    """A message in the platform's own words: a template, a card, a menu to choose from."""
    if piece.kind == "template":
        return _TEMPLATE, dict(piece.data)
    return _SEND, {"msgtype": piece.kind, piece.kind: dict(piece.data)}
