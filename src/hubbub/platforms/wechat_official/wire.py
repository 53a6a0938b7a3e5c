"""The XML of callbacks and of what answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from defusedxml.ElementTree import ParseError, fromstring

from hubbub.platforms.wechat_official.crypto import MessageCipher, signature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element  # only the name of the type

Fields = dict[str, str]
"""What a callback says, by the names of its elements; nested ones are joined with a dot."""

_MOST_FIELDS = 200


class BadXml(ValueError):
    """No XML of the platform's kind."""


@dataclass(frozen=True, slots=True)
class Article:
    """One entry of a news reply."""

    title: str
    summary: str
    picture: str
    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A passive reply: words, one file by its media id, or articles."""

    kind: str
    text: str = ""
    media_id: str = ""
    title: str = ""
    articles: Sequence[Article] = ()


def read(data: bytes) -> Fields:
    """The fields of a callback.

    Raises:
        BadXml: it is not well-formed, has a document type or entities, or too many elements.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        message = f"no usable XML: {type(error).__name__}"
        raise BadXml(message) from error
    if root.tag != "xml":
        message = "the outermost element should be xml"
        raise BadXml(message)
    found: Fields = {}
    _gather(root, "", found, 0)
    return found


def _gather(element: Element, prefix: str, found: Fields, depth: int) -> None:
    for child in element:
        if len(found) >= _MOST_FIELDS or depth > 3:
            message = "too many elements"
            raise BadXml(message)
        name = f"{prefix}{child.tag}"
        if len(child):
            _gather(child, f"{name}.", found, depth + 1)
        else:
            found.setdefault(name, (child.text or "").strip() if child.tag != "Content" else child.text or "")


def written(reply: Reply, to: str, sender: str, now: int) -> bytes:
    """A passive reply as it goes out; its elements in the order that the platform documents."""
    inside = _BODIES.get(reply.kind, _text)(reply)
    head = (
        f"<xml><ToUserName>{_cdata(to)}</ToUserName><FromUserName>{_cdata(sender)}</FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType>{_cdata(reply.kind)}</MsgType>"
    )
    return f"{head}{inside}</xml>".encode()


def sealed(reply: bytes, cipher: MessageCipher, token: str, stamp: Mapping[str, str]) -> bytes:
    """A reply in its encrypted form; ``stamp`` has the callback's timestamp and nonce."""
    secret, time, nonce = cipher.encrypt(reply), stamp["timestamp"], stamp["nonce"]
    return (
        f"<xml><Encrypt>{_cdata(secret)}</Encrypt>"
        f"<MsgSignature>{_cdata(signature(token, time, nonce, secret))}</MsgSignature>"
        f"<TimeStamp>{time}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    ).encode()


def _text(reply: Reply) -> str:
    return f"<Content>{_cdata(reply.text)}</Content>"


def _image(reply: Reply) -> str:
    return f"<Image><MediaId>{_cdata(reply.media_id)}</MediaId></Image>"


def _voice(reply: Reply) -> str:
    return f"<Voice><MediaId>{_cdata(reply.media_id)}</MediaId></Voice>"


def _video(reply: Reply) -> str:
    inside = f"<MediaId>{_cdata(reply.media_id)}</MediaId><Title>{_cdata(reply.title)}</Title>"
    return f"<Video>{inside}<Description>{_cdata(reply.text)}</Description></Video>"


def _news(reply: Reply) -> str:
    items = "".join(
        f"<item><Title>{_cdata(each.title)}</Title><Description>{_cdata(each.summary)}</Description>"
        f"<PicUrl>{_cdata(each.picture)}</PicUrl><Url>{_cdata(each.url)}</Url></item>"
        for each in reply.articles
    )
    return f"<ArticleCount>{len(reply.articles)}</ArticleCount><Articles>{items}</Articles>"


_BODIES = {"text": _text, "image": _image, "voice": _voice, "video": _video, "news": _news}


def _cdata(text: str) -> str:
    """Any text inside CDATA; what no XML can hold is left out."""
    kept = text if text.isprintable() else "".join(filter(_allowed, text))
    return "<![CDATA[" + kept.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _allowed(character: str) -> bool:
    code = ord(character)
    return character in "\t\n\r" or (code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF))
