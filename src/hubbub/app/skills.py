"""The tools that the settings let models use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hubbub.core.errors import ConfigError
from hubbub.core.ports import CanFetch, SkillHost
from hubbub.skills.calling import SkillRules, Skills, Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from hubbub.commands.access.gate import Gate
    from hubbub.conversations.limits import Meter
    from hubbub.core.addresses import Room
    from hubbub.core.messages import Blob, Media
    from hubbub.core.ports import Files, Painter, Platform, Skill
    from hubbub.settings import Settings

# What the services' own interface takes as a name of a function.
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def build_skills(settings: Settings, painter: Painter | None, around: Surroundings, meter: Meter) -> Skills | None:
    """Those that are named; None where none is. Raises ConfigError."""
    given = settings.skills
    if not given.on:
        return None
    from hubbub.settings.plugins import find_skills  # noqa: PLC0415 - loaded on first use

    host, plugins = SkillHost(painter, settings.painting.seconds, settings.environ), find_skills()
    built: list[Skill] = []
    for name in dict.fromkeys(given.on):
        plugin = plugins.get(name)
        if plugin is None:
            message = f"skills.on names {name!r}, which is no tool; there are: {', '.join(sorted(plugins))}"
            raise ConfigError(message)
        skill = plugin.builder(host)
        if skill.card.name != name or not _NAME.fullmatch(name):
            message = f"the tool {name!r} calls itself {skill.card.name!r}; update or remove the package that adds it"
            raise ConfigError(message)
        built.append(skill)
    rules = SkillRules(frozenset(given.unasked), given.rounds, given.calls, given.seconds, given.characters)
    return Skills(built, rules, around, meter)


def surroundings(platforms: Mapping[str, Platform], files: Files, gate: Gate, zone: tzinfo | None) -> Surroundings:
    """The hub around skills; the platforms may still come."""

    def shows(room: Room) -> bool:
        platform = platforms.get(room.platform)
        return platform is not None and platform.capabilities(room).images

    async def fetch(room: Room, media: Media) -> Blob:
        platform: object = platforms.get(room.platform)
        if not media.url and isinstance(platform, CanFetch):
            return await platform.fetch(media)
        return await files.fetch(media)

    return Surroundings(gate.role, shows, fetch, files, zone)
