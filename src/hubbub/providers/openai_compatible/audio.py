"""Speech through the audio endpoints of the OpenAI API: ``audio/transcriptions`` and ``audio/speech``."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

import aiohttp
import orjson

from hubbub.core.messages import Blob
from hubbub.providers.openai_compatible.address import bases, proxy_for
from hubbub.providers.openai_compatible.failures import Cause, failure, of_status
from hubbub.providers.openai_compatible.recordings import readable
from hubbub.providers.openai_compatible.session import new_session

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self._base = bases(rules.base_url)[0]
        self._headers = {"Authorization": f"Bearer {rules.key}"} if rules.key else {}

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
        form.add_field("file", blob.data, filename=PurePath(blob.name).name, content_type=blob.mime)
        body = await self._post("audio/transcriptions", data=form)
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
        data = await self._post("audio/speech", data=orjson.dumps(wish), headers={"Content-Type": "application/json"})
        if not data:
            raise failure(Cause.EMPTY, "audio/speech: an empty answer")
        return Blob(data, _MIMES.get(rules.form, "application/octet-stream"), f"answer.{rules.form}")

    async def _post(
        self, path: str, *, data: aiohttp.FormData | bytes, headers: Mapping[str, str] | None = None
    ) -> bytes:
        url, rules = f"{self._base}/{path}", self._rules
        try:
            async with (
                new_session() as session,
                session.post(
                    url,
                    data=data,
                    headers={**self._headers, **(headers or {})},
                    proxy=proxy_for(url, rules.proxy),
                    timeout=aiohttp.ClientTimeout(total=rules.seconds, connect=10),
                ) as response,
            ):
                body = await _bounded(path, response)
                if response.status != 200:
                    raise of_status(response.status, response.headers, body, time.time(), (rules.key,))
                return body
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, f"{path}: no answer within {rules.seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise failure(Cause.FAILED, f"{path}: {type(error).__name__}") from error


async def _bounded(path: str, response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > _LARGEST:
            raise failure(Cause.FAILED, f"{path}: the answer is larger than {_LARGEST // 1_000_000} MB")
        parts.append(part)
    return b"".join(parts)
