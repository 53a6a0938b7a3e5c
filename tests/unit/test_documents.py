"""Whatever documents show is there: commands and their options, make targets, routes, settings, files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer.main
from typer.core import TyperGroup

from hubbub.api.gobot.routes import PATH as GOBOT
from hubbub.api.native.wire import MessageIn
from hubbub.api.server import WebServer
from hubbub.api.services import ApiSettings
from hubbub.cli.commands import app
from hubbub.cli.outcome import Exit
from hubbub.cli.serve import parser
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from hubbub.settings import names, shapes
from hubbub.settings.loading import root_of
from hubbub.settings.plugins import built_in
from tests.fakes.doors import MemoryHub, services

if TYPE_CHECKING:
    from typer._click.core import Command

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")))
SETTINGS = root_of(built_in())
# What looks like a key of the settings and is a file.
FILES = re.compile(r"chat\.history|\w+\.(py|js)")
# Commands of other programs that documents may show; what they do is not ours to test.
OTHERS = {"chown", "cp", "docker", "echo", "git", "install", "journalctl", "mkdir", "ollama", "openssl", "python3"}
OTHERS |= {"systemctl", "ulimit", "useradd"}


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def shell_lines() -> Iterator[tuple[str, str]]:
    """Every command of every ```sh block, with the document that shows it."""
    for document in DOCUMENTS:
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", text_of(document), re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.strip().startswith("#"):
                    yield str(document.relative_to(ROOT)), line.strip()


def inline() -> Iterator[tuple[str, str]]:
    """Everything in `signs of code`, outside blocks."""
    for document in DOCUMENTS:
        prose = re.sub(r"^ *```.*?^ *```", "", text_of(document), flags=re.DOTALL | re.MULTILINE)
        name = str(document.relative_to(ROOT))
        yield from ((name, code) for code in re.findall(r"`([^`\n]+)`", prose))


@cache
def commands() -> TyperGroup:
    made = typer.main.get_command(app)
    assert isinstance(made, TyperGroup)
    return made


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))


def check_make(words: list[str]) -> None:
    words = words[2:] if words[0] == "-C" else words
    wanted = [word for word in words if "=" not in word]
    assert wanted
    assert set(wanted) <= targets()
    for word in words:
        if word.startswith("ARGS=") and wanted == ["run"]:
            check_hubbub(["run", *shlex.split(word[5:])])


def check_hubbub(words: list[str]) -> None:
    """The command is there, and knows its options; arguments in CAPITALS or <angles> stand for anything."""
    if words[:1] == ["run"]:
        if "--help" not in words:
            parser().parse_args(words[1:])
        return
    command: Command = commands()
    for position, word in enumerate(words):
        if not isinstance(command, TyperGroup):
            known = {option for parameter in command.params for option in (*parameter.opts, "--help", "-h")}
            assert {each.partition("=")[0] for each in words[position:] if each.startswith("--")} <= known
            return
        if word.startswith("-"):
            assert word in {option for parameter in command.params for option in (*parameter.opts, "--help", "-h")}
            return
        assert word in command.commands
        command = command.commands[word]


@cache
def routes() -> set[str]:
    hub = MemoryHub()
    given = services(hub, HttpPlatform(HttpSettings(), hub.host), ApiSettings())
    own = {path for _, path in WebServer(given)._router._exact}
    from hubbub.api.application import build_application

    built = build_application(given)
    return own | {"/docs", "/openapi.json", GOBOT} | set(built.openapi()["paths"])  # type: ignore[attr-defined]


def check_curl(words: list[str]) -> None:
    url = next(word for word in words if word.startswith("http"))
    path = re.sub(r"^https?://[^/]+", "", url).partition("?")[0]
    served = (re.sub(r"\{[^}]*\}", "[^/]+", route) for route in routes())
    assert any(re.fullmatch(route, path) for route in served), path
    if path == "/api/v1/messages":
        body = words[words.index("-d") + 1]
        MessageIn.model_validate(json.loads(body))


def check_variable(name: str) -> None:
    upper = name.upper()
    if upper.startswith("HUBBUB_") and upper not in names.RESERVED and not upper.startswith("HUBBUB_TEST_"):
        assert shapes.annotation_at(SETTINGS, names.path_of(upper)) is not None, f"no setting {name}"


