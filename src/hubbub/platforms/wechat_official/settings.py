"""Settings of the section ``platforms.wechat_official``."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

_KEY_LENGTH = 43
_MAIN = "main"


def _listed(value: object) -> object:
    """Let a list be written in one line, as the environment must; empty places are passed over."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    return tuple(each for each in value if each != "") if isinstance(value, (list, tuple)) else value


class Button(BaseModel):
    """A button: the page that it opens, or else what it says for the person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="What stands on it.")
    text: str = Field("", max_length=128, description="What pressing it says, such as /new; empty: its name.")
    url: str = Field("", description="The page that it opens.")


class MenuButton(Button):
    """A button of the menu, or the name over others, which then count alone."""

    buttons: tuple[Button, ...] = Field((), max_length=5, description="At most five buttons below it.")


class AccountSettings(BaseModel):
    """One Official Account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        _MAIN, description="Name of the account in the hub; of several, each answers at its own path: path/name."
    )
    token: SecretStr = Field(SecretStr(""), description="Token of the server configuration; every callback is checked.")
    app_id: str = Field("", description="AppID; needed for encrypted messages and for the API.")
    app_secret: SecretStr = Field(SecretStr(""), description="AppSecret; with it the account's API is used.")
    encoding_aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey, 43 characters.")
    encryption: Literal["plain", "compatible", "aes"] = Field(
        "plain", description="How messages come, as the server configuration says it; aes refuses plain ones."
    )
    push: bool = Field(
        False, description="Send answers by the customer-service API, which verified accounts have, instead of waiting."
    )
    greeting: str = Field("", description="What who subscribes is told; empty is nothing.")
    menu: tuple[MenuButton, ...] = Field(
        (), max_length=3, description="The account's menu, set at the start with the API; empty leaves it as it is."
    )

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value):
            message = "should be of letters, digits, dots and dashes"
            raise ValueError(message)
        return value

    @field_validator("encoding_aes_key")
    @classmethod
    def _whole_key(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not re.fullmatch(rf"[A-Za-z0-9+/]{{{_KEY_LENGTH}}}", secret):
            message = f"should be {_KEY_LENGTH} letters and digits, as the platform made them"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _whole(self) -> AccountSettings:
        if self.encryption != "plain" and not (self.encoding_aes_key.get_secret_value() and self.app_id):
            message = f"encryption {self.encryption} needs encoding_aes_key and app_id"
            raise ValueError(message)
        if self.push and not self.has_api:
            message = "push needs app_id and app_secret"
            raise ValueError(message)
        return self

    @property
    def has_api(self) -> bool:
        """The API can be called."""
        return bool(self.app_id and self.app_secret.get_secret_value())


class OtherAccount(AccountSettings):
    """One of several accounts."""

    name: str = Field(description="Name of the account in the hub, and the end of its path.")
    token: SecretStr = Field(description="Token of the server configuration; every callback is checked.")


class WeChatOfficialSettings(AccountSettings):
    """WeChat Official Accounts (公众号): one by the keys of the section itself, more as accounts."""

    accounts: tuple[OtherAccount, ...] = Field((), description="More accounts, each with keys of its own.")
    path: str = Field("/wechat", description="Path of the callback; accounts add their names to it.")
    api_base: str = Field("https://api.weixin.qq.com", description="Address of the platform's API.")
    language: Literal["zh", "en", ""] = Field(
        "zh", description="Language of the hub's own sentences here; empty goes by what the person writes."
    )
    reply_seconds: float = Field(
        4.5, gt=0, lt=5, description="How long one callback waits for its answer; the platform hangs up after 5 s."
    )
    hang_up_seconds: float = Field(
        4.5,
        gt=0,
        description="When a callback without an answer is broken off, so that the platform brings it again; 5 or more"
        " leaves that to the platform.",
    )
    deliveries: int = Field(
        3, ge=1, le=3, description="At which delivery of a message it is told that the answer takes longer."
    )
    messages_per_day: int = Field(
        20,
        ge=0,
        description="Questions of one person a day, unless limits.messages_per_day is set; 0 is no limit. Admins and"
        " white_list have none.",
    )
    timezone: str = Field("", description="Where these days begin, such as Asia/Shanghai; empty is the hub's.")
    session_minutes: float = Field(
        30,
        ge=0,
        description="Silence after which a conversation here starts afresh, unless chat.session_minutes is set; 0:"
        " never.",
    )
    admins: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="OpenIDs of admins: they may give admin commands, and have no limits."
    )
    white_list: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="OpenIDs of people without limits."
    )
    admin_email: str = Field("", description="Address that is told to who reached the day's limit.")
    admin_token: SecretStr = Field(
        SecretStr(""), description="Token of admin messages of three lines; without one they are refused."
    )
    limit_text: str = Field(
        "", description="What is said at the day's limit; {user} and {limit} are filled. Empty is the usual text."
    )
    too_long_text: str = Field(
        "", description="What is said to a question that no model could take; empty is the usual text."
    )
    error_text: str = Field("", description="What is said where no answer came; empty is the usual text.")
    thinking_text: str = Field("", description="What is said while the answer is not ready; empty is the usual text.")
    too_fast_text: str = Field("", description="What is said to another question meanwhile; empty is the usual text.")
    next_part_text: str = Field("", description="What stands below a part of an answer; empty is the usual text.")
    fetch_words: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        ("1", "１", "继续", "下一页", "continue", "next"), description="Words that fetch an answer that was not ready."
    )
    window_seconds: float = Field(300.0, ge=0, description="Oldest and newest time of a callback, from now; 0: any.")
    max_body_bytes: int = Field(65_536, ge=1024, description="Largest callback that is read.")
    max_pending: int = Field(256, ge=1, description="Callbacks that wait for the store at once; more wait their turn.")
    api_timeout_seconds: float = Field(15.0, gt=0, description="How long the platform's API may take to answer.")
    media_seconds: float = Field(3.0, gt=0, description="How long a passive reply waits for its picture's upload.")

    @field_validator("path")
    @classmethod
    def _from_the_root(cls, value: str) -> str:
        if not value.startswith("/") or value.endswith("/"):
            message = "should begin with / and not end with it"
            raise ValueError(message)
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                message = "should be a time zone such as Asia/Shanghai or UTC"
                raise ValueError(message) from error
        return value

    @field_validator("api_base")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = "should be an address that begins with https:// or http://"
            raise ValueError(message)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _apart(self) -> WeChatOfficialSettings:
        names = [account.name for account in self.named]
        if len(set(names)) != len(names):
            message = "accounts should have different names"
            raise ValueError(message)
        if any(not account.token.get_secret_value() for account in self.accounts):
            message = "every account needs its token"
            raise ValueError(message)
        return self

    @property
    def named(self) -> tuple[AccountSettings, ...]:
        """All accounts that can be served, the section's own first."""
        own: tuple[AccountSettings, ...] = (self,) if self.token.get_secret_value() else ()
        return (*own, *self.accounts)
