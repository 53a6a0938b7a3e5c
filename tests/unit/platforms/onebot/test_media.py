"""Files that the hub keeps go out with their content."""

from __future__ import annotations

import pytest

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Blob, File, Image, Media, Text
from hubbub.platforms.onebot.media import brought, has_kept
from tests.fakes.platform_host import MemoryFiles


async def test_a_kept_picture_is_sent_with_its_content() -> None:
    files = MemoryFiles()
    url = await files.keep(Blob(b"PNG", "image/png"), 60)
    message = (Text("a"), Image(Media(url, name="x.png")), Image(Media("https://example.com/y.png")))
    assert has_kept(message)
    assert not has_kept((Text("a"), Image(Media("https://example.com/y.png"))))
    text, picture, other = await brought(message, files)
    assert (text, other) == (message[0], message[2])
    assert picture == Image(Media("data:image/png;base64,UE5H", name="x.png"))


async def test_one_that_is_gone_is_told_in_words() -> None:
    assert await brought((Image(Media("hub:gone"), alt="**words**"),), MemoryFiles()) == (Text("words", verbatim=True),)


async def test_a_file_that_is_gone_is_certainly_not_sent() -> None:
    with pytest.raises(DeliveryError) as caught:
        await brought((File(Media("hub:gone")),), MemoryFiles())
    assert (caught.value.certain, caught.value.permanent) == (True, True)
