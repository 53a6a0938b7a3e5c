"""The variables of the assistant for Official Accounts, by their own names.

Most of them are words that other programs use too, so they count only beside the one that names the account's token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Path = tuple[str | int, ...]

TOKEN = "WECHAT_TOKEN"  # noqa: S105 - the name of a variable
_SECTION = ("platforms", "wechat_official")
NAMES: Mapping[str, Path] = {
    TOKEN: (*_SECTION, "token"),
    "CHAT_GPT_TOKEN": ("model", "api_key"),
    "TOKEN": (*_SECTION, "admin_token"),
    "HTTP_PROXY": ("server", "proxy"),
    "ADMIN_USER_IDS": (*_SECTION, "admins"),
    "WHITE_LIST_USER_IDS": (*_SECTION, "white_list"),
    "ADMIN_EMAIL": (*_SECTION, "admin_email"),
}
_BESIDE = frozenset(NAMES) - {TOKEN, "CHAT_GPT_TOKEN"}


def meant(name: str, beside: Iterable[str]) -> bool:
    """Whether a variable is meant so: its name is ours alone, or the account's token is set beside it."""
    return name.upper() not in _BESIDE or any(other.upper() == TOKEN for other in beside)
