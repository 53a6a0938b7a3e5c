"""The renderer as the settings want it, and what parts of the hub ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.core.errors import ConfigError
from hubbub.core.pictures import Card, Look
from hubbub.dispatch.drawing import DrawingRules, card_of
from hubbub.rendering.pool import PoolRules
from hubbub.rendering.renderer import RenderRules, TypstRenderer

if TYPE_CHECKING:
    from datetime import tzinfo

    from hubbub.core.pictures import Wish
    from hubbub.core.ports import Clock, Renderer
    from hubbub.settings import Settings

_LARGEST_AVATAR = 300_000


def build_renderer(settings: Settings) -> TypstRenderer:
    """Nothing is started before the first picture.

    Raises:
        ConfigError: a style of the owner's cannot be read.
    """
    given = settings.rendering
    pool = PoolRules(workers=given.workers, memory=given.worker_megabytes, idle=given.idle_seconds)
    rules = RenderRules(
        width=given.width,
        scale=given.scale,
        font_size=given.font_size,
        style=given.style,
        height=given.height,
        characters=given.characters,
        seconds=given.seconds,
        document_seconds=given.document_seconds,
        cache_bytes=given.cache_bytes,
        pool=pool,
    )
    renderer = TypstRenderer(rules, given.themes_dir)
    if given.style not in renderer.styles:
        msg = f"rendering.style is {given.style!r}, which is none of {', '.join(renderer.styles)}"
        raise ConfigError(msg)
    return renderer


def avatar_of(path: Path | None) -> bytes:
    """The content of the author's picture; b"" without one. Raises ConfigError."""
    if path is None:
        return b""
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"rendering.avatar: {path} cannot be read ({error.strerror})"
        raise ConfigError(msg) from error
    if len(data) > _LARGEST_AVATAR or not data.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        msg = f"rendering.avatar: {path} should be a PNG or JPEG of at most {_LARGEST_AVATAR} bytes"
        raise ConfigError(msg)
    return data


def drawing_rules(settings: Settings, zone: tzinfo | None) -> DrawingRules:
    """Which replies become pictures. Raises ConfigError."""
    given = settings.rendering
    card = Card(title=given.title, author=given.author, avatar=avatar_of(given.avatar))
    return DrawingRules(
        when=given.when,
        characters=given.auto_characters,
        seconds=given.kept_seconds,
        card=card if card != Card() else None,
        show_time=given.show_time,
        show_model=given.show_model,
        zone=zone,
    )


class WholePictures:
    """`api.repeater_parts.Pictures`: one picture of a text, however long."""

    def __init__(self, renderer: Renderer, rules: DrawingRules, clock: Clock) -> None:
        """Asks ``renderer``; ``rules`` say what stands over them."""
        self._renderer = renderer
        self._rules = rules
        self._clock = clock

    @property
    def styles(self) -> frozenset[str]:
        """The names of the styles that there are."""
        return frozenset(self._renderer.styles)

    async def png(self, markdown: str, wish: Wish) -> bytes:
        """A picture as PNG, as somebody wishes it. Raises RenderError."""
        look = Look(wish.style, card=card_of(self._rules, wish, self._clock()), whole=True)
        found = await self._renderer.pictures(markdown, look)
        return found[0].data
