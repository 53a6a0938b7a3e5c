"""Settings of the section ``platforms.discord``."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def bot_id(token: str) -> str:
    """The id of a token's bot, which is the token's first part; "" if it has none."""
    head = token.partition(".")[0]
    try:
        found = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return found if found.isdecimal() else ""


def _bot_token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not bot_id(value.get_secret_value()):
        message = "should be a bot's token as the developer portal shows it (page Bot)"
        raise ValueError(message)
    return value


BotToken = Annotated[SecretStr, AfterValidator(_bot_token)]


class DiscordBot(BaseModel):
    """One more bot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: BotToken = Field(
        description="Token of the bot, from the developer portal.", examples=["MTAwMDE.example.of-a-token"]
    )


class DiscordSettings(BaseModel):
    """Discord bots."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = Field(None, description="Serve Discord; unset: when a token is given.")
    token: BotToken = Field(SecretStr(""), description="Token of the bot, from the developer portal, page Bot.")
    accounts: tuple[DiscordBot, ...] = Field((), description="More bots, each with its token.")
    message_content: bool = Field(
        True,
        description="Read messages that do not mention the bot; the developer portal must allow it (message content "
        "intent), else the bot reads only what is meant for it.",
    )
    members: bool = Field(
        False,
        description="Hear of members who come and go, and know all who run a server; the developer portal must allow "
        "it (server members intent).",
    )
    commands: bool = Field(True, description="Offer the commands as slash commands.")
    shards: int = Field(0, ge=0, description="Connections that share the servers; 0: as many as Discord wants.")
    api_base: str = Field(
        "https://discord.com/api", description="Server of the REST API, without its version.", pattern=r"^https?://"
    )
    max_length: int = Field(
        1900, ge=100, le=2000, description="Longest text of one message, in characters; Discord takes 2,000."
    )
    api_timeout_seconds: float = Field(30.0, gt=0, description="How long a call may take.")
    reconnect_seconds: float = Field(
        1.0, gt=0, description="Wait before connecting again; doubles with every failure up to a minute."
    )
    max_pending: int = Field(256, ge=1, description="Events of one connection that are read ahead of the store.")

    @property
    def tokens(self) -> tuple[str, ...]:
        """All bots: the section's own, then its accounts."""
        found = (self.token.get_secret_value(), *(each.token.get_secret_value() for each in self.accounts))
        return tuple(token for token in found if token)

    @model_validator(mode="after")
    def _whole(self) -> DiscordSettings:
        if self.enabled and not self.tokens:
            message = "enabled needs a token"
            raise ValueError(message)
        return self
