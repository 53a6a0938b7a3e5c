"""Documents go out by an action of their own."""

from __future__ import annotations

from collections import deque

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import File, Media, Message, Text
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.onebot.adapter import OneBotAdapter
from tests.fakes.onebot_peer import Conduct, Fault
from tests.unit.platforms.onebot.test_acts import GROUP, PRIVATE, connected

PAPER = File(Media("data:application/pdf;base64,JVBERg==", name="a.pdf"))


async def sent(platform: OneBotAdapter, room: Room, *message: Text | File) -> str:
    found: Message = message
    return await platform.send(Row(1, Outgoing(room, found), "key", State.SENDING))


async def test_words_first_then_each_file() -> None:
    conduct = Conduct()
    async with connected(conduct) as platform:
        assert platform.capabilities(GROUP).files
        assert await sent(platform, GROUP, Text("here"), PAPER, PAPER) == "5001"
        assert await sent(platform, PRIVATE, PAPER) == "file-3"
    upload = {"file": "base64://JVBERg==", "name": "a.pdf"}
    assert [each.text for each in conduct.shown] == ["here"]
    assert conduct.uploads == [upload | {"group_id": 30001}] * 2 + [upload | {"user_id": 20001}]


async def test_an_implementation_that_takes_none_shows_the_name() -> None:
    conduct = Conduct(missing=frozenset({"upload_group_file"}))
    async with connected(conduct) as platform:
        assert await sent(platform, GROUP, PAPER) == "5001"
    assert [each.text for each in conduct.shown] == ["📎 a.pdf"]


@pytest.mark.parametrize(("words", "certain"), [((), True), ((Text("here"),), False)])
async def test_half_a_message_is_in_doubt(words: tuple[Text, ...], certain: bool) -> None:
    conduct = Conduct(faults=deque([Fault("silent", action="upload_group_file")] if words else []))
    async with connected(conduct, 0.3 if words else 10.0) as platform:
        with pytest.raises(DeliveryError) as error:
            await sent(platform, GROUP, *words, PAPER if words else File(Media(name="no address")))
    assert error.value.certain is certain
