"""Voice messages on the road: their words before they are answered, and answers that are spoken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hubbub.core.errors import MediaError, ProviderError, StoreError
from hubbub.core.events import Received
from hubbub.core.messages import Audio, Blob, Media, Message, Text, text_of
from hubbub.core.ports import Answer, CanFetch, Files, Platform, Speech
from hubbub.markup.plain import plain

log = logging.getLogger(__name__)

_KEPT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Hearing:
    """``answers``: how voice messages are answered. ``hears``: a model recognises what is said in them."""

    speech: Speech
    files: Files
    platforms: Mapping[str, Platform]
    hears: bool
    answers: Literal["text", "voice", "both"] = "text"

    def concerns(self, event: Received) -> bool:
        """It is a voice message for the bot that is to be recognised, or answered aloud."""
        if spoken(event) is None or not (event.room.direct or event.addressed):
            return False
        return self._aloud or self._lacks_words(event)

    @property
    def _aloud(self) -> bool:
        return self.answers != "text" and self.speech.speaks

    def _lacks_words(self, event: Received) -> bool:
        """A platform may have recognised them itself."""
        return self.hears and not text_of(event.message).strip()

    async def heard(self, event: Received) -> Received:
        """The message with its words; as it is where it has them, or they cannot be had, which is logged."""
        recording = spoken(event)
        if recording is None or not self._lacks_words(event):
            return event
        try:
            words = await self.speech.recognise(await self._fetched(event, recording.media))
        except (MediaError, ProviderError) as error:
            log.warning("the voice message %s in %s is not understood: %s", event.id, event.room.key, error)
            return event
        return replace(event, message=(*event.message, Text(words))) if words else event

    async def aloud(self, event: Received, answer: Answer) -> Answer:
        """The answer to a voice message as the settings want it; in writing where it cannot be spoken."""
        if not self._aloud or spoken(event) is None or not text_of(answer.message).strip():
            return answer
        platform = self.platforms.get(event.room.platform)
        if platform is None or not platform.capabilities(event.room).audio:
            return answer
        try:
            blob = await self.speech.speak(plain(text_of(answer.message)))
            url = await self.files.keep(blob, _KEPT_SECONDS)
        except (ProviderError, StoreError) as error:
            log.warning("the answer to %s in %s is not spoken: %s", event.id, event.room.key, error)
            return answer
        voice = Audio(Media(url=url, name=blob.name, mime=blob.mime))
        unread = answer.message if self.answers == "both" else _not_words(answer.message)
        return replace(answer, message=(*unread, voice))

    async def _fetched(self, event: Received, media: Media) -> Blob:
        platform: object = self.platforms.get(event.room.platform)
        if not media.url and isinstance(platform, CanFetch):
            return await platform.fetch(media)
        return await self.files.fetch(media)


def _not_words(message: Message) -> Message:
    """What of a message cannot be read aloud: its pictures."""
    return tuple(each for each in message if type(each) is not Text)


def spoken(event: Received) -> Audio | None:
    """The recording of a voice message."""
    return next((each for each in event.message if type(each) is Audio and each.voice), None)
