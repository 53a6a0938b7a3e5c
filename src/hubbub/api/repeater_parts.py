"""What the API of the Repeater is told by the settings, and what it calls on besides the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hubbub.conversations.userdata import UserData
from hubbub.core.events import Received
from hubbub.core.pictures import Wish


@dataclass(frozen=True, slots=True)
class RepeaterSettings:
    """What whoever runs the hub decides.

    ``admin_api_key``: of the two admin routes ("": the hub's own admin secret alone). ``readme_file`` and
    ``static_dir``: what is served as they (None: this API's own README, nothing). ``picture_seconds``: how long a
    picture can be fetched. ``render_style``: of users who chose none. ``cancel_gone``: a chat whose client went away
    is given up, else it is finished and kept.
    """

    admin_api_key: str = field(default="", repr=False)
    readme_file: Path | None = None
    static_dir: Path | None = None
    picture_seconds: float = 60.0
    render_style: str = "light"
    cancel_gone: bool = False


class Expanding(Protocol):
    """Variables in texts."""

    async def __call__(self, owner: str, user_id: str, user_name: str, text: str) -> str:
        """A text with the variables of an owner expanded; ``user_id`` is their id as they wrote it."""


class Pictures(Protocol):
    """Makes pictures of Markdown."""

    @property
    def styles(self) -> frozenset[str]:
        """The names of the styles that there are."""

    async def png(self, markdown: str, wish: Wish) -> bytes:
        """A picture as PNG, in the wish's style, its title over it. Raises HubbubError where none can be made."""


@dataclass(frozen=True, slots=True)
class RepeaterParts:
    """What the composition root gives to this API.

    ``data``: what users keep. ``owner_of``: the owner that an id of a path means. ``nickname``: how somebody is
    called, by the name that the request has and the id. ``expand``: variables. ``reload``: read the models anew, raises
    ConfigError. ``recall``: give a message up that waits or is being answered.
    """

    data: UserData
    owner_of: Callable[[str], str]
    nickname: Callable[[str, str], str]
    expand: Expanding
    reload: Callable[[], Awaitable[None]]
    recall: Callable[[Received], None]
    pictures: Pictures
    settings: RepeaterSettings = RepeaterSettings()
