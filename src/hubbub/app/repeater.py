"""What the Repeater's API is given: what users keep, variables, names of people, models to read anew."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub import __version__
from hubbub.api.repeater_parts import RepeaterParts, RepeaterSettings
from hubbub.app.importing_repeater import NICKNAMES, named_or_taken
from hubbub.chat.wording import Bot
from hubbub.conversations import preferences
from hubbub.conversations.users import owner_of_user
from hubbub.conversations.variables import Variables, expand
from hubbub.conversations.zones import zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from hubbub.api.repeater_parts import Pictures
    from hubbub.app.models import LateModels
    from hubbub.conversations.userdata import UserData
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations
    from hubbub.dispatch.dispatcher import Dispatcher
    from hubbub.settings import Settings
    from hubbub.settings.repeater import Repeater

log = logging.getLogger(__name__)

NO_MODEL = "nomodel"
"""What the variable model_type says where no model is asked."""
_LARGEST_FILE = 10_000_000
_LONG = 20_000


class Nicknames:
    """What people are called, by the file that the settings name; read when it is first asked for, and at `reload`."""

    def __init__(self, file: Path | None) -> None:
        """Without a file everybody is called as they say."""
        self._file = file
        self._names: dict[str, str] | None = None

    def __call__(self, name: str, user_id: str) -> str:
        """The name by which somebody is called, who came with a name and an id."""
        if self._names is None:
            self._names = _read(self._file)
        return self._names.get(name) or self._names.get(user_id) or name

    def reload(self) -> None:
        """Read the file anew when it is next asked for."""
        self._names = None


class Expander:
    """Variables in texts that no model is asked with."""

    def __init__(self, conversations: Conversations, settings: Repeater, zone: tzinfo | None, clock: Clock) -> None:
        """``zone`` is of whoever chose none."""
        self._conversations = conversations
        self._settings = settings
        self._zone = zone
        self._clock = clock

    async def __call__(self, owner: str, user_id: str, user_name: str, text: str) -> str:
        """See `api.repeater_parts.Expanding`."""
        chosen = await preferences.read(self._conversations, owner)
        born = self._settings.birthday
        variables = Variables(
            user_id=user_id,
            user_name=user_name,
            model_type=NO_MODEL,
            bot_name=self._settings.bot_name,
            version=self._settings.version or __version__,
            birthday=(born.year, born.month, born.day),
            now=self._clock(),
            zone=(zone_of(chosen.timezone) if chosen.timezone else None) or self._zone,
            chance=random.SystemRandom(),
        )
        # A text of megabytes takes long, and nobody else shall wait for it.
        return await asyncio.to_thread(expand, text, variables) if len(text) > _LONG else expand(text, variables)


def repeater_parts(  # noqa: PLR0913 - what the API needs
    settings: Settings,
    data: UserData,
    conversations: Conversations,
    models: tuple[LateModels, Callable[[], Settings]],
    ways: tuple[Dispatcher, Clock],
    pictures: Pictures,
) -> RepeaterParts:
    """All of it. ``models``: the models, and the settings as they are now; ``ways``: who works, and the time."""
    given, (late, current), (dispatcher, clock) = settings.repeater, models, ways
    zone = repeater_zone(settings)
    nickname = Nicknames(named_or_taken(given.nickname_file, settings.server.data_dir / NICKNAMES))

    async def reload() -> None:
        nickname.reload()
        await late.reload(current())

    key = given.admin_api_key
    return RepeaterParts(
        data=data,
        owner_of=partial(owner_of_user, home=given.platform),
        nickname=nickname,
        expand=Expander(conversations, given, zone, clock),
        reload=reload,
        recall=dispatcher.recall,
        pictures=pictures,
        settings=RepeaterSettings(
            admin_api_key=key.get_secret_value() if key is not None else "",
            readme_file=given.readme_file,
            static_dir=given.static_dir,
            picture_seconds=given.picture_seconds,
            render_style=given.render_style,
            cancel_gone=given.on_leave == "cancel",
        ),
    )


def bot_of(settings: Settings) -> Bot:
    """What variables tell of the bot."""
    given = settings.repeater
    born = given.birthday
    version = given.version or __version__
    return Bot(given.bot_name, version, (born.year, born.month, born.day), repeater_zone(settings))


def repeater_zone(settings: Settings) -> tzinfo | None:
    """The time zone of whoever chose none; None is the machine's."""
    offset = settings.repeater.timezone_offset
    if offset is not None:
        return zone_of(f"{offset:g}")
    return zone_of(settings.server.timezone) if settings.server.timezone else None


def _read(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        if file.stat().st_size > _LARGEST_FILE:
            log.warning("%s is too large for a list of names; nobody is called by it", file)
            return {}
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, so nobody is called by it: %s", file, error)
        return {}
    if not isinstance(found, dict):
        log.warning("%s is no JSON object, so nobody is called by it", file)
        return {}
    return {name: called for name, called in found.items() if isinstance(called, str) and called}
