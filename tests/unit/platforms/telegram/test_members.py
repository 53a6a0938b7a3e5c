"""Muting members and asking who runs a chat."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.events import Requested
from hubbub.core.identities import Author
from hubbub.core.messages import Button, Buttons, Face, Text
from hubbub.core.ports import CanListAdmins, CanMute
from hubbub.platforms.telegram.adapter import TelegramAdapter
from tests.contract.platform_suite import row
from tests.fakes.telegram import ADMIN, ALICE, DATE, OWNER, FakeTelegram, telegram
from tests.fakes.telegram import GROUP as CHAT
from tests.unit.platforms.telegram.test_sending import GROUP, PRIVATE, connected


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram() as server:
        yield server


async def test_a_silence_that_telegram_would_take_for_ever_is_lifted(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, host):
        await adapter.mute(GROUP, "20001", 1)
        (silence,) = fake.restricted
        assert int(silence["until_date"]) - time.time() >= 30
        assert not any(silence["permissions"].values())
        await host.until(lambda: len(fake.restricted) == 2)
        assert all(fake.restricted[1]["permissions"].values())


async def test_a_long_silence_is_telegrams_to_end(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        await adapter.mute(GROUP, "20001", 3600)
        await adapter.mute(GROUP, "20001", 0)
    assert [any(each["permissions"].values()) for each in fake.restricted] == [False, True]
    assert abs(int(fake.restricted[0]["until_date"]) - time.time() - 3600) < 60


@pytest.mark.parametrize(
    ("why", "key"),
    [
        ("not enough rights to restrict/unrestrict chat member", "act.mute.no_right"),
        ("user is an administrator of the chat", "act.mute.admin"),
        ("method is available for supergroup and channel chats only", "act.mute.only_groups"),
    ],
)
async def test_who_cannot_be_muted_is_told_why(fake: FakeTelegram, why: str, key: str) -> None:
    fake.restriction = why
    async with connected(fake) as (adapter, _):
        with pytest.raises(UserError) as caught:
            await adapter.mute(GROUP, "20001", 5)
        assert caught.value.user_text.key == key
        with pytest.raises(UserError):
            await adapter.mute(PRIVATE, "20001", 5)
        for room, user in ((GROUP, "nobody"), (Room("telegram", "10001", "group", "x"), "20001")):
            with pytest.raises(DeliveryError):
                await adapter.mute(room, user, 5)


async def test_who_runs_a_chat_is_asked_once_a_minute(fake: FakeTelegram) -> None:
    fake.admins = [OWNER, ADMIN]
    async with connected(fake) as (adapter, _):
        for _ in range(2):
            assert await adapter.admins(GROUP) == (
                Author("20001", "Alice Ng", "owner"),
                Author("10001", "Hub", "admin", is_bot=True),
            )
        with pytest.raises(UserError):
            await adapter.admins(PRIVATE)
        with pytest.raises(DeliveryError):
            await adapter.admins(Room("telegram", "5", "group", "-1"))
    assert len(fake.called("getChatAdministrators")) == 2


async def test_it_shows_its_abilities(fake: FakeTelegram) -> None:
    async with connected(fake) as (adapter, _):
        platform: TelegramAdapter = adapter
        assert isinstance(platform, CanMute)
        assert isinstance(platform, CanListAdmins)


async def test_an_edit_changes_the_buttons_too(fake: FakeTelegram) -> None:
    choice = Buttons(((Button("Yes", "/yes"),),))
    async with connected(fake) as (adapter, _):
        sent = await adapter.send(row(PRIVATE, "..."))
        await adapter.edit(PRIVATE, sent, (Text("Sure?"), choice))
        assert fake.keyboards[int(sent)] == [[{"text": "Yes", "callback_data": "/yes"}]]
        await adapter.edit(PRIVATE, sent, (Text("Sure?"),))
        assert fake.keyboards[int(sent)] == []
        await adapter.edit(PRIVATE, sent, (Text("Sure?"),))


async def test_a_sticker_goes_out_as_one_or_as_its_emoji(fake: FakeTelegram) -> None:
    sticker = Face("CAACAgIAAxkBAAEBIhVkRz1v8zYAAQ", "😀")
    async with connected(fake) as (adapter, _):
        await adapter.send(row(PRIVATE, (sticker,), 1))
        fake.wrong.append("unfetched")
        await adapter.send(row(PRIVATE, (sticker,), 2))
    assert fake.called("sendSticker")[0]["sticker"] == sticker.id
    assert list(fake.messages.values()) == ["", "😀"]


async def test_who_asks_to_join_is_let_in_or_turned_away(fake: FakeTelegram) -> None:
    fake.asking = {20001: "", 20002: ""}
    update = {"update_id": 5, "chat_join_request": {"chat": CHAT, "from": ALICE, "user_chat_id": 20001, "date": DATE}}
    async with connected(fake) as (adapter, host):
        fake.push(update)
        (asked,) = await host.count(1)
        assert isinstance(asked, Requested)
        assert (asked.kind, asked.ticket, asked.author.id, asked.room.id) == ("join", "20001", "20001", "-30001")
        await adapter.decide(asked.room, Decision("join", "20001", "20001", approve=True))
        await adapter.decide(asked.room, Decision("join", "20002", "20002", approve=False))
        with pytest.raises(DeliveryError) as error:
            await adapter.decide(asked.room, Decision("join", "9", "9", approve=True))
    assert error.value.permanent
    assert fake.asking == {20001: "approved", 20002: "declined"}
