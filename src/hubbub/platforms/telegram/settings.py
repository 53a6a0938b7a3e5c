"""Settings of the section ``platforms.telegram``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_TOKEN = re.compile(r"\d{1,20}:[\w-]{5,100}")
_SECRET = re.compile(r"[\w-]{1,256}")


def _bot_token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _TOKEN.fullmatch(value.get_secret_value()):
        message = "should be a bot's token as @BotFather gives it: digits, a colon, letters"
        raise ValueError(message)
    return value


def _secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
        message = "should have letters, digits, _ and - only, 256 at most"
        raise ValueError(message)
    return value


BotToken = Annotated[SecretStr, AfterValidator(_bot_token)]


class TelegramBot(BaseModel):
    """One more bot; what is not given here is as in the section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: BotToken = Field(description="Token of the bot, from @BotFather.", examples=["123456:ABC-example"])
    webhook_url: str = Field("", description="Public address of its webhook, as in the section.")


class TelegramSettings(BaseModel):
    """Telegram bots, by polling or by webhook."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = Field(None, description="Serve Telegram; unset: when a token is given.")
    token: BotToken = Field(SecretStr(""), description="Token of the bot, from @BotFather.")
    accounts: tuple[TelegramBot, ...] = Field((), description="More bots, each with its token.")
    mode: Literal["auto", "polling", "webhook"] = Field(
        "auto", description="How messages come: fetched, or brought to webhook_url; auto: by webhook where that is set."
    )
    webhook_url: str = Field(
        "",
        description="Public https address of this hub, with or without /tgbot at its end; the bot's token is added.",
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        SecretStr(""), description="Secret that Telegram sends with every message; empty: made from the token."
    )
    webhook_certificate: Path | None = Field(
        None, description="Own certificate of webhook_url (PEM), given to Telegram; only for one it could not check."
    )
    api_base: str = Field(
        "https://api.telegram.org",
        description="Bot API server; another one if you run your own.",
        pattern=r"^https?://",
    )
    api_folder: Path | None = Field(
        None,
        description="Folder in which your own Bot API server keeps files, if it runs with --local; as seen from here.",
    )
    commands: bool = Field(True, description="Show Telegram's users the list of commands.")
    answer_edits: bool = Field(
        False, description="Answer a message again when its author changes it; else the change is recorded alone."
    )
    max_length: int = Field(
        4000, ge=100, le=4096, description="Longest text of one message; Telegram takes 4,096 UTF-16 units."
    )
    resend_unknown: bool = Field(
        False, description="Send a message again when nobody can tell whether it arrived: twice rather than never."
    )
    api_timeout_seconds: float = Field(30.0, gt=0, description="How long a call may take.")
    poll_seconds: int = Field(50, ge=0, le=50, description="How long one fetch waits for messages.")
    reconnect_seconds: float = Field(
        1.0, gt=0, description="Wait after a failed call before the next; doubles with every failure up to a minute."
    )
    max_file_bytes: int = Field(20_000_000, ge=1, description="Largest file that is fetched from Telegram.")

    @property
    def bots(self) -> tuple[TelegramBot, ...]:
        """All bots: the section's own, then its accounts."""
        own = (TelegramBot(token=self.token, webhook_url=self.webhook_url),) if self.token.get_secret_value() else ()
        return (*own, *self.accounts)

    def webhook_of(self, bot: TelegramBot) -> str:
        """The public address by which a bot's messages are brought; "" where they are fetched."""
        return "" if self.mode == "polling" else bot.webhook_url or self.webhook_url

    @model_validator(mode="after")
    def _whole(self) -> TelegramSettings:
        if self.mode == "webhook" and any(not bot.webhook_url and not self.webhook_url for bot in self.bots):
            message = "mode webhook needs webhook_url, the public https address of this hub"
            raise ValueError(message)
        if self.enabled and not self.bots:
            message = "enabled needs a token"
            raise ValueError(message)
        return self
