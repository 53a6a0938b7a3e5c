"""Speech through the audio endpoints of the OpenAI API: ``audio/transcriptions`` and ``audio/speech``."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePath

import aiohttp
import orjson

from hubbub.core.messages import Blob
from hubbub.providers.openai_compatible.failures import Cause, failure
from hubbub.providers.openai_compatible.posting import Posting, Service
from hubbub.providers.openai_compatible.recordings import readable

_LONGEST_TEXT = 4000
_LARGEST = 25_000_000
_MIMES = {"mp3": "audio/mpeg", "opus": "audio/ogg", "wav": "audio/wav", "aac": "audio/aac", "flac": "audio/flac"}


@dataclass(frozen=True, slots=True)
class AudioRules:
    """Where the endpoints are and what is asked for. ``hears`` and ``speaks``: models, "" for none. Seconds."""

    base_url: str
    key: str = field(default="", repr=False)
    hears: str = ""
    speaks: str = ""
    voice: str = ""
    form: str = "mp3"
    language: str = ""
    seconds: float = 60.0
    proxy: str = field(default="", repr=False)


class AudioEndpoints:
    """`ports.Speech`. A connection is made for each call: they are rare, and nothing is held between them."""

    def __init__(self, rules: AudioRules) -> None:
        """Raises ConfigError where the address is none."""
        self._rules = rules
        self._posting = Posting(Service(rules.base_url, rules.seconds, _LARGEST, rules.key, rules.proxy))

    @property
    def speaks(self) -> bool:
        """See `Speech.speaks`."""
        return bool(self._rules.speaks)

    async def recognise(self, recording: Blob) -> str:
        """See `Speech.recognise`."""
        blob = await readable(recording)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("model", self._rules.hears)
        form.add_field("response_format", "json")
        if self._rules.language:
            form.add_field("language", self._rules.language)
        form.add_field("file", BytesIO(blob.data), filename=PurePath(blob.name).name, content_type=blob.mime)
        body = await self._posting.post("audio/transcriptions", form)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise failure(Cause.FAILED, "audio/transcriptions: the answer is no JSON") from error
        text = answer.get("text") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            raise failure(Cause.FAILED, "audio/transcriptions: no text in the answer")
        return text.strip()

    async def speak(self, text: str) -> Blob:
        """See `Speech.speak`."""
        rules = self._rules
        wish = {
            "model": rules.speaks,
            "input": text[:_LONGEST_TEXT],
            "voice": rules.voice,
            "response_format": rules.form,
        }
        data = await self._posting.post("audio/speech", orjson.dumps(wish), {"Content-Type": "application/json"})
        if not data:
            raise failure(Cause.EMPTY, "audio/speech: an empty answer")
        return Blob(data, _MIMES.get(rules.form, "application/octet-stream"), f"answer.{rules.form}")
