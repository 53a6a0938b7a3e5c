"""All prompts with names: the hub's, those of folders, those of the settings; of one name the later counts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hubbub.app.importing_repeater import PRESETS
from hubbub.conversations.presets import Presets, of_folder, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from hubbub.settings import Settings

log = logging.getLogger(__name__)


DEFAULT = "default"


def presets_of(settings: Settings) -> Presets:
    """As the files are now; what cannot be used of them is told in the log."""
    found = shipped()
    for folder in _folders(settings):
        more = of_folder(folder)
        for fault in more.faults:
            log.warning("%s", fault)
        found = found.with_more(more.texts)
    return found.with_more(settings.chat.personas)


def preset_of(settings: Settings) -> str:
    """The preset of whoever chose none: as the settings say, else a ``default`` that somebody put into a folder."""
    own = any((folder / f"{DEFAULT}.txt").is_file() for folder in _folders(settings))
    return settings.repeater.preset or (DEFAULT if own and not settings.chat.system_prompt else "")


def _folders(settings: Settings) -> list[Path]:
    more = settings.repeater.prompt_dir
    return [settings.server.data_dir / PRESETS, *([more] if more is not None else [])]
