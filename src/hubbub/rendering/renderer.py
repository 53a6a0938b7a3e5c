"""`ports.Renderer` with typst."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import RenderError
from hubbub.core.messages import Blob
from hubbub.rendering.pool import Fallen, Pool, PoolRules, encoded, encoded_aside
from hubbub.rendering.themes import Themes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.core.pictures import Card, Look, Paper
    from hubbub.rendering.themes import Theme

log = logging.getLogger(__name__)

_LARGEST_AVATAR = 300_000
_LONGEST_WHOLE = 30_000


@dataclass(frozen=True, slots=True)
class RenderRules:
    """What the settings say of pictures and documents.

    ``width`` and ``font_size`` in pixels; ``scale`` dots a pixel, fewer (but 1) where all would be more than ``dots``.
    ``height``: pixels at which a reply becomes another picture, ``most`` pictures at most. ``characters``: the longest
    text of a picture, ``document_characters`` of a document. ``seconds`` and ``document_seconds``: how long one may
    take. ``cache_bytes``: pictures that are kept in memory, in case the same is asked again.
    """

    width: int = 600
    scale: float = 1.5
    dots: int = 12_000_000
    font_size: float = 16.0
    style: str = "light"
    height: int = 2400
    most: int = 16
    characters: int = 50_000
    document_characters: int = 2_000_000
    seconds: float = 2.0
    document_seconds: float = 30.0
    cache_bytes: int = 16_000_000
    pool: PoolRules = field(default_factory=PoolRules)


_RULES = RenderRules()


class TypstRenderer:
    """Makes pictures and documents in processes of its own; the event loop only waits."""

    def __init__(self, rules: RenderRules = _RULES, own_themes: Path | None = None) -> None:
        """Cheap: nothing is started, no library imported.

        Raises:
            ConfigError: a theme of the owner's is none.
        """
        self._rules = rules
        self._themes = Themes(own_themes)
        self._pool: Pool | None = None
        self._made: OrderedDict[bytes, tuple[Blob, ...]] = OrderedDict()
        self._made_bytes = 0

    @property
    def styles(self) -> Sequence[str]:
        """See `ports.Renderer.styles`."""
        return self._themes.names

    @property
    def workers(self) -> int:
        """Processes that there are now."""
        return self._pool.workers if self._pool is not None else 0

    @property
    def processes(self) -> Sequence[int]:
        """Their ids."""
        return self._pool.processes if self._pool is not None else ()

    async def pictures(self, text: str, look: Look) -> Sequence[Blob]:
        """See `ports.Renderer.pictures`."""
        rules = self._rules
        if len(text) > rules.characters:
            msg = f"{len(text)} characters are too many for pictures ({rules.characters} at most)"
            raise RenderError(msg)
        job = self._job(text, look)
        body = encoded(job)
        key = hashlib.sha256(body).digest()
        known = self._made.get(key)
        if known is not None:
            self._made.move_to_end(key)
            return known
        files = await self._run(job, body, rules.seconds)
        blobs = tuple(Blob(each, "image/png", f"reply-{number}.png") for number, each in enumerate(files, 1))
        self._remember(key, blobs)
        return blobs

    async def document(self, paper: Paper) -> Blob:
        """See `ports.Renderer.document`."""
        rules = self._rules
        size = sum(len(turn.text) for chapter in paper.chapters for turn in chapter.turns)
        if size > rules.document_characters:
            msg = f"{size} characters are too many for a document ({rules.document_characters} at most)"
            raise RenderError(msg)
        job = {"kind": "document", "theme": _theme(self._themes.find("light"))} | _paper(paper)
        body = await asyncio.to_thread(encoded_aside, job)
        return Blob((await self._run(job, body, rules.document_seconds))[0], "application/pdf", "conversation.pdf")

    def _job(self, text: str, look: Look) -> dict[str, Any]:
        rules = self._rules
        return {
            "kind": "picture",
            "text": text,
            "theme": _theme(self._themes.find(look.style or rules.style)),
            "width": min(max(look.width or rules.width, 200), 2000),
            "size": min(max(look.font_size or rules.font_size, 6.0), 60.0),
            "scale": min(max(look.scale or rules.scale, 0.5), 4.0),
            "height": _LONGEST_WHOLE if look.whole else rules.height,
            "most": 1 if look.whole else rules.most,
            "side": 0 if look.whole else look.side,
            "dots": rules.dots,
            "card": _card(look.card) if look.card is not None else None,
            "chart": asdict(look.chart) if look.chart is not None else None,
        }

    async def _run(self, job: Mapping[str, Any], body: bytes, seconds: float) -> list[bytes]:
        if self._pool is None:
            self._pool = Pool(self._rules.pool)
        try:
            return await self._pool.run(body, seconds)
        except Fallen as error:
            log.info("set again, more plainly: %s", error)
            again = await asyncio.to_thread(encoded_aside, {**job, "plain": True})
            return await self._pool.run(again, seconds)

    def _remember(self, key: bytes, blobs: tuple[Blob, ...]) -> None:
        size = _size(blobs)
        if size > self._rules.cache_bytes // 4 or key in self._made:
            return
        self._made[key] = blobs
        self._made_bytes += size
        while self._made_bytes > self._rules.cache_bytes:
            _, dropped = self._made.popitem(last=False)
            self._made_bytes -= _size(dropped)

    async def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()


def _size(blobs: Sequence[Blob]) -> int:
    return sum(len(each.data) for each in blobs)


def _theme(theme: Theme) -> dict[str, Any]:
    return {"dark": theme.dark, "colours": dict(theme.colours)}


def _card(card: Card) -> dict[str, Any]:
    avatar = card.avatar if len(card.avatar) <= _LARGEST_AVATAR else b""
    words = {"title": card.title, "author": card.author, "time": card.time, "model": card.model}
    return {key: value[:200] for key, value in words.items()} | {"avatar": base64.b64encode(avatar).decode()}


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "title": paper.title,
        "lines": list(paper.lines),
        "parts": [
            {
                "title": chapter.title,
                "turns": [
                    {"kind": turn.kind, "who": turn.who, "when": turn.when, "text": turn.text} for turn in chapter.turns
                ],
            }
            for chapter in paper.chapters
        ],
    }


__all__ = ["RenderRules", "TypstRenderer"]
