"""The section about pictures by tags."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from hubbub.settings.sections import Section


class Album(Section):
    """Random pictures by tags (the command pic), none that is for adults only."""

    enabled: bool = Field(False, description="Whether there is the command pic.")
    url: str = Field("https://api.lolicon.app/setu/v2", description="Address of the service that knows pictures.")
    proxy: str = Field("i.pixiv.re", description="Host that the service lets the pictures be fetched from.")
    seconds: float = Field(20.0, gt=0, description="Longest time that the service may take.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value
