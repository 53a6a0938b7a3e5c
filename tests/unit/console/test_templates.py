"""Templates say nothing of their own, and need nothing that is not there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hubbub.console
from hubbub.api.callers import SCOPES
from hubbub.console.assets import Assets
from hubbub.console.paths import PATHS
from hubbub.words.say import CATALOGUES

FOLDER = Path(hubbub.console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
# Names and examples that are the same in every language.
NAMES = {"Hubbub", "hubbub", "OPENAI_API_KEY", "DEEPSEEK_API_KEY", "ollama", "pull", "qwen3", "models"}
SPOKEN = ("placeholder", "title", "alt", "aria-label")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_words_outside_the_catalogues(path: Path) -> None:
    text = re.sub(
        r"\{% block kind %\}.*?\{% endblock %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
        "",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    for attribute in SPOKEN:
        assert not re.search(rf'\s{attribute}="[^"]*[A-Za-z]', text), attribute
    words = set(re.findall(r"[A-Za-z_]\w+", re.sub(r"<[^>]*>|&\w+;", " ", text)))
    assert words <= NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_sentence_is_in_the_catalogues(path: Path) -> None:
    named = set(
        re.findall(r"""["']((?:page|console|error|duration)\.[a-z_.]+)["']""", path.read_text(encoding="utf-8"))
    )
    assert named <= set(CATALOGUES["en"])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_nothing_is_marked_as_safe_but_what_a_writer_made(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|hx-on|\sstyle=|\son\w+=", text)
    assert set(re.findall(r"([\w.]+) \| html", text)) <= {
        "answer",
        "answer.html",
        "answer.reasoning",
        "each.note",
        "guidance",
    }


def test_scripts_say_nothing_and_load_nothing() -> None:
    for name in ("chat.js", "owner.js"):
        text = (FOLDER / "static" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|\beval\(|new Function|insertAdjacentHTML|document\.write|import\(", text), name


def test_every_asset_that_a_template_names_is_there() -> None:
    assets = Assets()
    for path in TEMPLATES:
        for name in re.findall(r"asset\('([^']+)'\)", path.read_text(encoding="utf-8")):
            assert assets.address(name).startswith(f"/assets/{name}?v=")


def test_what_is_taken_from_others_says_so() -> None:
    note = (FOLDER / "static" / "README.md").read_text(encoding="utf-8")
    for path in (FOLDER / "static").iterdir():
        assert path.name in note or path.name == "README.md"


def test_the_console_costs_nothing_at_the_start() -> None:
    code = (
        "import sys, hubbub.console;"
        "heavy = ('jinja2', 'markdown_it', 'latex2mathml', 'starlette', 'markupsafe');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "[]\n"


def test_paths_are_named_once() -> None:
    assert len(set(PATHS)) == len(PATHS)


def test_every_scope_of_a_token_is_explained() -> None:
    explained = {key.removeprefix("scope.") for key in CATALOGUES["en"] if key.startswith("scope.")}
    assert explained == set(SCOPES) - {"*"}
