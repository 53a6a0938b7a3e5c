"""What is asked of a `ports.Renderer`: how a reply shall look as a picture, and what stands in a document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """What stands over a reply, each "" where it does not; ``avatar`` is a PNG, JPEG, GIF or WebP file's content."""

    title: str = ""
    author: str = ""
    time: str = ""
    model: str = ""
    avatar: bytes = b""


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns, one for each of ``values``. ``marks`` stand below some of them, by their places.

    ``lines`` go across: a number, which is how high it is, and what stands beside it; the last one is the top.
    """

    values: tuple[int, ...]
    marks: tuple[tuple[int, str], ...] = ()
    lines: tuple[tuple[int, str], ...] = ((0, "0"), (1, "1"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture looks. ``style`` names a theme; an unknown one is the default.

    ``width`` and ``font_size`` are pixels at ``scale`` 1, which is how many dots of the picture a pixel has. 0: as the
    settings say. ``whole``: one picture, however long it gets. ``side``: dots of the longest side that a picture should
    have (0: any); a very long reply becomes longer ones all the same. ``chart`` is drawn below the first page's text.
    """

    style: str = ""
    width: int = 0
    scale: float = 0.0
    font_size: float = 0.0
    card: Card | None = None
    chart: Chart | None = None
    whole: bool = False
    side: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """How whoever asked wants a model's reply shown: as pictures ``always``, ``never`` or ``auto``.

    "" leaves it to the room and the hub, and so does an empty ``style``. ``model`` is who answered; ``title`` stands
    over the picture ("": the hub's).
    """

    when: str = ""
    style: str = ""
    model: str = ""
    title: str = ""


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of a document: ``kind`` is the role, ``who`` and ``when`` are words, ``text`` is Markdown."""

    kind: str
    who: str
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One conversation of a document."""

    title: str
    turns: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: ``lines`` stand below the ``title`` on the first page."""

    title: str
    lines: tuple[str, ...]
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture of somebody's: where it is, what it is called, who made it, how it is tagged."""

    url: str
    title: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
