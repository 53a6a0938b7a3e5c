"""Which service hears and speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubbub.app.sounds import build_speech
from hubbub.core.errors import ConfigError
from hubbub.settings import load
from tests.fakes.audio import KEY, AudioService, audio_service


def speech(folder: Path, **environ: str) -> Any:
    return build_speech(load(environ=environ, folder=folder))


def test_without_a_model_there_is_none(tmp_path: Path) -> None:
    assert speech(tmp_path, HUBBUB_SPEECH__VOICE="nova") is None


async def test_the_models_own_service_and_key_are_used(tmp_path: Path) -> None:
    service = AudioService()
    async with audio_service(service) as base:
        made = speech(tmp_path, HUBBUB_SPEECH__SPEAKS="tts-1", OPENAI_BASE_URL=base, OPENAI_API_KEY=KEY)
        assert made.speaks
        assert (await made.speak("hi")).data


async def test_a_service_of_its_own_has_a_key_of_its_own(tmp_path: Path) -> None:
    service = AudioService()
    async with audio_service(service) as base:
        own = {"HUBBUB_SPEECH__SPEAKS": "tts-1", "HUBBUB_SPEECH__BASE_URL": base, "OPENAI_API_KEY": "sk-other"}
        made = speech(tmp_path, HUBBUB_SPEECH__API_KEY=KEY, **own)
        assert (await made.speak("hi")).data


@pytest.mark.parametrize(("key", "value"), [("BASE_URL", "audio.example"), ("FORM", "amr"), ("ANSWERS", "song")])
def test_mistakes_are_told(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigError):
        speech(tmp_path, **{f"HUBBUB_SPEECH__{key}": value})
