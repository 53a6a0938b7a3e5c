"""Random pictures by tags, through a whole hub."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from tests.fakes.album import PICTURE, AlbumService, album_service
from tests.journeys.inside import inside

MENTIONS = "[manners]\nmention_in_groups = true\n"


def toml(service: AlbumService, *, local: bool = True, enabled: bool = True) -> str:
    networks = '[files]\nfetch_networks = ["127.0.0.0/8"]\n' if local else ""
    return f'{networks}[album]\nenabled = {str(enabled).lower()}\nurl = "{service.url}/setu/v2"\n'


async def test_a_picture_comes_as_a_bundle_where_there_are_bundles(tmp_path: Path) -> None:
    async with album_service() as service, inside(tmp_path, toml(service)) as hub, hub.peer() as qq:
        conduct = qq.peer.conduct
        qq.say("/涩图 猫，夜晚,  星 空", group=900)
        qq.say("/图")
        await qq.until_seen(2)
        group, private = sorted(conduct.shown, key=lambda each: each.kind)
        assert (conduct.calls["send_group_forward_msg"], conduct.calls["send_private_forward_msg"]) == (1, 1)
        words, picture = (node["data"]["content"] for node in group.message)
        assert words == [{"type": "text", "data": {"text": "tags:[猫, 夜晚, 星 空]\n《Night》作者：Mio"}}]
        assert base64.b64decode(picture[0]["data"]["file"].removeprefix("base64://")) == PICTURE
        assert private.message[0]["data"]["content"][0]["data"]["text"].startswith("tags:[cat, night]")
        told = await hub.post("/pic cat")
        assert [each["type"] for reply in told["replies"] for each in reply["segments"]] == ["forward"]
    assert not service.refused
    assert [each.get("tag") for each in service.wishes] == [["猫", "夜晚", "星 空"], None, ["cat"]]


async def test_a_bundle_mentions_nobody(tmp_path: Path) -> None:
    async with album_service() as service, inside(tmp_path, toml(service) + MENTIONS) as hub, hub.peer() as qq:
        qq.say("/图 cat", group=900)
        qq.say("/图 nothing", group=900)
        await qq.until_seen(2)
        bundle, words = qq.peer.conduct.shown
    assert [[each["type"] for each in node["data"]["content"]] for node in bundle.message] == [["text"], ["image"]]
    assert [each["type"] for each in words.message] == ["at", "text"]


async def test_nothing_that_is_asked_is_for_adults(tmp_path: Path) -> None:
    async with album_service(adult=True) as service, inside(tmp_path, toml(service)) as hub:
        for asked in ("/涩图 r18", "/pic R-18，cat", "/setu --r18 1"):
            assert await hub.told(asked) in ("该tag搜索不到图片，呜呜~", "No picture has these tags.")
    assert [each["r18"] for each in service.wishes] == [0, 0, 0]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"gone": True}, "找到了 Mio 的《Night》，但是图片取不到"),
    ({"gone": False, "kind": "text/html"}, "找到了 Mio 的《Night》，但是图片取不到"),
    ({"status": 503}, "图片服务暂时没有回应"),
    ({"status": 200, "raw": b"<html>"}, "图片服务暂时没有回应"),
    ({"raw": b'{"error": "secret words", "data": []}'}, "图片服务暂时没有回应"),
    ({"raw": b"9" * 2_000_000}, "图片服务暂时没有回应"),
    ({"raw": b'{"error": "", "data": [5, {"urls": 5}, {"urls": {"regular": "file:///etc/passwd"}}]}'}, "搜索不到"),
]


async def test_what_goes_wrong_is_said(tmp_path: Path) -> None:
    async with album_service() as service, inside(tmp_path, toml(service)) as hub:
        assert await hub.told("/图 nothing") == "该tag搜索不到图片，呜呜~"
        for conduct, said in WRONG:
            for key, value in conduct.items():
                setattr(service, key, value)
            told = await hub.told("/图 猫")
            assert said in told, conduct
            assert "secret" not in told
            assert bool(re.search(r"错误 [0-9a-f]{8}", told)) == ("搜索" not in said)


async def test_pictures_are_fetched_from_public_addresses_only(tmp_path: Path) -> None:
    async with album_service() as service, inside(tmp_path, toml(service, local=False)) as hub:
        assert "取不到" in await hub.told("/图 猫")


async def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    async with album_service() as service, inside(tmp_path, toml(service, enabled=False)) as hub:
        await hub.told("/图 猫")
        assert "/pic" not in await hub.told("/help")
    assert not service.wishes
