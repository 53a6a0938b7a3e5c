"""The section about voice messages."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from hubbub.settings.sections import Section


class Speech(Section):
    """Voice messages: what is said in them, and answers that are spoken. Off until a model is named."""

    hears: str = Field("", examples=["whisper-1"], description="Model that recognises speech; empty: none.")
    speaks: str = Field("", examples=["tts-1"], description="Model that speaks; empty: none.")
    voice: str = Field("alloy", description="Voice of the model that speaks.")
    form: Literal["mp3", "opus", "wav", "aac", "flac"] = Field("mp3", description="Form of spoken answers.")
    answers: Literal["text", "voice", "both"] = Field(
        "text", description="How voice messages are answered; voice and both want a model that speaks."
    )
    language: str = Field("", examples=["zh"], description="Language that is spoken (zh, en ...); empty: any.")
    base_url: str = Field("", description="Address of the service; empty: that of the section model.")
    api_key: SecretStr = Field(SecretStr(""), description="Key of the service; empty: that of the section model.")
    seconds: float = Field(60.0, gt=0, description="Longest time that the service may take.")

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/")
