"""What the README shows is so."""

import re
from pathlib import Path

from hubbub.platforms.onebot import adapter as adapter_module
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.segments import READERS
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_rules import ACTIONS
from tests.fakes.platform_host import FakeHost

README = (Path(adapter_module.__file__).parent / "README.md").read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_path_that_it_names_is_served() -> None:
    paths = {route.path for route in OneBotAdapter(OneBotSettings(), FakeHost().host).routes}
    shown = {path for path in named(README) if path.startswith("/") and path not in ("/api", "/event")}
    shown |= set(re.findall(r"ws://127\.0\.0\.1:8080(/[\w/]*)", README))
    assert len(shown) >= 4
    assert shown <= paths


def test_every_setting_that_it_names_exists() -> None:
    settings = set(OneBotSettings.model_fields)
    shown = {"forward_urls", "http_secret", "http_api_url", "accounts", "max_pending", "resend_unknown", "cards"}
    assert shown | {"max_frame_bytes", "max_length"} <= settings & named(README)
    assert "HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN" in README


def test_every_action_and_segment_is_listed() -> None:
    assert set(ACTIONS) - {"get_status"} <= named(README)
    assert {*READERS, "forward", "node"} <= named(README)


def test_every_file_is_listed() -> None:
    files = {path.name for path in Path(adapter_module.__file__).parent.glob("*.py")} - {"__init__.py"}
    assert files <= named(README)
