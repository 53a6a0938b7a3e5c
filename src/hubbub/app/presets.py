"""All prompts with names: the hub's, those of folders, those of the settings; of one name the later counts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hubbub.app.importing_repeater import PRESETS
from hubbub.conversations.presets import Presets, of_folder, shipped

if TYPE_CHECKING:
    from hubbub.settings import Settings

log = logging.getLogger(__name__)


def presets_of(settings: Settings) -> Presets:
    """As the files are now; what cannot be used of them is told in the log."""
    found = shipped()
    folders = [settings.server.data_dir / PRESETS]
    if settings.repeater.prompt_dir is not None:
        folders.append(settings.repeater.prompt_dir)
    for folder in folders:
        more = of_folder(folder)
        for fault in more.faults:
            log.warning("%s", fault)
        found = found.with_more(more.texts)
    return found.with_more(settings.chat.personas)
