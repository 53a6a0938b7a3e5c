from __future__ import annotations

from datetime import UTC

import pytest

from hubbub.conversations.limits import Limits, Meter
from hubbub.conversations.zones import zone_of
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.work import Spend
from tests.fakes.memory import MemoryConversations, MemoryUsage

NOW = 1_769_860_800.0  # 2026-01-31 12:00 UTC
DAY = "2026-01-31"
HALF_A_DAY = Phrase("limit.hours", {"hours": 12, "minutes": 0})


def day_of(key: str, limit: int, when: Phrase = HALF_A_DAY) -> Phrase:
    """What is said when a limit of the day is reached."""
    return Phrase(key, {"limit": limit, "when": when})


class Metered:
    def __init__(self, own: dict[str, Limits] | None = None, **limits: int) -> None:
        self.now = NOW
        self.usage = MemoryUsage(MemoryConversations())
        self.meter = Meter(self.usage, Limits(**limits), lambda: self.now, UTC, own)

    async def refusal(self, owner: str = "o", tokens: int = 0) -> Phrase | None:
        try:
            async with self.meter.hold(owner, tokens):
                return None
        except UserError as error:
            return error.user_text


def test_days_begin_in_the_hubs_zone() -> None:
    usage = MemoryUsage(MemoryConversations())
    for zone, today in (("UTC", "2026-01-31"), ("+14", "2026-02-01"), ("-13", "2026-01-30")):
        assert Meter(usage, Limits(), lambda: NOW, zone_of(zone)).today() == today


async def test_no_limit_asks_nobody() -> None:
    metered = Metered()
    metered.usage.reserve = None  # type: ignore[method-assign, assignment]
    assert await metered.refusal() is None
    assert not metered.meter.paced("o")
    assert await metered.meter.pace("o") is None
    assert metered.meter.too_long("o", "x" * 10_000_000) is None


async def test_messages_of_a_day() -> None:
    metered = Metered(messages_per_day=2)
    await metered.usage.add(Spend("o", "2026-01-30", 50))
    for _ in range(2):
        assert await metered.refusal() is None
        await metered.usage.add(Spend("o", DAY, 1))
    assert await metered.refusal() == day_of("limit.messages", 2, HALF_A_DAY)
    assert await metered.refusal("other") is None
    metered.now += 43_200 - 59 * 60
    assert await metered.refusal() == day_of("limit.messages", 2, Phrase("limit.minutes", {"hours": 0, "minutes": 59}))
    metered.now += 59 * 60 - 1
    assert await metered.refusal() == day_of("limit.messages", 2, Phrase("limit.minutes", {"hours": 0, "minutes": 1}))
    metered.now += 1
    assert await metered.refusal() is None


async def test_tokens_of_a_day_are_of_both_kinds() -> None:
    metered = Metered(tokens_per_day=100)
    await metered.usage.add(Spend("o", DAY, 1, 60, 39))
    assert await metered.refusal(tokens=5000) is None
    await metered.usage.add(Spend("o", DAY, 1, 1))
    assert await metered.refusal() == day_of("limit.tokens", 100)


async def test_questions_under_way_count_too() -> None:
    metered = Metered(messages_per_day=3, tokens_per_day=100)
    async with metered.meter.hold("o", 60):
        async with metered.meter.hold("o", 60):
            assert await metered.refusal() == day_of("limit.tokens", 100)
            assert await metered.refusal("other") is None
        async with metered.meter.hold("o", 1), metered.meter.hold("o", 1):
            assert await metered.refusal() == day_of("limit.messages", 3)
    with pytest.raises(ZeroDivisionError):
        async with metered.meter.hold("o", 1000):
            raise ZeroDivisionError
    assert await metered.refusal() is None


async def test_single_owners_have_limits_of_their_own() -> None:
    own = {"rich": Limits(), "poor": Limits(messages_per_day=1)}
    metered = Metered(own, messages_per_day=2, message_characters=10)
    for owner in ("rich", "poor", "o"):
        await metered.usage.add(Spend(owner, DAY, 1))
    assert await metered.refusal("poor") == day_of("limit.messages", 1)
    assert await metered.refusal("o") is None
    own["poor"] = Limits(messages_per_day=5)
    assert await metered.refusal("poor") is None
    assert metered.meter.too_long("o", "x" * 11) == Phrase("limit.characters", {"limit": 10, "characters": 11})
    assert metered.meter.too_long("o", "x" * 10) is None
    assert metered.meter.too_long("rich", "x" * 11) is None


async def test_messages_of_a_minute() -> None:
    metered = Metered(messages_per_minute=6)
    assert [await metered.meter.pace("o") for _ in range(6)] == [None] * 6
    assert await metered.meter.pace("o") == Phrase("limit.minute", {"limit": 6, "seconds": 10})
    assert await metered.meter.pace("o") is False, "said once"
    assert await metered.meter.pace("other") is None
    metered.now += 10
    assert await metered.meter.pace("o") is None
    metered.now += 4
    assert await metered.meter.pace("o") == Phrase("limit.minute", {"limit": 6, "seconds": 6})
    metered.now -= 3600
    assert await metered.meter.pace("o") is False, "a clock that is set back gives nothing"
    metered.now += 7200
    assert [await metered.meter.pace("o") is None for _ in range(7)] == [True] * 6 + [False]


async def test_many_owners_are_not_kept_for_ever() -> None:
    metered = Metered(messages_per_minute=1)
    for number in range(10_050):
        assert await metered.meter.pace(str(number)) is None
        assert await metered.meter.pace(str(number)) is not None
    assert len(metered.meter._told) == 10_000
