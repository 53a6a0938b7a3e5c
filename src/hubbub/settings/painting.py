"""The section about pictures that a model paints."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from hubbub.settings.sections import Section


class Painting(Section):
    """Pictures that a model paints. Off until a model is named."""

    model: str = Field("", examples=["gpt-image-1"], description="Model that paints; empty: none.")
    size: str = Field(
        "",
        examples=["1024x1024"],
        pattern=r"^(\d{2,5}x\d{2,5}|auto|)$",
        description="Size of pictures; empty: the model's own.",
    )
    base_url: str = Field("", description="Address of the service; empty: that of the section model.")
    api_key: SecretStr = Field(SecretStr(""), description="Key of the service; empty: that of the section model.")
    seconds: float = Field(180.0, gt=0, description="Longest time that a picture may take.")

    price: float = Field(
        0.0,
        ge=0,
        le=1_000_000,
        description="What a picture costs, in what prices of models are in; limits of money count it.",
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/")
