"""Settings of the section ``platforms.onebot``."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator


def _listed(value: object) -> object:
    """Let a list be written in one line, as the environment must."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _texts(value: object) -> object:
    """Let numbers of accounts be written as numbers."""
    listed = _listed(value)
    if isinstance(listed, int):
        return (str(listed),)
    return tuple(str(item) for item in listed) if isinstance(listed, (list, tuple)) else listed


def _address(value: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        message = f"should be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        raise ValueError(message)
    return value


class OneBotSettings(BaseModel):
    """OneBot v11, by WebSocket in both directions and by HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = Field(
        None,
        description="Serve OneBot; unset: on loopback without a token, elsewhere only when a key below gives a way in.",
    )
    access_token: SecretStr = Field(
        SecretStr(""), description="Secret that implementations give when they connect, and that the hub gives to them."
    )
    accounts: Annotated[tuple[str, ...], BeforeValidator(_texts)] = Field(
        (), description="QQ numbers that may connect; empty: any."
    )
    forward_urls: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="WebSocket servers of implementations to connect to; ?access_token= gives one its own secret."
    )
    http_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of the signature (X-Signature) of events by HTTP; without it they are refused.",
    )
    http_window_seconds: float = Field(
        300.0, ge=0, description="Oldest and newest time of an event by HTTP, in seconds from now; 0: any."
    )
    http_api_url: str = Field("", description="HTTP API of an implementation, for sending when no WebSocket is open.")
    message_format: Literal["array", "string"] = Field(
        "array", description="How messages are sent: array of segments, or string with CQ codes."
    )
    cards: bool = Field(
        False, description="Send links and places as cards; most implementations of today show only their text."
    )
    uploads: bool = Field(
        True, description="Send documents themselves; go-cqhttp takes none that way: false makes them links."
    )
    typing: bool = Field(
        True, description="Show private chats that an answer is being written, where that is possible."
    )
    max_length: int = Field(4500, ge=100, description="Longest text of one message, in characters.")
    bundle_over: int = Field(
        0, ge=0, description="Characters of an answer above which it is sent as a bundle of messages; 0: never."
    )
    resend_unknown: bool = Field(
        False, description="Send a message again when nobody can tell whether it arrived: twice rather than never."
    )
    api_timeout_seconds: float = Field(30.0, gt=0, description="How long an implementation may take to answer a call.")
    heartbeat_misses: int = Field(
        3,
        ge=0,
        description="Intervals of silence, on a connection that sends heartbeats, after which it is closed; 0: never.",
    )
    reconnect_seconds: float = Field(
        1.0, gt=0, description="Wait before connecting again; doubles with every failure up to a minute."
    )
    max_pending: int = Field(
        256, ge=1, description="Events of one connection that are read ahead of the store; more wait on the wire."
    )
    max_calls: int = Field(1024, ge=1, description="Calls of one connection that wait for their answer at once.")
    max_frame_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest frame or body that is read; a larger one ends its connection."
    )

    @field_validator("forward_urls")
    @classmethod
    def _websockets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_address(url, ("ws", "wss")) for url in value)

    @field_validator("http_api_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return _address(value, ("http", "https")).rstrip("/") if value else ""
