"""The variables of GoBot, by their own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.settings.root import Settings

Path = tuple[str | int, ...]

PLATFORMS = "BOTPLATFORM"
_ADDRESS = "CHATGPTURL_PROXY"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what is looked for, not bound
NAMES: Mapping[str, Path] = {
    "CHATGPTAPIKEY": ("model", "api_key"),
    _ADDRESS: ("model", "base_url"),
    "BOT_TOKEN": ("platforms", "telegram", "token"),
    "TG_WEBHOOK_URL": ("platforms", "telegram", "webhook_url"),
}
# Names that only GoBot has: whoever sets one of them is used to what it does.
_SIGNS = frozenset((PLATFORMS, "CHATGPTAPIKEY", _ADDRESS))
# What it asks for; what stands behind the address may list anything first.
_MODEL = "gpt-3.5-turbo"
_CUSTOMS: Mapping[Path, object] = {
    ("chat", "language"): "zh",
    ("chat", "system_prompt"): (
        "你叫 Vio，是一个活泼、友善、有点俏皮的聊天伙伴。用对方的语言回答，自然、简短；不知道的事就直说。"
    ),
    ("manners", "welcome"): "{at} 欢迎新成员加入~,发送 /help 可查看机器人全部指令",
    ("manners", "farewell"): "有人离开了群聊~",
    ("manners", "recalled"): "log",
    ("manners", "friend_requests"): "approve",
    ("manners", "mention_in_groups"): True,
    ("album", "enabled"): True,
}
_CHOICES = {"cqhttp": "onebot", "tgbot": "telegram"}


def narrowed(value: str) -> Iterator[Path]:
    """The switches that the variable ``BotPlatform`` turns off: of its two platforms those that it does not list.

    As with the original, a list without either means the first one.
    """
    listed = _listed(value)
    for name, platform in _CHOICES.items():
        if name not in listed:
            yield ("platforms", platform, "enabled")


def _listed(value: str) -> set[str]:
    return {part.strip().lower() for part in value.split(",")} & set(_CHOICES) or {"cqhttp"}


def notices(settings: Settings) -> Iterator[str]:
    """What whoever comes from GoBot should know at the start."""
    given = _given(settings.environ)
    if _SIGNS.isdisjoint(given):
        return
    served = {plugin.name for plugin in settings.enabled()}
    listed = _listed(given.get(PLATFORMS, ""))
    section = settings.platform(_CHOICES["cqhttp"]).model_dump()
    if _CHOICES["cqhttp"] in served and settings.server.host in _EVERYWHERE and not section["access_token"]:
        yield (
            "cqhttp is served, but without HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN only programs of this machine may"
            " connect: set it, and give the implementation the same token."
        )
    if "tgbot" in listed and _CHOICES["tgbot"] not in served:
        yield "BotPlatform lists tgbot, but BOT_TOKEN is not set: no Telegram bot runs."


def customs(variables: Mapping[str, str]) -> Iterator[tuple[Path, object]]:
    """What is set where GoBot's own variables are, and nothing else says otherwise."""
    given = _given(variables)
    if _ADDRESS in given:
        yield ("model", "name"), _MODEL
    if _SIGNS.isdisjoint(given):
        return
    yield from _CUSTOMS.items()
    if "cqhttp" in _listed(given.get(PLATFORMS, "")):
        # Served also where no secret is set yet: whoever connects is then told in the log what to set.
        yield ("platforms", _CHOICES["cqhttp"], "enabled"), True


def _given(variables: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in variables.items() if value}
