"""Long answers as several messages: none is too long, code stays code, nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubbub.bridge.translate import fit
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import Message, Text
from hubbub.platforms.discord.adapter import DiscordAdapter
from hubbub.platforms.discord.calls import LONGEST, drafts
from hubbub.platforms.discord.settings import DiscordSettings
from tests.fakes.discord_payloads import TOKEN
from tests.fakes.platform_host import FakeHost
from tests.unit.platforms.discord.test_discord import ROOM

LINES = [f"print({number})  # said in line {number}" for number in range(300)]
CODE = "Look:\n\n```python\n" + "\n".join(LINES) + "\n```\n\nThat *was* it."


def capabilities() -> Capabilities:
    given_settings = DiscordSettings.model_validate({"token": TOKEN})
    return DiscordAdapter(given_settings, FakeHost().host).capabilities(ROOM)


def contents(message: Message) -> list[str]:
    return [draft.content for part in fit(message, capabilities()) for draft in drafts(part)]


def test_code_is_cut_between_lines_and_stays_code() -> None:
    found = contents((Text(CODE),))
    assert len(found) > 4
    assert all(len(each) <= LONGEST for each in found)
    assert all(each.count("```") == 2 for each in found), "a fence that is cut is closed, and opened again"
    assert all("```python\n" in each for each in found)
    assert re.findall(r"^print.*$", "\n".join(found), re.MULTILINE) == LINES
    assert (found[0][:5], found[-1].rpartition("```")[2].strip()) == ("Look:", "That *was* it.")


@pytest.mark.parametrize("sign", ["*", "_", "`", "|", "#", ">", "\\", "~", "<", "[x]"])
@pytest.mark.parametrize("verbatim", [False, True])
def test_signs_that_need_a_backslash_make_no_message_too_long(sign: str, verbatim: bool) -> None:
    found = contents((Text(sign * 5000, verbatim=verbatim),))
    assert found
    assert all(len(each) <= LONGEST for each in found)


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="ab *_`~|#>\\\n😀[](){}1.-", max_size=400), max_size=30), st.booleans())
def test_no_message_is_too_long_or_empty(pieces: list[str], verbatim: bool) -> None:
    text = "\n\n".join(pieces)
    assume(text)
    for each in contents((Text(text, verbatim=verbatim),)):
        assert 0 < len(each.strip()) <= len(each) <= LONGEST
