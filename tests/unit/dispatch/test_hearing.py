"""Voice messages get their words, and answers are spoken where that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import MediaError, ProviderError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Audio, Blob, Image, Media, Message, Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer, Platform
from hubbub.dispatch.hearing import Hearing
from tests.fakes.platform_host import MemoryFiles

VOICE: Message = (Audio(Media(file_id="v1", mime="audio/amr")),)


@dataclass
class FakeSpeech:
    words: str = "你好"
    broken: bool = False
    speaks: bool = True
    heard: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def recognise(self, recording: Blob) -> str:
        self.heard.append(recording.data)
        if self.broken:
            raise ProviderError("broken", user_text=Phrase("error.model_failed"))
        return self.words

    async def speak(self, text: str) -> Blob:
        self.said.append(text)
        if self.broken:
            raise ProviderError("broken", user_text=Phrase("error.model_failed"))
        return Blob(b"sound", "audio/mpeg", "answer.mp3")


class FakePlatform:
    def __init__(self, *, audio: bool = True) -> None:
        self.audio = audio

    def capabilities(self, room: Room) -> Capabilities:
        return Capabilities(audio=self.audio)

    async def fetch(self, media: Media) -> Blob:
        if media.file_id != "v1":
            raise MediaError("gone")
        return Blob(b"#!AMR")


def event(message: Message = VOICE, kind: Any = "private", *, addressed: bool = True) -> Received:
    return Received("1", Room("test", "a", kind, "u"), Author("u"), message, 1.0, "m", addressed=addressed)


def hearing(
    speech: FakeSpeech, answers: Literal["text", "voice", "both"] = "text", *, hears: bool = True, audio: bool = True
) -> Hearing:
    platforms = {"test": cast("Platform", FakePlatform(audio=audio))}
    return Hearing(speech, MemoryFiles(), platforms, hears, answers)


async def test_the_words_are_added() -> None:
    speech = FakeSpeech()
    found = await hearing(speech).heard(event())
    assert text_of(found.message) == "你好"
    assert found.message[0] == VOICE[0]
    assert speech.heard == [b"#!AMR"]


@pytest.mark.parametrize(
    ("message", "kind", "addressed", "concerns"),
    [
        (VOICE, "private", True, True),
        (VOICE, "group", True, True),
        (VOICE, "group", False, False),
        ((*VOICE, Text("recognised already")), "private", True, False),
        ((Audio(Media(url="https://example.org/song.mp3"), voice=False),), "private", True, False),
        ((Image(Media(file_id="v1")),), "private", True, False),
        ((Text("hi"),), "private", True, False),
    ],
)
def test_only_voice_messages_for_the_bot_are_listened_to(
    message: Message, kind: str, addressed: bool, concerns: bool
) -> None:
    assert hearing(FakeSpeech()).concerns(event(message, kind, addressed=addressed)) is concerns
    assert not hearing(FakeSpeech(), hears=False).concerns(event(message, kind, addressed=addressed))


@pytest.mark.parametrize("hears", [True, False])
async def test_what_the_platform_recognised_is_answered_aloud_too(hears: bool) -> None:
    speech, came = FakeSpeech(), event((*VOICE, Text("recognised already")))
    side = hearing(speech, "both", hears=hears)
    assert side.concerns(came)
    assert await side.heard(came) is came
    assert not speech.heard
    assert len((await side.aloud(came, Answer((Text("hi"),)))).message) == 2


@pytest.mark.parametrize("message", [VOICE, (Audio(Media(file_id="gone")),), (Audio(Media(url="https://x/y")),)])
async def test_what_is_not_understood_stays_as_it_is(message: Message) -> None:
    came = event(message)
    assert await hearing(FakeSpeech(broken=True)).heard(came) is came
    assert await hearing(FakeSpeech(words="")).heard(came) is came


async def test_answers_are_spoken() -> None:
    speech, answer = FakeSpeech(), Answer((Text("**Hi** there"),))
    spoken = await hearing(speech, "voice").aloud(event(), answer)
    (audio,) = spoken.message
    assert isinstance(audio, Audio)
    assert audio.media.url.startswith("hub:")
    assert speech.said == ["Hi there"]
    both = await hearing(speech, "both").aloud(event(), answer)
    assert [type(each) for each in both.message] == [Text, Audio]


async def test_answers_stay_written() -> None:
    answer = Answer((Text("hi"),))
    assert await hearing(FakeSpeech()).aloud(event(), answer) is answer
    assert await hearing(FakeSpeech(broken=True), "voice").aloud(event(), answer) is answer
    assert await hearing(FakeSpeech(speaks=False), "voice").aloud(event(), answer) is answer
    assert await hearing(FakeSpeech(), "voice", audio=False).aloud(event(), answer) is answer
    assert await hearing(FakeSpeech(), "voice").aloud(event((Text("typed"),)), answer) is answer
    silence = Answer()
    assert await hearing(FakeSpeech(), "voice").aloud(event(), silence) is silence


async def test_pictures_of_an_answer_stay_beside_the_voice_that_reads_it() -> None:
    picture = Image(Media("hub:1"))
    speech = FakeSpeech()
    spoken = await hearing(speech, "voice").aloud(event(), Answer((Text("Here."), picture)))
    assert [type(each) for each in spoken.message] == [Image, Audio]
    assert speech.said == ["Here."]
    alone = Answer((picture,))
    assert await hearing(speech, "voice").aloud(event(), alone) is alone
