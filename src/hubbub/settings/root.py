"""The settings as one typed object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel, Field, PrivateAttr

from hubbub.core.errors import ConfigError
from hubbub.core.ports import PlatformPlugin
from hubbub.providers.settings import MainModel, ModelSettings
from hubbub.settings.album import Album
from hubbub.settings.manners import Manners
from hubbub.settings.nodes import Cluster, Store
from hubbub.settings.painting import Painting
from hubbub.settings.pictures import Files, Rendering
from hubbub.settings.repeater import Repeater
from hubbub.settings.sections import Access, Chat, Commands, Dispatch, Limits, RoomRule, Section, Server
from hubbub.settings.skills import Skills
from hubbub.settings.speech import Speech


class Settings(Section):
    """All settings of a hub, as `load` reads them."""

    server: Server = Field(default_factory=Server, description="Data, address and log of the hub.")
    model: MainModel = Field(default_factory=MainModel, description="The model, where one is enough.")
    models: tuple[ModelSettings, ...] = Field(
        (), description="Several models; the first one answers whoever chose none, unless model.name is another."
    )
    chat: Chat = Field(default_factory=Chat, description="Conversations with a model.")
    limits: Limits = Field(default_factory=Limits, description="What one owner may use.")
    access: Access = Field(default_factory=Access, description="Who may talk to the bot.")
    commands: Commands = Field(default_factory=Commands, description="Commands in a chat.")
    rooms: dict[str, RoomRule] = Field(
        default_factory=dict,
        description="Groups and channels by platform/account/kind/id; * is anything, and the first that fits counts.",
    )
    dispatch: Dispatch = Field(default_factory=Dispatch, description="How much is worked on at once.")
    store: Store = Field(default_factory=Store, description="The database.")
    cluster: Cluster = Field(default_factory=Cluster, description="Several processes on one database.")
    files: Files = Field(default_factory=Files, description="Files of messages.")
    rendering: Rendering = Field(default_factory=Rendering, description="Pictures and documents.")
    painting: Painting = Field(default_factory=Painting, description="Pictures that a model paints.")
    album: Album = Field(default_factory=Album, description="Random pictures by tags (the command pic).")
    manners: Manners = Field(
        default_factory=Manners, description="What the bot does in rooms beside answering; a room's admins change some."
    )
    skills: Skills = Field(default_factory=Skills, description="Tools that models use.")
    speech: Speech = Field(default_factory=Speech, description="Voice messages.")
    repeater: Repeater = Field(default_factory=Repeater, description="The Repeater's API, and what variables tell.")
    platforms: Section = Field(default_factory=Section, description="Chat platforms, each with keys of its own.")

    _plugins: Mapping[str, PlatformPlugin] = PrivateAttr(default_factory=dict)
    _environ: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _file: Path | None = PrivateAttr(default=None)
    _dotenv: Path | None = PrivateAttr(default=None)
    _again: Callable[[], Settings] | None = PrivateAttr(default=None)

    def bind(
        self,
        plugins: Mapping[str, PlatformPlugin],
        environ: Mapping[str, str],
        file: Path | None,
        dotenv: Path | None = None,
    ) -> None:
        """Called once by `load`: where the values are from."""
        self._plugins, self._environ, self._file, self._dotenv = plugins, environ, file, dotenv

    def repeat(self, again: Callable[[], Settings]) -> None:
        """Called once by `load`: how to read all of it anew."""
        self._again = again

    def reread(self) -> Settings:
        """The settings as they are now, from the same places.

        Raises:
            ConfigError: they are wrong, or these were not read from anywhere.
        """
        if self._again is None:
            message = "these settings were not read from a file or the environment, so they cannot be read again"
            raise ConfigError(message)
        return self._again()

    @property
    def file(self) -> Path | None:
        """The file that was read."""
        return self._file

    @property
    def dotenv(self) -> Path | None:
        """The `.env` that was read."""
        return self._dotenv

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment with `.env` below it: where keys of model services are looked for."""
        return self._environ

    @property
    def plugins(self) -> Mapping[str, PlatformPlugin]:
        """All platforms by name, also those that are off."""
        return self._plugins

    def platform(self, name: str) -> BaseModel:
        """The section of a platform. Raises KeyError if there is none of that name."""
        if name not in self._plugins:
            raise KeyError(name)
        section: BaseModel = getattr(self.platforms, name)
        return section

    def enabled(self) -> tuple[PlatformPlugin, ...]:
        """The platforms that are on, by name."""
        server = self.server.model_dump()
        return tuple(plugin for name, plugin in self._plugins.items() if plugin.enabled(self.platform(name), server))
