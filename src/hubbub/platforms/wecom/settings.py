"""Settings of the section ``platforms.wecom``."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_KEY_LENGTH = 43
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_NEEDED = ("corp_id", "corp_secret", "agent_id", "token", "encoding_aes_key")


@dataclass(frozen=True, slots=True)
class Application:
    """One self-built application, ready to be used. ``account`` names it in the hub; ``key`` has 32 bytes."""

    account: str
    corp_id: str
    secret: str
    agent_id: int
    token: str
    key: bytes
    path: str


class _Application(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    corp_id: str = Field("", description="Corp ID, from the admin console's page of the company (企业ID).")
    corp_secret: SecretStr = Field(SecretStr(""), description="Secret of the application.")
    agent_id: int = Field(0, ge=0, description="AgentId of the application.")
    token: SecretStr = Field(SecretStr(""), description="Token of the application's API callback (接收消息).")
    encoding_aes_key: SecretStr = Field(
        SecretStr(""), description="EncodingAESKey of the application's API callback, 43 characters."
    )

    @field_validator("encoding_aes_key")
    @classmethod
    def _whole(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not re.fullmatch(rf"[A-Za-z0-9+/]{{{_KEY_LENGTH}}}", text):
            message = f"should be the {_KEY_LENGTH} letters and digits that the admin console shows"
            raise ValueError(message)
        return value

    def application(self, account: str, path: str, corp_id: str = "") -> Application:
        """As it is used; ``corp_id`` stands in where it has none of its own."""
        key = base64.b64decode(self.encoding_aes_key.get_secret_value() + "=")
        corp = self.corp_id or corp_id
        secret, token = self.corp_secret.get_secret_value(), self.token.get_secret_value()
        return Application(account, corp, secret, self.agent_id, token, key, path)

    @property
    def begun(self) -> bool:
        """Something of it is set."""
        return len(self.missing()) < len(_NEEDED)

    def missing(self, *, but: str = "") -> list[str]:
        """The keys that it cannot do without and that are empty."""
        given = {name: getattr(self, name) for name in _NEEDED if name != but}
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()
        }
        return [name for name, value in plain.items() if not value]


class FurtherApplication(_Application):
    """One more application; its callback is at the path with ``/<name>`` behind it."""

    name: str = Field(description="Name of the application in the hub: letters, digits, - and _.")

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            message = "should be letters, digits, - and _"
            raise ValueError(message)
        return value


class WeComSettings(_Application):
    """WeCom (企业微信): self-built applications."""

    accounts: tuple[FurtherApplication, ...] = Field(
        (), description="More applications; one without a corp_id belongs to the company above."
    )
    path: str = Field("/gpt", description="Path of the callback.")
    test_path: str = Field(
        "/test", description="Path that answers pong, to see whether the hub is reached; empty: none."
    )
    api_base: str = Field("https://qyapi.weixin.qq.com", description="Address of WeCom's API.")
    proxy: str = Field("", description="HTTP proxy for WeCom's API, where only its address is on the allow-list.")
    format: Literal["text", "markdown"] = Field(
        "text", description="How answers are sent; Markdown is shown by the WeCom app, not in WeChat."
    )
    max_bytes: int = Field(2000, ge=100, le=2048, description="Longest text of one message, in bytes.")
    window_seconds: float = Field(
        300.0, gt=0, description="Oldest and newest time of a callback, in seconds from now; others are refused."
    )
    repeat_seconds: float = Field(
        0.0, ge=0, le=60, description="Time in which the same text of the same person counts once; 0: every time."
    )
    greeting: str = Field("", description="Sentence for whoever opens the application for the first time; empty: none.")
    placeholder: str = Field(
        "", description="Sentence that is shown while an answer is being written, then taken back; empty: none."
    )
    locale: Literal["", "zh", "en"] = Field(
        "zh", description="Language of the hub's own sentences for people who chose none; empty: by their messages."
    )
    error_text: str = Field("", description="Sentence for whoever gets no answer; empty: the hub's own.")
    resend_unknown: bool = Field(
        False,
        description="Send a message again when nobody can tell whether it arrived; WeCom leaves out most repeats.",
    )
    api_timeout_seconds: float = Field(20.0, gt=0, description="How long WeCom may take to answer a call.")

    @field_validator("path", "test_path")
    @classmethod
    def _rooted(cls, value: str) -> str:
        if value and not _PATH.fullmatch(value):
            message = "should be a path such as /gpt"
            raise ValueError(message)
        return value

    @field_validator("api_base", "proxy")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            message = "should be an address that begins with http:// or https://"
            raise ValueError(message)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _complete(self) -> WeComSettings:
        missing = self.missing()
        if self.begun and missing:
            message = f"should have {' and '.join(missing)} too"
            raise ValueError(message)
        for account in self.accounts:
            lacking = account.missing(but="corp_id" if self.corp_id else "")
            if lacking and account.begun:
                message = f"account {account.name} should have {' and '.join(lacking)} too"
                raise ValueError(message)
        names = [application.account for application in self.applications()]
        if len(set(names)) < len(names):
            message = "accounts should differ in name, also from the agent_id above"
            raise ValueError(message)
        return self

    def applications(self) -> tuple[Application, ...]:
        """All of them: the one of the section by its number, the further ones by their names."""
        own = (self.application(str(self.agent_id), self.path),) if self.corp_id else ()
        begun = (each for each in self.accounts if each.begun)
        further = (each.application(each.name, f"{self.path}/{each.name}", self.corp_id) for each in begun)
        return (*own, *further)
