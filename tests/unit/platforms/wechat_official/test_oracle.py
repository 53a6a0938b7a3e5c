"""`wechatpy` reads the fixtures as we do, and our replies as we mean them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wechatpy import parse_message
from wechatpy.replies import deserialize_reply

from hubbub.platforms.wechat_official.wire import Article, Reply, written

FIXTURES = Path(__file__).parents[3] / "fixtures" / "wechat_official"
CASES = [case for name in ("messages", "events") for case in json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_fixtures(case: dict[str, Any]) -> None:
    theirs, ours = parse_message(case["payload"]), case["event"]
    assert theirs.source == ours["author"]["id"] == ours["room"]["id"]
    assert theirs.time == ours["time"]
    if theirs.type == "event":
        assert theirs.event in (ours.get("kind", ""), "click", "subscribe", "subscribe_scan", "unsubscribe")
        assert ours["type"] != "received" or ours["message"][0]["text"] == theirs.key
        return
    assert str(theirs.id) == ours["id"]
    said = ours.get("message", [{}])[0]
    known: dict[str, Callable[[], bool]] = {
        "text": lambda: said["text"] == theirs.content,
        "image": lambda: (said["media"]["url"], said["media"]["file_id"]) == (theirs.image, f"main/{theirs.media_id}"),
        "voice": lambda: (
            said["media"] | {"mime": f"audio/{theirs.format}", "file_id": f"main/{theirs.media_id}"} == said["media"]
        ),
        "video": lambda: said["media"]["file_id"] == f"main/{theirs.media_id}",
        "shortvideo": lambda: said["media"]["file_id"] == f"main/{theirs.media_id}",
        "location": lambda: (
            (said["latitude"], said["longitude"]) == (float(theirs.location_x), float(theirs.location_y))
        ),
        "link": lambda: (said["url"], said["title"], said["summary"]) == (theirs.url, theirs.title, theirs.description),
    }
    check = known.get(str(theirs.type))
    assert check() if check is not None else ours["type"] == "noticed"
    if theirs.type == "voice" and theirs.recognition:
        assert ours["message"][1]["text"] == theirs.recognition


@pytest.mark.parametrize(
    "reply",
    [
        Reply("text", "第一行\n<b> & ]]> end"),
        Reply("image", media_id="m-1"),
        Reply("voice", media_id="m-2"),
        Reply("video", media_id="m-3", title="t", text="d"),
        Reply("news", articles=(Article("t", "d", "https://example.org/p.png", "https://example.org"),) * 2),
    ],
    ids=lambda reply: str(reply.kind),
)
def test_replies(reply: Reply) -> None:
    theirs = deserialize_reply(written(reply, "oUser", "gh_1", 1_760_000_000))
    assert (theirs.target, theirs.source, theirs.time, theirs.type) == ("oUser", "gh_1", 1_760_000_000, reply.kind)
    if reply.kind == "text":
        assert theirs.content == reply.text
    elif reply.kind == "news":
        assert [(each["title"], each["url"]) for each in theirs.articles] == [("t", "https://example.org")] * 2
    else:
        assert theirs.media_id == reply.media_id
