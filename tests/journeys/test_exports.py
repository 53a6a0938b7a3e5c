"""Conversations as files: by the command and by the API, in every format."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.journeys.inside import Inside, inside

QUESTIONS = ("你好 😀 $x^2$", "second | question", "third")


async def talked(hub: Inside, owner: str = "anna") -> None:
    for question in QUESTIONS:
        await hub.post(question, owner=owner)


async def got(hub: Inside, query: str, owner: str = "anna", status: int = 200) -> tuple[bytes, str]:
    async with hub.http.get(f"/api/v1/owners/{owner}/export{query}") as response:
        assert response.status == status, await response.text()
        return await response.read(), response.headers.get("Content-Disposition", "")


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


async def test_a_pdf_has_text_an_outline_and_page_numbers(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await talked(hub)
        data, name = await got(hub, "?format=pdf&language=zh")
        assert name.endswith(".pdf")
        reader = PdfReader(BytesIO(data))
        words = text_of(data)
        for expected in ("你好", "😀", "LLM-OK third", "1 / 1", "对话记录"):
            assert expected in words
        assert len(reader.outline) == 2 * len(QUESTIONS)
        assert reader.metadata is not None
        assert reader.metadata.title == "对话记录"


@pytest.mark.parametrize(
    ("form", "kind", "piece"),
    [("markdown", "text/markdown", "## You"), ("html", "text/html", "<h2"), ("json", "application/json", '"role"')],
)
async def test_other_formats(tmp_path: Path, form: str, kind: str, piece: str) -> None:
    async with inside(tmp_path) as hub:
        await talked(hub)
        async with hub.http.get(f"/api/v1/owners/anna/export?format={form}") as response:
            assert response.content_type == kind
            text = await response.text()
        assert piece in text
        assert "LLM-OK second" in text
        assert ("<script" in text, "http://" in text) == (False, False)


async def test_some_turns_or_another_conversation(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await talked(hub)
        await hub.told("/new")
        await hub.post("a fresh one")
        some, _ = await got(hub, "?format=json&conversation=1&turns=3-4")
        turns = json.loads(some)["conversations"][0]["turns"]
        assert [turn["content"] for turn in turns] == ["second | question", "LLM-OK second | question"]
        everything, name = await got(hub, "?format=pdf&conversation=all")
        assert "LLM-OK a fresh one" in text_of(everything)
        assert "LLM-OK third" in text_of(everything)
        assert "hubbub-all-" in name
        await got(hub, "?conversation=7", status=404)
        await got(hub, "?turns=9-1", status=404)
        await got(hub, "?format=exe", status=422)


async def test_the_command_sends_a_pdf(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await talked(hub)
        for command in ("/export pdf", "@export", "/export pdf 3-4"):
            files = [
                segment["media"]
                for reply in (await hub.post(command))["replies"]
                for segment in reply["segments"]
                if segment["type"] == "file"
            ]
            assert [each["mime"] for each in files] == ["application/pdf"], command
            assert files[0]["name"].startswith("hubbub-")
            async with hub.http.get(files[0]["url"]) as response:
                assert "LLM-OK second" in text_of(await response.read())


async def test_export_after_a_fresh_start_means_what_was_before(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await talked(hub)
        await hub.told("/new")
        replies = (await hub.post("@export"))["replies"]
        assert any(segment["type"] == "file" for reply in replies for segment in reply["segments"])


async def test_a_room_without_files_is_told_or_gets_a_link(tmp_path: Path) -> None:
    without = "[platforms.onebot]\nuploads = false\n"
    async with inside(tmp_path, without) as hub, hub.peer() as people:
        people.say("hello")
        await people.until_seen(1)
        people.say("/export pdf")
        assert "takes no files" in (await people.until_seen(2))[1]
    public = without + '[server]\npublic_url = "https://hub.example"\n'
    async with inside(tmp_path, public) as hub, hub.peer() as people:
        people.number = 10
        people.say("/export pdf")
        told = (await people.until_seen(1))[0]
        path = told.partition("https://hub.example")[2].strip()
        async with hub.http.get(path) as response:
            assert "LLM-OK hello" in text_of(await response.read())
