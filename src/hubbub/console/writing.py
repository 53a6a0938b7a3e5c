"""Messages as HTML."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from hubbub.console.formulas import Formulas
from hubbub.core.messages import (
    Audio,
    Contact,
    Face,
    File,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Segment,
    Text,
    Video,
)
from hubbub.core.phrases import Phrase
from hubbub.markup.html import HtmlWriter
from hubbub.markup.in_words import in_words
from hubbub.markup.parse import parse
from hubbub.markup.plain import LONGEST
from hubbub.markup.tree import Anchor, Paragraph, Picture, Words
from hubbub.words import say

_KEPT = "hub:"


def blocks_html(text: str, language: str) -> list[str]:
    """Markdown as HTML, block by block. Very long texts are shown as they are."""
    if len(text) > LONGEST:
        return [verbatim_html(text)]
    formulas = Formulas()
    writer = HtmlWriter(say(Phrase("page.copy"), language), formulas.words, formulas.source)
    return writer.write(parse(formulas.take_out(text)))


def markdown_html(text: str, language: str) -> str:
    """Markdown as HTML."""
    return "".join(blocks_html(text, language))


def document_html(text: str, language: str) -> str:
    """A document of ours, whose lines end where the file is wide enough; Chinese has no blanks between words."""
    soft = "" if language == "zh" else " "
    return "".join(HtmlWriter(say(Phrase("page.copy"), language), soft=soft).write(parse(text)))


def verbatim_html(text: str) -> str:
    """A text as it is, line for line."""
    return f'<p class="verbatim">{escape(text)}</p>'


def message_html(message: Message, language: str) -> str:
    """A whole message."""
    return "".join(_segment(each, language) for each in message)


def pictures_of(message: Message) -> tuple[str, ...]:
    """The pictures of a message that can be shown, by their data."""
    return tuple(
        each.media.url for each in message if isinstance(each, Image) and each.media.url.startswith("data:image/")
    )


def _segment(segment: Segment, language: str) -> str:
    match segment:
        case Text(text, verbatim):
            return verbatim_html(text) if verbatim else markdown_html(text, language)
        case Image():
            return _picture(segment, language)
        case File(media) | Audio(media) | Video(media):
            return _file(media)
        case Link(url, title):
            return _link(url, title or url)
        case Location() | Contact():
            return verbatim_html(in_words(segment))
        case Mention(user, name):
            return verbatim_html(f"@{name or user}")
        case Face(_, text):
            return verbatim_html(text) if text else ""
        case _:
            return ""


def _picture(image: Image, language: str) -> str:
    alt = image.alt or say(Phrase("page.picture"), language)
    if image.media.url.startswith(_KEPT):
        return f'<p><img src="{_address(image.media.url)}" alt="{escape(alt)}"></p>'
    return HtmlWriter().write([Paragraph((Picture(image.media.url, alt),))])[0]


def _file(media: Media) -> str:
    if media.url.startswith(_KEPT):
        return f'<p><a href="{_address(media.url)}" download>{escape(_name_of(media))}</a></p>'
    return _link(media.url, _name_of(media))


def _address(url: str) -> str:
    """Where the hub serves a file that it keeps."""
    return "/files/" + quote(url.removeprefix(_KEPT), safe="")


def _name_of(media: Media) -> str:
    return media.name or (media.url if len(media.url) < 200 else media.mime)


def _link(url: str, text: str) -> str:
    return HtmlWriter().write([Paragraph((Anchor(url, (Words(text),)),))])[0]
