"""Files of messages on their way out, and the words that stand in for one that Discord does not take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Files
from hubbub.platforms.discord.calls import LONGEST, Draft
from hubbub.platforms.discord.format import verbatim
from hubbub.words import choose, guess, say

MEGABYTE = 1024 * 1024
EVERYWHERE = 10 * MEGABYTE
"""A file of so many bytes is taken everywhere; some servers take larger ones, and only Discord knows which."""
_LONGEST_NAME = 60


async def loaded(draft: Draft, files: Files) -> tuple[Blob, ...]:
    """The content of a draft's files, each with a name. Raises DeliveryError."""
    return tuple([await _content(media, files) for media in draft.files])


async def _content(media: Media, files: Files) -> Blob:
    try:
        blob = await files.fetch(media)
    except MediaError as error:
        raise DeliveryError(str(error), certain=True, permanent=True) from error
    return Blob(blob.data, blob.mime, media.name or blob.name or f"file.{blob.mime.partition('/')[2] or 'bin'}")


def lightened(draft: Draft, blobs: Sequence[Blob]) -> tuple[Draft, tuple[Blob, ...]]:
    """A draft that Discord finds too large, with words in place of its large files, or of all where none is large."""
    kept = tuple(blob for blob in blobs if len(blob.data) <= EVERYWHERE)
    if len(kept) == len(blobs):
        kept = ()
    language = choose(guess(draft.content))
    said = [
        say(Phrase("file.too_large", {"name": blob.name[-_LONGEST_NAME:], "size": _size(blob)}), language)
        for blob in blobs
        if blob not in kept
    ]
    below = verbatim("\n".join(said))[:LONGEST]
    above = draft.content[: LONGEST - len(below) - 1]
    return replace(draft, content=f"{above}\n{below}" if above else below), kept


def _size(blob: Blob) -> str:
    return f"{len(blob.data) / MEGABYTE:.1f} MB"
