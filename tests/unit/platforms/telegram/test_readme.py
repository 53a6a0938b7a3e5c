"""What the README shows is so."""

import re
from pathlib import Path

from hubbub.platforms.telegram import adapter as adapter_module
from hubbub.platforms.telegram.settings import TelegramSettings

README = (Path(adapter_module.__file__).parent / "README.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_setting_that_it_names_exists() -> None:
    shown = {
        "webhook_url",
        "webhook_certificate",
        "token",
        "api_base",
        "api_folder",
        "max_file_bytes",
        "resend_unknown",
    }
    assert shown <= set(TelegramSettings.model_fields) & named(README)


def test_every_file_is_listed() -> None:
    files = {path.name for path in Path(adapter_module.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert files <= named(README)