@pytest.mark.parametrize(("document", "line"), sorted(set(shell_lines())))
def test_a_shown_command_is_there(document: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and (words[0] in ("export", "sudo", "-u") or re.match(r"^[A-Za-z_]+=", words[0])):
        if "=" in words[0]:
            check_variable(words[0].partition("=")[0])
        words = words[2 if words[0] == "-u" else 1 :]
    if not words:
        return
    program = Path(words[0]).name
    if program == "make":
        check_make(words[1:])
    elif program == "hubbub":
        check_hubbub(words[1:])
    elif program == "curl":
        check_curl(words)
    elif words[:4] == ["docker", "compose", "exec", "hubbub"]:
        assert words[4] == "hubbub"
        check_hubbub(words[5:])
    else:
        assert program in OTHERS, f"{document} shows a program that no test knows: {line}"


def test_shown_commands_are_found_at_all() -> None:
    shown = [line for _, line in shell_lines()]
    assert any(line.startswith("make run") for line in shown)
    assert any("curl" in line for line in shown)
    assert len(shown) > 10


def test_commands_in_the_prose_are_there() -> None:
    found = [code for _, code in inline() if re.match(r"(hubbub|make) [a-z]", code)]
    assert len(found) > 20
    for code in found:
        words = shlex.split(re.sub(r"\[[^]]*\]", "", code))
        (check_make if words[0] == "make" else check_hubbub)(words[1:])


def test_every_command_is_described() -> None:
    described = {code for name, code in inline() if name == "docs/cli.md"}

    def all_of(command: Command, path: str) -> Iterator[str]:
        if isinstance(command, TyperGroup):
            for name, inner in command.commands.items():
                yield from all_of(inner, f"{path} {name}")
        else:
            yield path

    missing = [
        path
        for path in all_of(commands(), "hubbub")
        if not any(f"{code} ".startswith(f"{path} ") for code in described)
    ]
    assert missing == []


def test_exit_codes_are_those_of_the_code() -> None:
    table = text_of(ROOT / "docs" / "cli.md").partition("## Exit codes")[2].partition("## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) ", table, re.MULTILINE)} == {code.value for code in Exit}


def test_variables_in_the_prose_are_settings() -> None:
    for _, code in inline():
        for name in re.findall(r"\bHUBBUB_[A-Z0-9_]*[A-Z0-9]\b", code):
            check_variable(name)


def test_keys_in_the_prose_are_settings() -> None:
    """`section.key`, where the section is one of ours."""
    sections = set(SETTINGS.model_fields) - {"commands"}  # modules have names like `commands.basics`
    for name, code in inline():
        if (
            re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code)
            and not FILES.fullmatch(code)
            and code.partition(".")[0] in sections
        ):
            assert shapes.annotation_at(SETTINGS, tuple(code.split("."))) is not None, f"{name}: no setting {code}"


def test_routes_in_the_prose_are_served() -> None:
    shown = {
        code.partition("?")[0]
        for name, code in inline()
        if code.startswith("/") and name in ("README.md", "docs/cli.md")
    }
    paths = {path for path in shown if re.match(r"/(api|healthz|readyz|metrics|docs|openapi)", path)}
    assert {"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"} <= paths
    assert paths <= routes()


def test_paths_in_the_prose_are_there() -> None:
    for name, code in inline():
        if re.fullmatch(r"(src|tests|docs|tools|requirements)/[\w./-]+", code):
            assert (ROOT / code).exists(), f"{name}: {code}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", text_of(document), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{document.name}: {target}"
        if anchor:
            heads = [re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in _heads(file)]
            assert anchor in heads, f"{document.name}: {target}"


def _heads(file: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", text_of(file), re.MULTILINE)


def test_both_languages_show_the_same() -> None:
    english, chinese = (text_of(ROOT / name) for name in ("README.md", "README.zh.md"))

    def shown(text: str) -> tuple[list[str], list[str], list[int]]:
        blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        links = re.findall(r"\]\(([^)]+)\)", text)
        heads = [len(signs) for signs in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)]
        return blocks, links, heads

    of_english, of_chinese = shown(english), shown(chinese)
    assert of_english[0] == of_chinese[0]
    assert [link.replace(".zh.", ".") for link in of_chinese[1][1:]] == of_english[1][1:]
    assert of_english[2] == of_chinese[2]
    codes = [
        set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))) for text in (english, chinese)
    ]
    assert codes[0] == codes[1]
