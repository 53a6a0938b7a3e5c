"""Build the documents as a site: `python tools/site.py` in the repository writes build/site.

The pages keep their places (README.md above docs/), so that links between them are right in both.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "tools" / "site.css"
PAGES = ("*.md", "docs/**/*.md", "src/**/*.md")
# The order of the menu; what is not named here comes under "More" by itself.
MENU = (
    ("Start", ("README.md", "README.zh.md")),
    (
        "Running",
        (
            "docs/running.md",
            "docs/hosting*.md",
            "docs/updating.md",
            "docs/deploy/*.md",
            "docs/scale.md",
            "docs/troubleshooting.md",
            "docs/settings.md",
            "docs/cli.md",
        ),
    ),
    (
        "Using",
        (
            "docs/pages.md",
            "docs/commands.md",
            "docs/answering.md",
            "docs/streaming.md",
            "docs/rooms*.md",
            "docs/rendering.md",
            "docs/tools.md",
            "docs/userdata.md",
            "docs/people.md",
            "docs/variables.md",
            "docs/repeater*.md",
            "src/hubbub/api/*/README.md",
        ),
    ),
    ("Platforms", ("docs/onebot.md", "docs/wechat*.md", "docs/wecom*.md", "src/hubbub/platforms/*/README*.md")),
    ("Models", ("src/hubbub/providers/*/README.md",)),
    ("Inside", ("ARCHITECTURE.md", "docs/promises.md", "docs/faults.md", "docs/benchmarks.md")),
    (
        "Developing",
        (
            "CONTRIBUTING.md",
            "docs/decisions/*.md",
            "CHANGELOG.md",
            "src/hubbub/console/*/README.md",
            "src/hubbub/rendering/*/README.md",
        ),
    ),
)
_LINK = re.compile(r"\]\(([^)\s#]+)")


def pages() -> list[Path]:
    """All documents, by their places in the repository."""
    return sorted(path.relative_to(ROOT) for pattern in PAGES for path in ROOT.glob(pattern))


def menu(known: Iterable[Path]) -> list[dict[str, list[str]]]:
    """The menu: every page once."""
    left = dict.fromkeys(known)
    made = []
    for title, patterns in MENU:
        found = [page for pattern in patterns for page in left if fnmatchcase(page.as_posix(), pattern)]
        made.append({title: [page.as_posix() for page in found]})
        for page in found:
            left.pop(page, None)
    return [*made, {"More": [page.as_posix() for page in left]}] if left else made


def linked(page: Path) -> Iterator[Path]:
    """Files of the repository that a page leads to or shows, and that are no pages."""
    for target in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        path = ((ROOT / page).parent / target).resolve()
        if path.is_file() and path.suffix != ".md" and path.is_relative_to(ROOT):
            yield path.relative_to(ROOT)


def gather(target: Path) -> list[Path]:
    """Copy the pages, and what they show, into a new folder."""
    shutil.rmtree(target, ignore_errors=True)
    known = pages()
    for path in {*known, *(each for page in known for each in linked(page))}:
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy)
    (target / SHEET.name).write_bytes(SHEET.read_bytes())
    return known


def main() -> None:
    """Ends with 1 when a link leads nowhere."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    known = gather(ROOT / "build" / "documents")
    config: Any = load_config(str(ROOT / "mkdocs.yml"), nav=menu(known))
    build(config)
    print(f"the site is in {ROOT / 'build' / 'site'}: open index.html")


if __name__ == "__main__":
    main()
