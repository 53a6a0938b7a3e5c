"""What runs a hub elsewhere fits the hub: service, image, compose file, Windows' scripts."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from hubbub.cli.commands import app
from hubbub.settings import names, shapes
from hubbub.settings.loading import root_of
from hubbub.settings.plugins import built_in

ROOT = Path(__file__).parents[2]
SETTINGS = root_of(built_in())


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def is_setting(variable: str) -> bool:
    return shapes.annotation_at(SETTINGS, names.path_of(variable)) is not None


def is_command(words: list[str]) -> bool:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands[words[0]]
    options = {option for parameter in command.params for option in parameter.opts}
    return {word for word in words[1:] if word.startswith("-")} <= options


# --- the service of systemd ---


def service() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text_of("deploy/hubbub.service"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_service(tmp_path: Path) -> None:
    unit = tmp_path / "hubbub.service"
    # Only a program that is there can be checked.
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable} -m hubbub", text_of("deploy/hubbub.service"), flags=re.M)
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_runs_the_hub_with_settings_that_there_are() -> None:
    found = service()
    (start,) = found["ExecStart"]
    assert is_command(shlex.split(start)[1:])
    variables = [line.partition("=")[0] for line in found["Environment"]]
    assert all(is_setting(name) for name in variables if name.startswith("HUBBUB_"))
    assert "HUBBUB_DATA_DIR" in variables
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["User"] == ["hubbub"]


# --- the image ---


def stages() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions in order."""
    joined = text_of("Dockerfile").replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def copied() -> Iterator[list[str]]:
    """What is copied from the repository, and where to."""
    yield from (shlex.split(rest) for word, rest in stages() if word == "COPY" and not rest.startswith("--from"))


def test_the_image_is_made_of_what_docker_is_given() -> None:
    given = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    wanted = {source for *sources, _ in copied() for source in sources}
    for source in wanted:
        path = source.rstrip("/")
        assert (ROOT / path).exists(), path
        inside = {each for each in given if each == path or each.startswith(f"{path}/")}
        assert inside, f"{path} is left out by .dockerignore"
    build = text_of("pyproject.toml")
    assert {"README.md", "LICENSE"} <= wanted or "readme" not in build


def test_the_image_serves_as_nobody_important_and_says_whether_it_is_well() -> None:
    last = list(stages())
    last = last[max(place for place, (word, _) in enumerate(last) if word == "FROM") :]
    found = dict(last)
    assert "-slim" in found["FROM"]
    assert found["USER"] == "hubbub"
    order = [word for word, _ in last]
    assert order.index("USER") < order.index("CMD")
    assert is_command(yaml.safe_load(found["CMD"])[1:])
    check = yaml.safe_load(found["HEALTHCHECK"].partition("CMD ")[2])
    assert check[0] == "hubbub"
    assert is_command(check[1:])
    variables = re.findall(r"\b(HUBBUB_\w+)=", found["ENV"])
    assert variables
    assert all(map(is_setting, variables))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_steps_of_the_image_work_in_an_empty_folder(tmp_path: Path) -> None:
    """Without Docker: every COPY and RUN of the first stage, in order, in a folder of its own."""
    place = tmp_path / "app"
    place.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "PYTHON"))}
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    environ["PATH"] = f"{bin_folder}{os.pathsep}{environ['PATH']}"
    done_stages = 0
    for word, rest in stages():
        done_stages += word == "FROM"
        if done_stages > 1:
            break
        if word == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                _copy(ROOT / source, place / target if target != "./" else place)
        elif word == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=place, env=environ, check=True, timeout=800)
    hubbub = place / ".venv" / "bin" / "hubbub"
    shutil.rmtree(place / "src")  # the image has the package only
    told = subprocess.run([hubbub, "--version"], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path)
    assert told.stdout.startswith("hubbub ")
    assert subprocess.run([hubbub, "doctor", "--alive"], cwd=tmp_path, timeout=60, check=False).returncode == 1


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


# --- the compose file ---


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(text_of("docker-compose.yaml"))["services"]
    return services


def test_compose_keeps_the_data_outside_and_lends_no_rights() -> None:
    hub = compose()["hubbub"]
    assert "./data:/app/data" in hub["volumes"]
    assert all(is_setting(name) for name in hub["environment"])
    assert ":?" in hub["environment"]["HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN"]  # no default secret
    for each in compose().values():
        assert "no-new-privileges:true" in each["security_opt"]
        assert all(str(port).startswith("127.0.0.1:") for port in each["ports"])
        assert not {"privileged", "network_mode", "pid"} & set(each)


def test_what_compose_uses_is_not_committed() -> None:
    ignored = text_of(".gitignore").splitlines()
    assert {"/data/", ".env", "/napcat/"} <= set(ignored)


# --- Windows ---


@pytest.mark.parametrize("name", ["setup.bat", "run.bat"])
def test_scripts_of_windows_name_what_is_there(name: str) -> None:
    """They cannot run here; this much can be held."""
    raw = (ROOT / name).read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")
    text = raw.decode("ascii")
    for path in re.findall(r"requirements\\[\w.]+|\w+\.bat", text):
        assert (ROOT / path.replace("\\", "/")).is_file(), path
    for words in re.findall(r"Scripts\\hubbub (\w+)", text):
        assert is_command([words])
