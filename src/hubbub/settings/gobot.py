"""The variables of GoBot, by their own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

PLATFORMS = "BOTPLATFORM"
NAMES: Mapping[str, Path] = {
    "CHATGPTAPIKEY": ("model", "api_key"),
    "CHATGPTURL_PROXY": ("model", "base_url"),
    "BOT_TOKEN": ("platforms", "telegram", "token"),
    "TG_WEBHOOK_URL": ("platforms", "telegram", "webhook_url"),
}
_CHOICES = {"cqhttp": "onebot", "tgbot": "telegram"}


def narrowed(value: str) -> Iterator[Path]:
    """The switches that the variable ``BotPlatform`` turns off: of its two platforms those that it does not list.

    As with the original, a list without either means the first one.
    """
    listed = {part.strip().lower() for part in value.split(",")} & set(_CHOICES) or {"cqhttp"}
    for name, platform in _CHOICES.items():
        if name not in listed:
            yield ("platforms", platform, "enabled")
