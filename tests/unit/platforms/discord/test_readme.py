"""What the README shows is so."""

import re
from pathlib import Path

from hubbub.platforms.discord import adapter as adapter_module
from hubbub.platforms.discord.settings import DiscordSettings

README = (Path(adapter_module.__file__).parent / "README.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_setting_that_it_names_exists() -> None:
    shown = {"shards"}
    assert shown <= set(DiscordSettings.model_fields) & named(README)


def test_every_file_is_listed() -> None:
    files = {path.name for path in Path(adapter_module.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert files <= named(README)
