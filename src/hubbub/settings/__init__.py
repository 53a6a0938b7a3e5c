"""The settings: one `hubbub.toml`, `.env` and the environment as one typed object."""

from hubbub.settings.loading import load
from hubbub.settings.root import Settings
from hubbub.settings.sections import Chat, Commands, Dispatch, Limits, RoomRule, Server, Store

__all__ = ["Chat", "Commands", "Dispatch", "Limits", "RoomRule", "Server", "Settings", "Store", "load"]
