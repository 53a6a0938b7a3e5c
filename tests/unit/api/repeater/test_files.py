"""Pictures, the call log and files that are the same for everybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubbub.core.calls import ModelCall
from hubbub.core.errors import RenderError
from hubbub.core.pictures import Wish
from tests.unit.api.repeater.door import Door, door

# --- pictures


async def test_a_text_becomes_a_picture_that_can_be_fetched_for_a_while() -> None:
    async with door() as at:
        status, made = await at.ask("POST", "/render/u1", data={"text": "# hi", "style": "dark", "timeout": "5"})
        assert (status, made["style"], made["timeout"], made["text"]) == (200, "dark", 5, "# hi")
        assert list(made)[:6] == ["image_url", "file_uuid", "style", "timeout", "text", "create"]
        assert made["create"] == made["created"]
        assert made["create_ms"] == made["created_ms"] == int(made["create"] * 1000)
        assert at.pictures.drawn == [("# hi", Wish(style="dark"))]
        path = f"/file/render/{made['file_uuid']}.png"
        answer = await at.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        at.hub.store.files.kept = {name: (blob, 0.0) for name, (blob, _) in at.hub.store.files.kept.items()}
        assert await at.ask("GET", path) == (404, {"detail": "File not found"})


async def test_ones_own_title_stands_over_pictures() -> None:
    async with door() as at:
        at.say("u1", {"render_title": "Mine"}, kind="config")
        await at.ask("POST", "/render/u1", data={"text": "x"})
        assert at.pictures.drawn == [("x", Wish(style="light", title="Mine"))]


async def test_what_is_no_picture_is_not_there() -> None:
    async with door() as at:
        at.hub.store.files.kept["secret"] = at.hub.store.files.kept["repeater.x"] = (b"", 9e9)  # type: ignore[assignment]
        for name in ("nope", "x", "secret", "..%2Fsecret", "%00"):
            assert (await at.ask("GET", f"/file/render/{name}.png"))[0] == 404


async def test_pictures_have_styles() -> None:
    async with door() as at:
        wrong = await at.ask("POST", "/render/u1", data={"text": "x", "style": "plaid"})
        assert wrong == (400, {"detail": "Invalid style"})
        assert (await at.ask("POST", "/render/u1", data={"text": "x", "timeout": "soon"}))[0] == 422
        assert (await at.ask("POST", "/render/u1", json={"text": "x"}))[1]["style"] == "light"
        at.pictures.broken = RenderError("it is too long")
        refused = await at.ask("POST", "/render/u1", data={"text": "x"})
        assert refused == (400, {"detail": "No picture can be made of this text: it is too long"})
        at.pictures.broken = None
        at.say("u1", {"render_style": "plaid"}, kind="config")
        await at.ask("POST", "/chat/completion/u1", data={"message": "x", "rendering": "1"})
        assert at.pictures.drawn[-1][1].style == "light"


# --- the call log


async def logged(at: Door, count: int) -> list[dict[str, object]]:
    records: list[dict[str, object]] = [{"id": f"cid-{at}", "user_id": f"u{at % 2}"} for at in range(count)]
    await at.hub.store.calls.add(
        [ModelCall(f"u{at % 2}", f"m{at % 3}", float(at), record) for at, record in enumerate(records)]
    )
    return records


@pytest.mark.parametrize("count", [0, 1, 1234])
async def test_all_calls_are_listed_however_many(count: int) -> None:
    async with door() as at:
        records = await logged(at, count)
        assert await at.ask("GET", "/calllog") == (200, records)
        answer = await at.client.get("/calllog/stream")
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
        assert [json.loads(line) for line in answer.text.splitlines()] == records
        assert answer.text.endswith("\n") == bool(count)


async def test_calls_are_found_by_user_model_and_time() -> None:
    async with door() as at:
        records = await logged(at, 12)
        for query, found in (
            ({"user_id": "u1"}, records[1::2]),
            ({"model": "m2"}, records[2::3]),
            ({"since": 3, "until": 5}, records[3:5]),
            ({"user_id": "u1", "model": "m0", "since": 4}, [records[9]]),
            ({"since": "nan"}, records),
        ):
            assert await at.ask("GET", "/calllog", params=query) == (200, found), query


async def test_calls_are_found_by_the_id_that_a_path_would_have() -> None:
    async with door(client="203.0.113.7") as at:
        await at.hub.store.calls.add([ModelCall("Group_1_2", "m", 1.0, {"user_id": "Group:1:2"})])
        for token in (await at.token("repeater"), await at.token("messages", owner="Group:1:2")):
            for user in ("Group:1:2", "Group_1_2"):
                found = await at.ask("GET", "/calllog", params={"user_id": user}, headers=token)
                assert found == (200, [{"user_id": "Group:1:2"}])


async def test_a_users_token_reads_the_users_calls_only() -> None:
    async with door(client="203.0.113.7") as at:
        records = await logged(at, 6)
        token = await at.token("messages", owner="u1")
        assert await at.ask("GET", "/calllog", headers=token) == (200, records[1::2])
        assert (await at.ask("GET", "/calllog", params={"user_id": "u0"}, headers=token))[0] == 403


# --- files


async def test_the_readme_is_the_owners_or_the_list_of_routes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# 复读机", encoding="utf-8")
    async with door(readme_file=tmp_path / "README.md") as at:
        answer = await at.client.get("/readme.md")
        assert (answer.headers["content-type"], answer.text) == ("text/markdown; charset=utf-8", "# 复读机")
    async with door(readme_file=tmp_path / "none.md") as at:
        assert await at.ask("GET", "/readme.md") == (404, {"detail": "README.md not found"})
    async with door() as at:
        assert "POST /chat/completion/{user_id}" in (await at.client.get("/readme.md")).text


async def test_static_files_stay_in_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "a.css").write_text("a {}")
    (folder / "favicon.ico").write_bytes(b"icon")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    async with door(static_dir=folder) as at:
        answer = await at.client.get("/static/css/a.css")
        assert (answer.text, answer.headers["content-type"].partition(";")[0]) == ("a {}", "text/css")
        assert (await at.client.get("/favicon.ico")).content == b"icon"
        for path in ("none", "css", "..%2Fsecret", "%2e%2e/secret", "%2Fetc%2Fpasswd", "link", "%00", "a" * 5000):
            assert await at.ask("GET", f"/static/{path}") == (404, {"detail": "File not found"}), path
    async with door() as at:
        assert (await at.ask("GET", "/static/css/a.css"))[0] == 404
        icon = await at.client.get("/favicon.ico")
        assert icon.content.startswith(b"\0\0\1\0")
        assert b"\x89PNG" in icon.content
