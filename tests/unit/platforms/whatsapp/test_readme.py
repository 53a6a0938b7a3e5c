"""What the README shows is so."""

import re
from pathlib import Path

from hubbub.platforms.whatsapp import adapter as adapter_module
from hubbub.platforms.whatsapp.settings import WhatsAppSettings

README = (Path(adapter_module.__file__).parent / "README.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_setting_that_it_names_exists() -> None:
    shown = {
        "phone_number_id",
        "app_secret",
        "verify_token",
        "template",
        "template_language",
        "template_variables",
        "resend_unknown",
        "read_marks",
    }
    assert shown <= set(WhatsAppSettings.model_fields) & named(README)


def test_every_file_is_listed() -> None:
    files = {path.name for path in Path(adapter_module.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert files <= named(README)
