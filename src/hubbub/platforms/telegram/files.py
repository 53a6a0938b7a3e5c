"""Files that came in, fetched from Telegram or from the folder of one's own Bot API server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from telegram.error import TelegramError

from hubbub.core.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import telegram

    from hubbub.core.messages import Media
    from hubbub.platforms.telegram.settings import TelegramSettings


async def download(bots: Sequence[telegram.Bot], media: Media, settings: TelegramSettings) -> bytes:
    """The content of a file; its handle is of one of the bots and does not say of which.

    A server of one's own that runs with ``--local`` keeps files in its folder and names their paths: they are read from
    there, and from nowhere else.

    Raises:
        MediaError: no server gives it, it is too large, or lies where nothing may be read.
    """
    _bounded(media.size or 0, settings)
    failed: TelegramError | None = None
    for bot in bots:
        try:
            return await _of(bot, media.file_id, settings)
        except TelegramError as error:
            failed = error
    message = f"Telegram does not give the file: {failed}"
    raise MediaError(message)


async def _of(bot: telegram.Bot, file_id: str, settings: TelegramSettings) -> bytes:
    found = await bot.get_file(file_id)
    _bounded(found.file_size or 0, settings)
    place = (found.file_path or "").removeprefix(f"{bot.base_file_url}/")
    if not Path(place).is_absolute():
        data: bytes = await bot.request.retrieve(f"{bot.base_file_url}/{quote(place)}")
        return data
    if settings.api_folder is None:
        message = "the Bot API server runs with --local: set platforms.telegram.api_folder to the folder of its files"
        raise MediaError(message)
    return await asyncio.to_thread(_read, Path(place), settings)


def _read(path: Path, settings: TelegramSettings) -> bytes:
    try:
        real, folder = path.resolve(strict=True), (settings.api_folder or path).resolve(strict=True)
        if not real.is_relative_to(folder):
            message = f"{path} is not in platforms.telegram.api_folder"
            raise MediaError(message)
        _bounded(real.stat().st_size, settings)
        return real.read_bytes()
    except OSError as error:
        message = f"{path} of the Bot API server cannot be read: {error.strerror}"
        raise MediaError(message) from error


def _bounded(size: int, settings: TelegramSettings) -> None:
    if size > settings.max_file_bytes:
        message = f"the file has {size} bytes, {settings.max_file_bytes} are fetched at most"
        raise MediaError(message)
