"""The documents become a site whose every link leads somewhere, and that loads nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is written into the repository."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "tools", "deploy"):
        shutil.copytree(ROOT / name, folder / name)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("src/**/*.md"), ROOT / "mkdocs.yml", ROOT / "LICENSE"):
        (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.relative_to(ROOT))
    done = subprocess.run(
        [sys.executable, "tools/site.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "build" / "site"


def test_every_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))]
    for document in documents:
        name = "index.html" if document.stem == "README" else f"{document.stem}.html"
        assert (site / document.parent / name).is_file(), document
    assert (site / "docs" / "pictures" / "road.svg").is_file()


def test_every_page_is_in_the_menu(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {"index.html", "404.html"}
    linked = set(re.findall(r'href="([^"#:]+)"', start))
    assert pages <= linked


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]+src="([^"]+)"', text)
        loaded += re.findall(r'<link[^>]+href="([^"]+)"', text)
        assert loaded
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import ['\"](https?:)?//", sheet.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["road.svg", "road.zh.svg"])
def test_the_picture_is_for_light_and_dark_and_loads_nothing(name: str) -> None:
    text = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert "<title" in text
    assert not re.search(r"<script|<image|href=|@import|url\((?!#)", text)
    assert len(text) < 10_000
