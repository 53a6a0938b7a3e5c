"""The settings: one `hubbub.toml`, `.env` and the environment as one typed object."""

from hubbub.settings.loading import load
from hubbub.settings.nodes import Cluster, Store
from hubbub.settings.root import Settings
from hubbub.settings.sections import Chat, Commands, Dispatch, Limits, RoomRule, Server

__all__ = ["Chat", "Cluster", "Commands", "Dispatch", "Limits", "RoomRule", "Server", "Settings", "Store", "load"]
