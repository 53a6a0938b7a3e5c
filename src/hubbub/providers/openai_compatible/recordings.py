"""Recordings in a form that audio endpoints read: what phones record in chats goes through ffmpeg, if it is there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from typing import Final

from hubbub.core.messages import Blob

log = logging.getLogger(__name__)

_SECONDS = 30.0
_LONGEST = "600"  # seconds of sound
_COMMAND: Final = (
    *("-hide_banner", "-loglevel", "error", "-i", "pipe:0", "-t", _LONGEST),
    *("-vn", "-ac", "1", "-ar", "16000", "-f", "wav", "pipe:1"),
)
# How files of each kind begin, at which byte, and how they are called.
_READ: Final = (
    (b"ID3", 0, "mp3"),
    (b"\xff\xfb", 0, "mp3"),
    (b"\xff\xf3", 0, "mp3"),
    (b"OggS", 0, "ogg"),
    (b"fLaC", 0, "flac"),
    (b"WAVE", 8, "wav"),
    (b"ftyp", 4, "m4a"),
    (b"\x1aE\xdf\xa3", 0, "webm"),
)


async def readable(recording: Blob) -> Blob:
    """The recording, as WAV if it is of a kind that is not read everywhere (AMR) and ffmpeg is installed."""
    kind = next((name for mark, place, name in _READ if recording.data[place:].startswith(mark)), "")
    if kind:
        return Blob(recording.data, recording.mime, f"recording.{kind}")
    made = await _converted(recording.data)
    if made:
        return Blob(made, "audio/wav", "recording.wav")
    suffix = recording.name.rpartition(".")[2] or "amr"
    return Blob(recording.data, recording.mime, f"recording.{suffix if suffix.isalnum() else 'amr'}")


async def _converted(data: bytes) -> bytes:
    """What ffmpeg makes of it; nothing where it is not installed, or cannot."""
    program = shutil.which("ffmpeg")
    if program is None:
        log.info("ffmpeg is not installed: a voice message is sent to the model as it is")
        return b""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, *_COMMAND, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(_SECONDS):
            made, complaint = await process.communicate(data)
    except TimeoutError:
        log.warning("ffmpeg takes longer than %d s for a voice message", _SECONDS)
        return b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        log.warning("ffmpeg cannot read a voice message: %.200s", complaint.decode("utf-8", "replace").strip())
        return b""
    return made
