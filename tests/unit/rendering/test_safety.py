"""What people write is shown, never done: no code, no file, no network, whatever the text is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.core.errors import RenderError
from hubbub.core.pictures import Look
from hubbub.rendering import sources
from hubbub.rendering.literals import literal
from hubbub.rendering.renderer import RenderRules, TypstRenderer
from hubbub.rendering.typesetting import Broken, TooLong, Typesetter, Unset
from tests.unit.rendering.drawn import drawn, ink, job

CODE = [
    '#read("/etc/passwd")',
    '#eval("1+1")',
    "#panic()",
    '#image("x.png")',
    "#while true {}",
    '") + read("x',
    "#{",
    "$#x$",
]


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize(
    "form", ["{}", "`{}`", "```\n{}\n```", "# {}", "- {}", "> {}", "| {} |\n|---|\n| {} |", "[{}](x)"]
)
def test_code_is_shown_as_it_is_written(typesetter: Typesetter, code: str, form: str) -> None:
    text = form.replace("{}", code.replace("|", "/"))
    assert drawn(typesetter, text).height > 50
    source = sources.picture(job(text)).code.decode()
    assert code not in _without_literals(source)


def _without_literals(source: str) -> str:
    kept, inside, index = [], False, source.index("#sheet({")
    while index < len(source):
        if inside and source[index] == "\\":
            index += 2
            continue
        if source[index] == '"':
            inside = not inside
        elif not inside:
            kept.append(source[index])
        index += 1
    return "".join(kept)


def test_html_is_text(typesetter: Typesetter) -> None:
    seen, words = [
        ink(drawn(typesetter, text)).tobytes()
        for text in ("<b>x</b><script>1</script>", "\\<b>x\\</b>\\<script>1\\</script>")
    ]
    assert seen == words


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that nobody should come to."""
    came: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append((await reader.readline()).decode(errors="replace"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came


async def test_nothing_is_fetched_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    renderer = TypstRenderer(RenderRules(seconds=20))
    async with canary() as (url, came):
        try:
            for text in (
                f"![alt]({url}/a.png) <img src='{url}/b.png'> [x]({url}) {url} ![]({secret}) ![](file://{secret})",
                f'#image("{secret}") #import "{url}/x.typ" $ #read("{secret}") $ $std.read("{secret}")$',
            ):
                (picture,) = await renderer.pictures(text, Look())
                assert picture.data.startswith(b"\x89PNG")
        finally:
            await renderer.close()
        assert came == []


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="the system has no such limits, or does not tell")
async def test_a_worker_can_open_nothing_and_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    renderer = TypstRenderer()
    try:
        await renderer.pictures("x", Look())
        (pid,) = renderer.processes
        limits = await asyncio.to_thread(Path(f"/proc/{pid}/limits").read_text)
        assert any(line.split()[:4] == ["Max", "open", "files", "0"] for line in limits.splitlines())
        environment = await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)
        assert b"sk-canary" not in environment
        open_files = await asyncio.to_thread(os.listdir, f"/proc/{pid}/fd")
        assert len(open_files) < 12
    finally:
        await renderer.close()


SIGNS = (
    *(
        "$",
        "$$",
        "\\(",
        "\\[",
        "```",
        "|",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "[^1]",
        "[",
        "](",
        "![",
        "**",
        "*",
        "~~",
    ),
    *(
        "\\frac{",
        "}",
        "\\text{",
        "\\begin{pmatrix}",
        "&",
        "\\\\",
        "#",
        '"',
        "\\",
        "\x00",
        "\u202e",
        "😀",
        "🏳️‍🌈",
        "中",
        "ع",
    ),
    *(
        "`",
        "|---|---|",
        "<b>",
        "https://x.y/",
        "\ufeff",
        "\u200d",
        "e\u0301\u0301",
        "\t",
        "    ",
        "\r\n",
        "- [ ] ",
        "\\ce{",
    ),
)
PIECES = st.one_of(st.text(max_size=12), st.sampled_from(SIGNS))
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def draw_in_time(typesetter: Typesetter, text: str) -> None:
    begin = time.process_time()
    try:
        typesetter.pictures(job(text))
    except Broken:
        pass  # the library's own fault: its worker ends, and the reply goes out as text
    except (Unset, TooLong) as error:
        pytest.fail(f"no picture of {text!r}: {error}")
    assert time.process_time() - begin < 2.0, text


def test_any_text_becomes_a_picture(typesetter: Typesetter) -> None:
    @settings(max_examples=100)
    @given(TEXTS)
    def any_text(text: str) -> None:
        draw_in_time(typesetter, text)

    any_text()


# Over this typst 0.15 falls where the direction is turned by force.
FALL = "\u0b3b櫒🚡᧤\U00094ba2撧=\u202e#袗\u177eᚾӮ🙁🏙\U000a47df\U000362d4\u17d2"


def test_what_typst_falls_over_is_drawn_without_it(typesetter: Typesetter) -> None:
    assert drawn(typesetter, FALL).height > 50


def test_a_fall_of_the_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    class Falling:
        def compile(self, **_: object) -> bytes:
            raise PanicException

    broken = Typesetter()
    monkeypatch.setattr(broken, "_compiler", Falling())
    with pytest.raises(Broken):
        broken.pictures(job("x"))


@given(st.text())
def test_a_literal_ends_where_it_should(text: str) -> None:
    code = literal(text)
    assert code[0] == code[-1] == '"'
    assert '"' not in code[1:-1].replace("\\\\", "").replace('\\"', "")
    assert "\n" not in code


@pytest.mark.parametrize(
    "text",
    [
        ">" * 5000 + " x",
        "- " * 3000,
        "*" * 20_000,
        "[" * 5000,
        "`" * 5000,
        "|" * 3000 + "\n" + "|-" * 3000,
        "$" * 5000,
        "\\(" * 3000,
        "![](" * 3000,
        "a" * 50_000,
        "字" * 20_000,
        "😀" * 3000,
        "[^1]" * 1000 + "\n\n[^1]: x",
        "```\n" * 500,
        "$x$ " * 1000,
        "$\\frac{" * 400,
        "\n".join("    " * depth + "- x" for depth in range(60)),
        "e\u0301" * 3000,
        "\u202e" * 1000,
    ],
    ids=range(19),
)
def test_pathological_texts(typesetter: Typesetter, text: str) -> None:
    begin = time.process_time()
    with suppress(TooLong):
        typesetter.pictures(job(text, width=600))
    assert time.process_time() - begin < 20


async def test_too_much_is_refused_at_once() -> None:
    renderer = TypstRenderer(RenderRules(characters=100))
    with pytest.raises(RenderError, match="too many"):
        await renderer.pictures("x" * 101, Look())
    assert renderer.workers == 0
