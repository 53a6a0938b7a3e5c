"""When WhatsApp is on, and what it cannot do without."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.core.errors import ConfigError
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.plugin import PLUGIN
from hubbub.platforms.whatsapp.settings import WhatsAppSettings
from tests.fakes.platform_host import FakeHost

WHOLE = {"phone_number_id": "1", "access_token": "t", "app_secret": "s", "verify_token": "v"}


def given(**values: Any) -> WhatsAppSettings:
    return WhatsAppSettings.model_validate(values)


def test_it_is_on_when_there_is_a_number() -> None:
    assert not PLUGIN.enabled(given(), {})
    assert PLUGIN.enabled(given(**WHOLE), {})
    assert PLUGIN.enabled(given(accounts=[{"phone_number_id": "2"}]), {})
    assert not PLUGIN.enabled(given(**WHOLE, enabled=False), {})


def test_a_number_has_its_own_token_or_that_of_the_section() -> None:
    found = given(**WHOLE, accounts=[{"phone_number_id": "2"}, {"phone_number_id": "3", "access_token": "own"}])
    assert [each.access_token.get_secret_value() for each in found.numbers] == ["t", "t", "own"]


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_what_is_missing_is_named(name: str) -> None:
    values = {key: value for key, value in WHOLE.items() if key != name}
    with pytest.raises(ConfigError, match=name):
        WhatsAppAdapter(given(**values, enabled=True), FakeHost().host)
