"""Others that make pictures of the same Markdown: headless Chromium, and wkhtmltoimage where it is installed.

They are given finished HTML, styled as the hub's style `light`, and the fonts of the hub. Chromium is driven by
Playwright, in three ways: ``warm`` puts each reply into one page that stays, and takes its picture; ``page`` opens a
page for each picture and closes it, as bots do; ``idle`` waits, besides, until the network is idle for Playwright's
500 ms, which is the default of nonebot-plugin-htmlrender.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from markdown_it import MarkdownIt
from playwright.async_api import Browser, Page, async_playwright

import hubbub.rendering
from hubbub.rendering.renderer import RenderRules

NAMES = ("chromium", "chromium-browser", "google-chrome")
RULES = RenderRules()
STYLE = """
@font-face { font-family: Emoji; src: local("Twemoji Mozilla"); unicode-range: U+1F300-1FAFF, U+2600-27BF, U+FE0F }
body { margin: 0; padding: 16px; background: #eef1f5; color: #1f2933;
       font: 16px/1.42 Emoji, 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif }
.card { padding: 24px; background: #fff; border: 1px solid #d9e0e8; border-radius: 13px; overflow-wrap: anywhere }
.card > :first-child { margin-top: 0 } .card > :last-child { margin-bottom: 0 } p, ul, pre, table { margin: 13px 0 }
pre { padding: 10px 13px; background: #f4f6f9; border: 1px solid #d9e0e8; border-radius: 8px; white-space: pre-wrap }
code { font: 11px/1.4 Emoji, 'DejaVu Sans Mono', 'Noto Sans CJK SC', monospace } ul { padding-left: 22px }
table { border-collapse: collapse; font-size: 15px } td, th { padding: 5px 8px; border: 1px solid #d9e0e8 }
tr:nth-child(even) td { background: #f8fafc } th { background: #eef2f7 }
"""
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>{folders}<cachedir>{cache}</cachedir></fontconfig>"""

Way = Literal["warm", "page", "idle"]
Make = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Peer:
    """``make`` makes a PNG of HTML; ``processor`` is the seconds of processor that its processes used so far."""

    make: Make
    processor: Callable[[], float]


def html(markdown: str) -> str:
    """A whole page of the same text; its code is not coloured, so a browser has a little less to do."""
    body = f'<div class="card">{PARSER.render(markdown)}</div>'
    return f'<!doctype html><html lang="zh"><meta charset="utf-8"><style>{STYLE}</style><body>{body}'


def installed() -> str | None:
    """The path of a Chromium."""
    return os.environ.get("HUBBUB_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def chromium(program: str, way: Way) -> AsyncIterator[Peer]:
    """A started browser."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FONTCONFIG_FILE": await asyncio.to_thread(_fonts, Path(folder))}
        async with async_playwright() as playwright:
            before = set(psutil.Process().children(recursive=True))
            browser = await playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"], env=dict(environment)
            )
            ours = [each for each in psutil.Process().children(recursive=True) if each not in before]
            page = await _page(browser) if way == "warm" else None

            async def make(content: str) -> bytes:
                if page is not None:
                    await page.set_content(content)
                    return await page.screenshot(full_page=True)
                fresh = await _page(browser)
                await fresh.set_content(content, wait_until="networkidle" if way == "idle" else "load")
                found = await fresh.screenshot(full_page=True)
                await fresh.close()
                return found

            yield Peer(make, lambda: used(ours[0]))
            await browser.close()


@asynccontextmanager
async def wkhtmltoimage(program: str) -> AsyncIterator[Peer]:
    """A process for each picture: it has no other way."""

    async def make(content: str) -> bytes:
        words = ("--quiet", "--format", "png", "--width", str(RULES.width), "--zoom", "1", "-", "-")
        process = await asyncio.create_subprocess_exec(
            program, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return (await process.communicate(content.encode()))[0]

    def processor() -> float:
        times = os.times()
        return times.children_user + times.children_system

    yield Peer(make, processor)


async def _page(browser: Browser) -> Page:
    return await browser.new_page(viewport={"width": RULES.width, "height": 100}, device_scale_factor=RULES.scale)


def used(process: psutil.Process) -> float:
    """Seconds of processor of a process and all below it, those that have ended too."""
    found = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            found += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return found


def _fonts(folder: Path) -> str:
    """A configuration that knows the hub's fonts and no others."""
    own = Path(next(iter(hubbub.rendering.__path__))) / "fonts"
    spec = importlib.util.find_spec("manimgx_fonts_cjk")
    asian = [Path(spec.origin).parent] if spec and spec.origin else []
    mono = Path("/usr/share/fonts/truetype/dejavu")
    folders = "".join(f"<dir>{each}</dir>" for each in (own, *asian, mono))
    file = folder / "fonts.conf"
    file.write_text(FONTS.format(folders=folders, cache=folder / "cache"), encoding="utf-8")
    return str(file)
