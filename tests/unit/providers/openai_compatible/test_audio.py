"""Speech over the audio endpoints, and recordings that they do not read."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.core.errors import ProviderError
from hubbub.core.messages import Blob
from hubbub.providers.openai_compatible.audio import AudioEndpoints, AudioRules
from hubbub.providers.openai_compatible.recordings import readable
from tests.fakes.audio import KEY, AudioService, audio_service

MP3 = Blob(b"ID3 sound", "audio/mpeg", "x")
AMR = Blob(b"#!AMR\n" + b"\x3c" * 32, "audio/amr", "voice.amr")


@pytest.fixture
def service() -> AudioService:
    return AudioService()


@pytest.fixture
async def base(service: AudioService) -> AsyncIterator[str]:
    async with audio_service(service) as address:
        yield address


def speech(base: str, key: str = KEY, *, seconds: float = 5.0) -> AudioEndpoints:
    rules = AudioRules(base, key, hears="whisper-1", speaks="tts-1", voice="alloy", language="zh", seconds=seconds)
    return AudioEndpoints(rules)


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


async def test_words_are_recognised(base: str, service: AudioService) -> None:
    assert await speech(base).recognise(MP3) == "今天天气怎么样"
    assert service.heard == [("whisper-1", "zh", MP3.data)]


async def test_silence_is_no_words(base: str, service: AudioService) -> None:
    service.words = ""
    assert await speech(base).recognise(MP3) == ""


async def test_a_text_is_spoken(base: str, service: AudioService) -> None:
    blob = await speech(base).speak("你好" * 5000)
    assert (blob.data, blob.mime, blob.name) == (b"ID3 spoken", "audio/mpeg", "answer.mp3")
    (wish,) = service.spoken
    assert (wish["model"], wish["voice"], wish["response_format"]) == ("tts-1", "alloy", "mp3")


@pytest.mark.parametrize(
    ("status", "key"), [(500, "error.model_failed"), (429, "error.model_busy"), (400, "error.model_refused")]
)
async def test_refusals_are_told(base: str, service: AudioService, status: int, key: str) -> None:
    service.status = status
    with pytest.raises(ProviderError) as caught:
        await speech(base).speak("x")
    assert caught.value.user_text
    assert caught.value.user_text.key == key


async def test_a_wrong_key_is_told_without_being_told(base: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await speech(base, "sk-very-secret-key").recognise(MP3)
    assert "sk-very-secret-key" not in str(caught.value)


async def test_a_service_that_is_not_there_is_told() -> None:
    with pytest.raises(ProviderError):
        await speech("http://127.0.0.1:9/v1").recognise(MP3)


# --- recordings ---


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"ID3", "mp3"),
        (b"\xff\xfbx", "mp3"),
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        (b"RIFF\0\0\0\0WAVE", "wav"),
        (b"\0\0\0\x20ftypM4A ", "m4a"),
        (b"\x1aE\xdf\xa3", "webm"),
    ],
)
async def test_what_is_read_everywhere_stays(data: bytes, name: str) -> None:
    assert await readable(Blob(data, "x/y", "anything")) == Blob(data, "x/y", f"recording.{name}")


async def test_without_ffmpeg_it_is_sent_as_it_is(no_ffmpeg: Path) -> None:
    assert await readable(AMR) == Blob(AMR.data, "audio/amr", "recording.amr")


@pytest.mark.parametrize(("code", "name"), [(0, "recording.wav"), (1, "recording.amr")])
async def test_amr_goes_through_ffmpeg(no_ffmpeg: Path, code: int, name: str) -> None:
    program = no_ffmpeg / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nassert sys.stdin.buffer.read().startswith(b'#!AMR')\n"
        f"sys.stdout.buffer.write(b'RIFF0000WAVE')\nsys.exit({code})\n"
    )
    program.chmod(0o755)
    assert (await readable(AMR)).name == name


@pytest.mark.peers
@pytest.mark.skipif(shutil.which("ffmpeg") is None and not os.environ.get("HUBBUB_TEST_FFMPEG"), reason="no ffmpeg")
async def test_the_real_ffmpeg_reads_amr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if named := os.environ.get("HUBBUB_TEST_FFMPEG"):
        (tmp_path / "ffmpeg").symlink_to(named)
        monkeypatch.setenv("PATH", str(tmp_path))
    silence = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50  # a second, 12.2 kbit/s
    made = await readable(Blob(silence, "audio/amr", "voice.amr"))
    assert made.name == "recording.wav"
    assert made.data[:4] == b"RIFF"
    assert len(made.data) > 30_000
