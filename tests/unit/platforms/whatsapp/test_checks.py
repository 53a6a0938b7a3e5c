"""What `hubbub doctor` says of numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubbub.core.upkeep import Finding
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.checks import look
from tests.contract.test_whatsapp import settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.whatsapp import FakeWhatsApp, whatsapp

HERE = "https://hub.example/whatsapp/webhook"


@pytest.fixture
async def fake() -> AsyncIterator[FakeWhatsApp]:
    async with whatsapp() as server:
        server.more = {"webhook_configuration": {"application": HERE}}
        yield server


async def found(fake: FakeWhatsApp, public: str = "", **more: Any) -> list[Finding]:
    return [each async for each in look(settings(fake, **more), {"public_url": public})]


async def test_all_is_well(fake: FakeWhatsApp) -> None:
    assert [(each.outcome, each.text) for each in await found(fake)] == [
        ("ok", "is +49 170 999 (Hub) and can write"),
        ("ok", f"WhatsApp brings messages to {HERE}"),
    ]


@pytest.mark.parametrize(
    ("wrong", "text", "remedy"),
    [
        ({"access_token": "expired"}, "code 190", "put a new access_token"),
        ({"phone_number_id": "+49 170 999"}, "code 100", "phone_number_id the id that the app's page shows"),
        ({"api_base": "http://127.0.0.1:9"}, "cannot be reached", "can be reached from here"),
    ],
)
async def test_what_is_wrong_in_the_settings_is_named(
    fake: FakeWhatsApp, wrong: dict[str, str], text: str, remedy: str
) -> None:
    (finding,) = await found(fake, **wrong)
    assert finding.outcome == "fail"
    assert text in finding.text
    assert remedy in finding.remedy


async def test_a_setting_that_is_missing_is_named(fake: FakeWhatsApp) -> None:
    first, *_ = await found(fake, app_secret="")
    assert (first.outcome, first.text) == ("fail", "the settings lack app_secret")


@pytest.mark.parametrize(
    ("more", "outcome", "text"),
    [
        ({"health_status": {"can_send_message": "AVAILABLE"}}, "ok", "can write"),
        (
            {
                "health_status": {
                    "can_send_message": "BLOCKED",
                    "entities": [{"errors": [{"error_code": 141006, "error_description": "no payment"}]}],
                }
            },
            "fail",
            "cannot write to anybody: no payment",
        ),
        ({"health_status": {"can_send_message": "LIMITED", "entities": []}}, "warn", "it says no reason"),
        ({"quality_rating": "RED"}, "warn", "people complain"),
        ({"platform_type": "NOT_APPLICABLE"}, "fail", "not registered"),
    ],
)
async def test_whether_it_can_write(fake: FakeWhatsApp, more: dict[str, Any], outcome: str, text: str) -> None:
    fake.more |= more
    first, _ = await found(fake)
    assert first.outcome == outcome
    assert text in first.text


async def test_a_token_that_may_not_see_more_is_told_so(fake: FakeWhatsApp) -> None:
    fake.unmanaged = True
    (finding,) = await found(fake)
    assert (finding.outcome, "whatsapp_business_management" in finding.remedy) == ("warn", True)


@pytest.mark.parametrize(
    ("configured", "public", "outcome"),
    [
        ({}, "", "fail"),
        ({"application": "https://hub.example/elsewhere"}, "", "warn"),
        ({"application": "https://other.example/whatsapp/webhook"}, "https://hub.example", "warn"),
        ({"application": "https://x.example/", "phone_number": HERE}, "https://hub.example", "ok"),
    ],
)
async def test_where_messages_are_brought(
    fake: FakeWhatsApp, configured: dict[str, str], public: str, outcome: str
) -> None:
    fake.more["webhook_configuration"] = configured
    _, webhook, *_ = await found(fake, public)
    assert webhook.outcome == outcome


async def test_the_way_from_outside_is_tried(fake: FakeWhatsApp) -> None:
    adapter = WhatsAppAdapter(settings(fake), FakeHost().host)
    async with serving(adapter.routes) as address:
        assert (await found(fake, f"http://{address}"))[-1].outcome == "ok"
        wrong = (await found(fake, f"http://{address}", verify_token="another"))[-1]
        assert (wrong.outcome, "verify_token" in wrong.remedy) == ("fail", True)
    assert "not reached" in (await found(fake, f"http://{address}"))[-1].text
